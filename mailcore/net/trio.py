"""IMAP and SMTP on Trio: what an embedder starts in a nursery.

Each ``serve_…`` runs until it is cancelled or its door is drained, and reports the
:class:`mailcore.net.Door`, which knows its addresses::

    door = await nursery.start(partial(serve_imap, backend, port=1993, tls=context))
    ...
    await door.drain("Server shutting down", grace=10)
"""

from __future__ import annotations

import socket as stdlib_socket
from collections.abc import Collection
from pathlib import Path
from typing import Final

import trio

from mailcore.backend import Backend, Receives
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions
from mailcore.net.binding import Listener, listen, listen_unix, take_over
from mailcore.net.clients import Clients
from mailcore.net.doors import TLS, imap_door, smtp_door
from mailcore.net.listener import Door
from mailcore.net.trio_loop import TRIO
from mailcore.smtp.session import Listener as Habits
from mailcore.smtp.session.listener import ORDINARY

_CLIENTS: Final = Clients(TRIO)
connect_imap = _CLIENTS.connect_imap
connect_smtp = _CLIENTS.connect_smtp
send_mail = _CLIENTS.send_mail


async def bind(host: str, port: int) -> list[Listener]:
    """Listen on every address of a name, with one and the same port.

    Arguments:
        host: a name or address; ``""`` or ``"*"`` for all interfaces.
        port: 0 for any free one.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    return await listen(TRIO, host, port)


def bind_unix(path: Path, mode: int = 0o660) -> Listener:
    """Listen on a unix socket; one that nobody listens on any more is replaced.

    Arguments:
        path: of the socket; its directory must exist.
        mode: who may connect, as of a file.

    Raises:
        OSError: somebody listens there, or something else than a socket is there.
    """
    return listen_unix(TRIO, path, mode)


def adopt(sock: stdlib_socket.socket) -> Listener:
    """Listen on a socket that whoever started this process has opened, and keeps."""
    return take_over(TRIO, sock)


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
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve IMAP (RFC 9051, RFC 3501), with TLS from the start (RFC 8314 §3.2).

    Arguments:
        backend: whose mail it is.
        tls: the context, or a function that gives it for each connection; None for no encryption
            at first, with ``starttls`` or for tests.
        starttls: offer STARTTLS with this (RFC 9051 §6.2.1); nobody logs in before it.
        disabled: capabilities that are neither advertised nor served, as CAPABILITY spells them.
        proxies: addresses and networks whose connections begin with a header of the PROXY protocol.
        host: address to listen on; ``*`` for all.
        port: 0 for any free one.
        limits: bounds on what peers may do.
        live: where its connections are to be seen while they live.

    Raises:
        OSError: can not listen there.
    """
    door = imap_door(
        backend,
        await bind(host, port),
        tls=tls,
        starttls=starttls,
        disabled=disabled,
        proxies=proxies,
        limits=limits,
        live=live,
    )
    await door.run(task_status=task_status)


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
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Serve message submission (RFC 6409), with TLS from the start (RFC 8314 §3.3).

    Arguments:
        backend: its accounts must be :class:`mailcore.backend.Submits`.
        starttls: offer STARTTLS with this, if ``tls`` is None; nobody logs in before.
        hostname: what the server calls itself.
        listener: its quirks, what it does without, whom it trusts, and its proxies.

    The others are as for :func:`serve_imap`.
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
    await door.run(task_status=task_status)


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
    task_status: trio.TaskStatus[Door] = trio.TASK_STATUS_IGNORED,
) -> None:
    """Take mail from strangers (RFC 5321), or from a mail server of one's own (LMTP, RFC 2033).

    Arguments:
        starttls: a context, or a function that gives it; None to not offer STARTTLS.
        lmtp: speak LMTP.
        listener: its quirks, what it does without, whom it trusts, and its proxies.

    The others are as for :func:`serve_smtp`.
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
    await door.run(task_status=task_status)
