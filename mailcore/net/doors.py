"""Doors for IMAP, SMTP and any other kind of session: TLS first or not, a session a connection."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Collection, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Final, Literal

from mailcore.backend import Backend, Delivery, Peer, Receives
from mailcore.flow import Session
from mailcore.imap.session import Session as ImapSession
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions
from mailcore.net.binding import Listener
from mailcore.net.driver import drive, handshake
from mailcore.net.listener import Admission, Connection, Door, DoorName, Handler
from mailcore.net.stream import Stream
from mailcore.observer import Observable
from mailcore.smtp.session import Listener as Habits
from mailcore.smtp.session import Session as SmtpSession
from mailcore.smtp.session.listener import ORDINARY

#: Gives the context of the next handshake: a function, so that a new certificate needs no restart.
TLSSource = Callable[[], ssl.SSLContext]

TLS = ssl.SSLContext | TLSSource | None

_now: Final = partial(datetime.now, UTC)

#: Seconds that a refusal may take, handshake included.
_REFUSAL_TIME: Final = 5.0

_FULL: Final[dict[DoorName, bytes]] = {
    "imap": b"* BYE Too many connections; try again later\r\n",
    "smtp": b"421 4.7.0 Too many connections; try again later\r\n",
    "lmtp": b"421 4.7.0 Too many connections; try again later\r\n",
    "http": b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
}


def session_door(
    protocol: DoorName,
    listeners: Sequence[Listener],
    new_session: Callable[[Peer], Session],
    *,
    implicit_tls: TLSSource | None = None,
    starttls: TLSSource | None = None,
    limits: Limits = DEFAULT_LIMITS,
    admission: Admission | None = None,
    proxies: Iterable[str] = (),
    live: LiveSessions | None = None,
    name: str = "",
) -> Door:
    """Make a door whose connections are served by sessions.

    Arguments:
        protocol: what the sessions speak.
        listeners: of :func:`mailcore.net.bind`.
        new_session: makes one for each connection.
        implicit_tls: for a TLS handshake before anything else (RFC 8314 §3).
        starttls: for sessions that offer STARTTLS.
        limits: of connections, handshakes and slow readers.
        admission: counts to share with other doors: of connections, and of wrong passwords.
        proxies: addresses and networks whose connections begin with a header of the PROXY protocol,
            and "unix" for those of a unix socket.
        live: where connections are to be seen while they live.
        name: of the door, there; the protocol's if it has none.
    """
    admission = admission or Admission(limits)

    async def serve(connection: Connection) -> None:
        stream = Stream(connection.socket, connection.loop)
        try:
            if implicit_tls is not None:
                await handshake(stream, implicit_tls, limits)
            peer = connection.peer
            if stream.tls is not None:
                peer = replace(peer, channel=stream.channel)
            session = new_session(peer)
            scope = connection.loop.scope()

            def say_goodbye(reason: str) -> None:
                session.shut_down(reason)
                session.wake()

            told = False

            def send_away(reason: str) -> None:
                nonlocal told
                if told:  # and does not listen
                    scope.deadline = connection.loop.current_time()
                told = True
                say_goodbye(reason)

            session.wake = _nobody_waits
            connection.on_shut_down = say_goodbye
            if connection.closing.is_set():
                session.shut_down("Server shutting down")
            failed = partial(admission.login_failed, connection.peer.host)
            watched: AbstractContextManager[object] = nullcontext()
            if live is not None and isinstance(session, Observable):
                watched = live.watch(connection.number, name or protocol, peer, session, send_away)
            with watched, scope:
                await drive(session, stream, limits=limits, tls=starttls, login_failed=failed)
        finally:
            await stream.aclose()

    return Door(
        protocol,
        listeners,
        serve,
        refuse=refusal(protocol, implicit_tls),
        tls=implicit_tls is not None,
        limits=limits,
        admission=admission,
        proxies=proxies,
    )


def imap_door(
    backend: Backend,
    listeners: Sequence[Listener],
    *,
    tls: TLS,
    starttls: TLS = None,
    disabled: Collection[str] = (),
    proxies: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    admission: Admission | None = None,
    live: LiveSessions | None = None,
    name: str = "",
) -> Door:
    """Make a door for IMAP (RFC 9051, RFC 3501) on bound sockets.

    Arguments:
        backend: whose mail it is.
        listeners: of ``bind``.
        tls: for TLS from the start (RFC 8314 §3.2): the context, or a function that gives it for
            each connection; None for no encryption at first, with ``starttls`` or for tests.
        starttls: offer STARTTLS with this (RFC 9051 §6.2.1); nobody logs in before it.
        disabled: capabilities that are neither advertised nor served, as CAPABILITY spells them.
        proxies: addresses and networks whose connections begin with a header of the PROXY protocol.
        limits: bounds on what peers may do.
        admission: counts to share with other doors.
        live: where its connections are to be seen while they live.
        name: of the door, there; "imap" if it has none.
    """
    upgrade = tls_source(starttls)
    return session_door(
        "imap",
        listeners,
        imap_sessions(backend, starttls=upgrade is not None, disabled=disabled, limits=limits),
        implicit_tls=tls_source(tls),
        starttls=upgrade,
        limits=limits,
        admission=admission,
        proxies=proxies,
        live=live,
        name=name,
    )


def smtp_door(
    backend: Backend | Receives,
    listeners: Sequence[Listener],
    *,
    mode: Literal["submission", "mx", "lmtp"],
    hostname: str,
    tls: TLS = None,
    starttls: TLS = None,
    listener: Habits = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    admission: Admission | None = None,
    live: LiveSessions | None = None,
    name: str = "",
) -> Door:
    """Make a door for SMTP or LMTP on bound sockets.

    Arguments:
        mode: who comes in by it, see :data:`mailcore.smtp.session.Mode`.
        starttls: offer STARTTLS with this; nobody logs in before.
        hostname: what the server calls itself.
        listener: its quirks, what it does without, whom it trusts, and its proxies.
        name: of the door where its connections are seen; its mode if it has none.

    The others are as for :func:`imap_door`.
    """
    upgrade = tls_source(starttls)
    new_session = smtp_sessions(
        backend,
        mode=mode,
        hostname=hostname,
        starttls=upgrade is not None,
        listener=listener,
        limits=limits,
    )
    return session_door(
        "lmtp" if mode == "lmtp" else "smtp",
        listeners,
        new_session,
        implicit_tls=tls_source(tls),
        starttls=upgrade,
        limits=limits,
        admission=admission,
        proxies=listener.proxy_protocol,
        live=live,
        name=name or mode,
    )


def imap_sessions(
    backend: Backend,
    *,
    starttls: bool,
    disabled: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    clock: Callable[[], float] = monotonic,
    now: Callable[[], datetime] = _now,
) -> Callable[[Peer], Session]:
    """Make what makes a session for each connection of :func:`imap_door`."""

    def new_session(peer: Peer) -> Session:
        return ImapSession(
            backend,
            peer,
            limits=limits,
            start_tls=starttls,
            clock=clock,
            now=now,
            disabled=disabled,
        )

    return new_session


def smtp_sessions(
    backend: Backend | Receives,
    *,
    mode: Literal["submission", "mx", "lmtp"],
    hostname: str,
    starttls: bool,
    listener: Habits = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    through: Callable[[Delivery], Delivery] | None = None,
) -> Callable[[Peer], Session]:
    """Make what makes a session for each connection of :func:`smtp_door`.

    Arguments:
        through: see :class:`mailcore.smtp.session.Session`.
    """

    quirks = listener.allowed  # the same for all of them

    def new_session(peer: Peer) -> Session:
        return SmtpSession(
            backend,
            peer,
            hostname=hostname,
            limits=limits,
            mode=mode,
            starttls=starttls,
            quirks=quirks,
            disabled=listener.disable,
            trusted=listener.trusts(peer.host),
            through=through,
        )

    return new_session


def refusal(protocol: DoorName, implicit_tls: TLSSource | None = None) -> Handler:
    """Make the handler that tells a client in its own protocol that the server is full."""

    async def refuse(connection: Connection) -> None:
        stream = Stream(connection.socket, connection.loop)
        with connection.loop.scope(connection.loop.current_time() + _REFUSAL_TIME):
            if implicit_tls is not None:
                await stream.start_tls(implicit_tls())
            await stream.send(_FULL[protocol])
            await stream.aclose()

    return refuse


def tls_source(tls: ssl.SSLContext | TLSSource | None) -> TLSSource | None:
    """Make a source of whatever an embedder gave."""
    if tls is None or not isinstance(tls, ssl.SSLContext):
        return tls
    return lambda: tls


def _nobody_waits() -> None:
    """What ``wake`` is until the driver sets it."""
