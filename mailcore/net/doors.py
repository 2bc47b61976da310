"""A door for any kind of session: TLS first or not, one session for each connection."""

from __future__ import annotations

import ssl
from collections.abc import Callable, Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Final

import trio

from mailcore.backend import Peer
from mailcore.flow import Session
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions
from mailcore.net.driver import drive, handshake
from mailcore.net.listener import Admission, Connection, Door, DoorName, Handler
from mailcore.net.stream import Stream
from mailcore.observer import Observable

#: Gives the context of the next handshake: a function, so that a new certificate needs no restart.
TLSSource = Callable[[], ssl.SSLContext]

#: Seconds that a refusal may take, handshake included.
_REFUSAL_TIME: Final = 5.0
#: Seconds that a client which is sent away has to hear it.
_FAREWELL_TIME: Final = 5.0

_FULL: Final[dict[DoorName, bytes]] = {
    "imap": b"* BYE Too many connections; try again later\r\n",
    "smtp": b"421 4.7.0 Too many connections; try again later\r\n",
    "lmtp": b"421 4.7.0 Too many connections; try again later\r\n",
    "http": b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
}


def session_door(
    protocol: DoorName,
    listeners: Sequence[trio.SocketListener],
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
        stream = Stream(connection.socket)
        try:
            if implicit_tls is not None:
                await handshake(stream, implicit_tls, limits)
            peer = replace(connection.peer, channel=stream.channel)
            session = new_session(peer)
            scope = trio.CancelScope()

            def say_goodbye(reason: str) -> None:
                session.shut_down(reason)
                session.wake()

            def send_away(reason: str) -> None:
                say_goodbye(reason)
                scope.deadline = trio.current_time() + _FAREWELL_TIME

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


def refusal(protocol: DoorName, implicit_tls: TLSSource | None = None) -> Handler:
    """Make the handler that tells a client in its own protocol that the server is full."""

    async def refuse(connection: Connection) -> None:
        stream = Stream(connection.socket)
        with trio.move_on_after(_REFUSAL_TIME):
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
