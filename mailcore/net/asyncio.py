"""IMAP and SMTP on asyncio, with nothing but the standard library.

Each ``serve_…`` is open while its block runs, and is drained at its end::

    async with serve_imap(backend, port=1993, tls=context) as door:
        print(door.addresses)
        await asyncio.Event().wait()

Several doors that share their limits are made one by one, as :mod:`mailcore.net` has them::

    door = imap_door(backend, await bind("*", 993), tls=context, admission=admission)
    async with serving(door): ...

Clients are made as in :mod:`mailcore.net`: ``connect_imap``, ``connect_smtp``, ``send_mail``.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from mailcore.backend import Backend, Receives
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions
from mailcore.net.asyncio_loop import ASYNCIO
from mailcore.net.binding import Listener, listen, listen_unix
from mailcore.net.clients import Clients
from mailcore.net.doors import TLS, imap_door, smtp_door
from mailcore.net.listener import Door
from mailcore.smtp.session import Listener as Habits
from mailcore.smtp.session.listener import ORDINARY

GOODBYE: Final = "Server shutting down"
#: Seconds that connections have to end by themselves when their door is drained.
GRACE: Final = 5.0

_CLIENTS: Final = Clients(ASYNCIO)
connect_imap = _CLIENTS.connect_imap
connect_smtp = _CLIENTS.connect_smtp
send_mail = _CLIENTS.send_mail


async def bind(host: str, port: int) -> list[Listener]:
    """Listen on every address of a name, as :func:`mailcore.net.bind`.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    return await listen(ASYNCIO, host, port)


def bind_unix(path: Path, mode: int = 0o660) -> Listener:
    """Listen on a unix socket, as :func:`mailcore.net.bind_unix`; call it in the running loop.

    Raises:
        OSError: somebody listens there, or something else than a socket is there.
    """
    return listen_unix(ASYNCIO, path, mode)


@asynccontextmanager
async def serving(
    door: Door, *, reason: str = GOODBYE, grace: float = GRACE
) -> AsyncIterator[Door]:
    """Serve a door while the block runs; then accept no more, say goodbye to all and wait.

    Arguments:
        door: made in this loop.
        reason: one line for the clients that are still there.
        grace: seconds to wait for them; 0 cuts them off.
    """
    task = asyncio.create_task(door.run())
    try:
        yield door
    finally:
        await door.drain(reason, grace)
        await task


@asynccontextmanager
async def serve_imap(
    backend: Backend,
    *,
    tls: TLS,
    starttls: TLS = None,
    disabled: Collection[str] = (),
    proxies: Collection[str] = (),
    host: str = "127.0.0.1",
    port: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    live: LiveSessions | None = None,
    grace: float = GRACE,
) -> AsyncIterator[Door]:
    """Serve IMAP while the block runs; arguments as for :func:`mailcore.net.serve_imap`.

    Arguments:
        grace: seconds that connections have at the end of the block.

    Raises:
        OSError: can not listen there.
    """
    listeners = await bind(host, port)
    door = imap_door(
        backend,
        listeners,
        tls=tls,
        starttls=starttls,
        disabled=disabled,
        proxies=proxies,
        limits=limits,
        live=live,
    )
    async with serving(door, grace=grace):
        yield door


@asynccontextmanager
async def serve_smtp(
    backend: Backend,
    *,
    tls: TLS,
    starttls: TLS = None,
    hostname: str = "localhost",
    host: str = "127.0.0.1",
    port: int = 0,
    listener: Habits = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    live: LiveSessions | None = None,
    grace: float = GRACE,
) -> AsyncIterator[Door]:
    """Serve submission while the block runs; arguments as for :func:`mailcore.net.serve_smtp`.

    Arguments:
        grace: seconds that connections have at the end of the block.

    Raises:
        OSError: can not listen there.
    """
    door = smtp_door(
        backend,
        await bind(host, port),
        mode="submission",
        hostname=hostname,
        tls=tls,
        starttls=starttls,
        listener=listener,
        limits=limits,
        live=live,
    )
    async with serving(door, grace=grace):
        yield door


@asynccontextmanager
async def serve_mx(
    backend: Receives,
    *,
    starttls: TLS = None,
    lmtp: bool = False,
    hostname: str = "localhost",
    host: str = "127.0.0.1",
    port: int = 0,
    listener: Habits = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    live: LiveSessions | None = None,
    grace: float = GRACE,
) -> AsyncIterator[Door]:
    """Take mail while the block runs; arguments as for :func:`mailcore.net.serve_mx`.

    Arguments:
        grace: seconds that connections have at the end of the block.

    Raises:
        OSError: can not listen there.
    """
    door = smtp_door(
        backend,
        await bind(host, port),
        mode="lmtp" if lmtp else "mx",
        hostname=hostname,
        starttls=starttls,
        listener=listener,
        limits=limits,
        live=live,
    )
    async with serving(door, grace=grace):
        yield door
