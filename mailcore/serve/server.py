"""One run of the server, from locked data to drained doors."""

from __future__ import annotations

import logging
import os
import signal
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager, contextmanager
from dataclasses import fields
from functools import partial
from pathlib import Path
from typing import Final

import trio

from mailcore.backend import Backend, Receives
from mailcore.config import Configuration, Settings
from mailcore.live import LiveSessions
from mailcore.net import (
    Admission,
    Connection,
    Door,
    Listener,
    adopt,
    bind,
    bind_unix,
    imap_door,
    smtp_door,
)
from mailcore.net.binding import addresses, close
from mailcore.net.doors import refusal
from mailcore.net.trio_loop import TrioSocket
from mailcore.serve.banner import Ready
from mailcore.serve.lock import data_directory
from mailcore.serve.protocol import (
    Bootstraps,
    Context,
    Endpoint,
    Endpoints,
    FirstMinute,
    Provider,
    ServesHTTP,
)
from mailcore.serve.systemd import Notifier, inherited_sockets
from mailcore.serve.tls import ServerTLS

logger = logging.getLogger("mailcore.serve")

GOODBYE: Final = "Server shutting down"
_DAY: Final = 24 * 60 * 60.0
_EVERY_ADDRESS: Final = frozenset({"", "*", "0.0.0.0", "::"})

Listeners = list[Listener]


class StartupError(Exception):
    """The server can not start. The text is one line for the operator."""


@contextmanager
def _startup(what: str = "") -> Iterator[None]:
    """Turn what the system or the operator got wrong into one line."""
    try:
        yield
    except Exception as error:
        cause: BaseException = error
        while isinstance(cause, BaseExceptionGroup) and len(cause.exceptions) == 1:
            cause = cause.exceptions[0]  # a nursery was around it
        if not isinstance(cause, OSError | ValueError):
            raise
        text = str(cause)
        if isinstance(cause, OSError) and cause.strerror:
            text = f"{cause.filename}: {cause.strerror}" if cause.filename else cause.strerror
        raise StartupError(f"{what}: {text}" if what else text) from error


async def serve(
    configuration: Configuration,
    provider: Provider,
    announce: Callable[[Ready], None],
    *,
    new_key: bool = False,
) -> None:
    """Serve until SIGTERM or SIGINT, then drain; a second signal cuts everything off.

    Arguments:
        configuration: what to serve and where.
        provider: of the backend.
        announce: called once, when every door is open.
        new_key: ask the backend for another key.

    Raises:
        StartupError: it can not start.
    """
    systemd = Notifier(os.environ)
    with trio.open_signal_receiver(signal.SIGTERM, signal.SIGINT, signal.SIGHUP) as signals:
        async with (
            _prepared(configuration, provider, new_key) as (doors, tls, ready),
            trio.open_nursery() as nursery,
        ):
            for door in doors:
                await nursery.start(door.run)
            announce(ready)
            systemd.ready()
            nursery.start_soon(_renew_daily, tls)
            await _until_told(signals, tls, systemd)
            systemd.stopping()
            nursery.start_soon(_cut_off_when_told_again, signals, nursery.cancel_scope)
            await _drain(doors, configuration.settings.grace)
            nursery.cancel_scope.cancel()


@asynccontextmanager
async def _prepared(
    configuration: Configuration, provider: Provider, new_key: bool
) -> AsyncIterator[tuple[list[Door], ServerTLS, Ready]]:
    """Lock, bind and open everything, in an order in which a failure leaves least behind."""
    settings = configuration.settings
    async with AsyncExitStack() as stack:
        with _startup():
            directory = stack.enter_context(_directory(settings))
        with _startup("certificate"):
            tls = ServerTLS(settings, directory, _names(settings))
        sockets = await stack.enter_async_context(_bound(settings))
        context = _context(configuration, sockets)
        with _startup(provider.title):
            backend = await stack.enter_async_context(provider.open(context))
        first_minute = FirstMinute()
        if isinstance(backend, Bootstraps):
            first_minute = await backend.bootstrap(new_key)
        doors = _doors(backend, sockets, tls, settings, context.live)
        endpoints = _endpoints(settings, sockets, only=doors)
        ready = Ready(provider.title, context.data, endpoints, tls.authority, first_minute)
        yield list(doors.values()), tls, ready


@contextmanager
def _directory(settings: Settings) -> Iterator[Path]:
    with ExitStack() as stack:
        if settings.memory:
            temporary = tempfile.TemporaryDirectory(prefix="mailcore-")
            yield Path(stack.enter_context(temporary))
        else:
            yield stack.enter_context(data_directory(settings.data.absolute()))


@asynccontextmanager
async def _bound(settings: Settings) -> AsyncIterator[dict[str, Listeners]]:
    """Bind every port before anything is stored, so that a taken one changes nothing.

    A door whose sockets systemd has opened needs no port, whatever is set.
    """
    sockets: dict[str, Listeners] = {}
    try:
        with _startup():
            sockets.update(_inherited())
        for name, port in ports(settings).items():
            if name in sockets:
                continue
            with _startup(f"cannot listen on {settings.host}:{port} ({flag_of(name)})"):
                sockets[name] = await bind(settings.host, port)
        if (path := settings.lmtp_socket) is not None:
            with _startup(f"cannot listen on {path} (--lmtp-socket)"):
                listener = bind_unix(path.absolute(), int(settings.lmtp_socket_mode, 8))
                sockets.setdefault("lmtp", []).append(listener)
        yield sockets
    finally:
        for listeners in sockets.values():
            close(listeners)


def _inherited() -> dict[str, Listeners]:
    found = inherited_sockets(os.environ)
    doors = [item.name for item in fields(Endpoints)]
    for name in found:
        if name not in doors:
            raise ValueError(
                f"systemd passes a socket named {name}: FileDescriptorName= is one of "
                + ", ".join(doors)
            )
    return {name: [adopt(sock) for sock in found[name]] for name in found}


def ports(settings: Settings) -> dict[str, int]:
    """Return the ports to listen on by the name of their door."""
    ports = {
        "imap": settings.imap_port,
        "smtp": settings.smtp_port,
        "mx": settings.mx_port,
        "http": settings.http_port,
        "submission": settings.submission_port,
        "lmtp": settings.lmtp_port,
        "imap_starttls": settings.imap_starttls_port,
    }
    return {name: port for name, port in ports.items() if port is not None}


def flag_of(door: str) -> str:
    """Return the flag that sets the port of a door."""
    return f"--{door.replace('_', '-')}-port"


def public_host(settings: Settings) -> str:
    """Return the name that clients are told."""
    if settings.public_host is not None:
        return settings.public_host
    return "localhost" if settings.host in _EVERY_ADDRESS else settings.host


def _names(settings: Settings) -> list[str]:
    names = [public_host(settings), settings.domain]
    if settings.host not in _EVERY_ADDRESS:
        names.append(settings.host)
    return names


def _endpoints(
    settings: Settings, sockets: dict[str, Listeners], *, only: dict[str, Door] | None = None
) -> Endpoints:
    host = public_host(settings)
    endpoints = {}
    for name, listeners in sockets.items():
        if only is None or name in only:
            address, port = addresses(listeners)[0]
            where = address if port == 0 else host
            endpoints[name] = Endpoint(where, port, name in ("imap", "smtp"))
    return Endpoints(**endpoints)


def _context(configuration: Configuration, sockets: dict[str, Listeners]) -> Context:
    settings = configuration.settings
    return Context(
        data=None if settings.memory else settings.data.absolute(),
        domain=settings.domain,
        endpoints=_endpoints(settings, sockets),
        limits=settings.limits,
        options=configuration.options,
        live=LiveSessions(settings.limits),
    )


def _doors(
    backend: Backend,
    sockets: dict[str, Listeners],
    tls: ServerTLS,
    settings: Settings,
    live: LiveSessions,
) -> dict[str, Door]:
    """Make the doors that the backend has something behind; the other sockets are closed."""
    limits, admission = settings.limits, Admission(settings.limits)
    imap = partial(imap_door, backend, limits=limits, admission=admission, live=live)
    smtp = partial(
        smtp_door,
        backend,
        hostname=settings.domain,
        limits=limits,
        admission=admission,
        live=live,
    )
    doors = {
        "imap": imap(
            sockets["imap"],
            tls=tls,
            disabled=settings.imap.disable,
            proxies=settings.imap.proxy_protocol,
        ),
        "smtp": smtp(
            sockets["smtp"], mode="submission", tls=tls, listener=settings.smtp, name="smtp"
        ),
    }
    if "imap_starttls" in sockets:
        doors["imap_starttls"] = imap(
            sockets["imap_starttls"],
            tls=None,
            starttls=tls,
            disabled=settings.imap_starttls.disable,
            proxies=settings.imap_starttls.proxy_protocol,
            name="imap_starttls",
        )
    if "submission" in sockets:
        doors["submission"] = smtp(
            sockets["submission"], mode="submission", starttls=tls, listener=settings.submission
        )
    if isinstance(backend, Receives):
        doors["mx"] = smtp(sockets["mx"], mode="mx", starttls=tls, listener=settings.mx)
        if "lmtp" in sockets:
            doors["lmtp"] = smtp(sockets["lmtp"], mode="lmtp", listener=settings.lmtp)
    else:
        close([*sockets["mx"], *sockets.get("lmtp", [])])
    if isinstance(backend, ServesHTTP):
        doors["http"] = _http_door(backend, sockets["http"], settings, admission)
    else:
        close(sockets["http"])
    return doors


def _http_door(
    backend: ServesHTTP, listeners: Listeners, settings: Settings, admission: Admission
) -> Door:
    async def handle(connection: Connection) -> None:
        socket, closing = connection.socket, connection.closing
        assert isinstance(socket, TrioSocket)  # HTTP is served on Trio only
        assert isinstance(closing, trio.Event)
        await backend.handle_http(trio.SocketStream(socket.detach()), connection.peer, closing)

    return Door(
        "http",
        listeners,
        handle,
        refuse=refusal("http"),
        limits=settings.limits,
        admission=admission,
    )


async def _until_told(signals: AsyncIterator[int], tls: ServerTLS, systemd: Notifier) -> None:
    async for number in signals:
        if number != signal.SIGHUP:
            logger.info("stopping: %s", signal.Signals(number).name)
            return
        systemd.reloading()
        tls.reload()
        systemd.ready()


async def _cut_off_when_told_again(signals: AsyncIterator[int], scope: trio.CancelScope) -> None:
    async for number in signals:
        if number != signal.SIGHUP:
            scope.cancel()
            return


async def _drain(doors: list[Door], grace: float) -> None:
    async with trio.open_nursery() as nursery:
        for door in doors:
            nursery.start_soon(door.drain, GOODBYE, grace)


async def _renew_daily(tls: ServerTLS) -> None:
    """A server that runs for a year needs a new certificate before its next start."""
    while True:
        await trio.sleep(_DAY)
        tls.reload()
