"""A server in a thread of its own, for programs and tests without an event loop."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial

import trio

from mailcore.backend import Backend, Receives
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.doors import imap_door, smtp_door
from mailcore.net.trio import bind


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where a running server listens, as (host, port)."""

    imap: tuple[str, int]
    smtp: tuple[str, int]
    mx: tuple[str, int] | None


@contextmanager
def running(
    backend: Backend,
    *,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    imap_port: int = 0,
    smtp_port: int = 0,
    mx_port: int = 0,
    hostname: str = "localhost",
    limits: Limits = DEFAULT_LIMITS,
) -> Iterator[Addresses]:
    """Serve a backend while the block runs; its methods are called in the server's thread.

    Arguments:
        backend: MX is served if it :class:`mailcore.backend.Receives`.
        tls: of the server; None for no encryption, which is for tests.
        host: address to listen on.
        imap_port, smtp_port, mx_port: 0 for any free one.
        hostname: what the SMTP server calls itself.
        limits: bounds on what peers may do.

    Raises:
        OSError: can not listen there.
    """
    ready: Future[tuple[Addresses, Callable[[], None]]] = Future()

    async def serve() -> None:
        imap = imap_door(backend, await bind(host, imap_port), tls=tls, limits=limits)
        door = partial(smtp_door, backend, hostname=hostname, limits=limits)
        smtp = door(await bind(host, smtp_port), mode="submission", tls=tls)
        mx = None
        if isinstance(backend, Receives):
            mx = door(await bind(host, mx_port), mode="mx", starttls=tls)
        token = trio.lowlevel.current_trio_token()
        async with trio.open_nursery() as nursery:
            for one in filter(None, (imap, smtp, mx)):
                await nursery.start(one.run)
            addresses = Addresses(
                imap.addresses[0], smtp.addresses[0], mx.addresses[0] if mx else None
            )
            stop = partial(token.run_sync_soon, nursery.cancel_scope.cancel)
            ready.set_result((addresses, stop))

    def run() -> None:
        try:
            trio.run(serve)
        except BaseException as error:
            if ready.done():
                raise
            ready.set_exception(error)

    thread = threading.Thread(target=run, name="mailcore")
    thread.start()
    addresses, stop = ready.result()
    try:
        yield addresses
    finally:
        with suppress(trio.RunFinishedError):
            stop()
        thread.join()
