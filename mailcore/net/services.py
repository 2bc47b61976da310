"""IMAP and SMTP on listening sockets: what an embedder starts in a nursery.

Each ``serve_…`` runs until it is cancelled or its door is drained, and reports the
:class:`mailcore.net.Door`, which knows its addresses::

    door = await nursery.start(partial(serve_imap, backend, port=1993, tls=context))
    ...
    await door.drain("Server shutting down", grace=10)
"""

from __future__ import annotations

import ssl
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from functools import partial
from time import monotonic
from typing import Literal

import trio

from mailcore.backend import Backend, Peer, Receives
from mailcore.flow import Session
from mailcore.imap.session import Session as ImapSession
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live import LiveSessions
from mailcore.net.doors import TLSSource, session_door, tls_source
from mailcore.net.listener import Admission, Door, bind
from mailcore.smtp.session import Listener
from mailcore.smtp.session import Session as SmtpSession
from mailcore.smtp.session.listener import ORDINARY

TLS = ssl.SSLContext | TLSSource | None


def imap_door(
    backend: Backend,
    listeners: Sequence[trio.SocketListener],
    *,
    tls: TLS,
    starttls: TLS = None,
    disabled: Collection[str] = (),
    proxies: Collection[str] = (),
    limits: Limits = DEFAULT_LIMITS,
    admission: Admission | None = None,
    live: LiveSessions | None = None,
) -> Door:
    """Make a door for IMAP on bound sockets; arguments as for :func:`serve_imap`.

    Arguments:
        admission: counts shared with other doors.
        live: where its connections are to be seen while they live.
    """
    upgrade = tls_source(starttls)

    def new_session(peer: Peer) -> Session:
        return ImapSession(
            backend,
            peer,
            limits=limits,
            start_tls=upgrade is not None,
            clock=monotonic,
            now=partial(datetime.now, UTC),
            disabled=disabled,
        )

    return session_door(
        "imap",
        listeners,
        new_session,
        implicit_tls=tls_source(tls),
        starttls=upgrade,
        limits=limits,
        admission=admission,
        proxies=proxies,
        live=live,
    )


def smtp_door(
    backend: Backend | Receives,
    listeners: Sequence[trio.SocketListener],
    *,
    mode: Literal["submission", "mx", "lmtp"],
    hostname: str,
    tls: TLS = None,
    starttls: TLS = None,
    listener: Listener = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    admission: Admission | None = None,
    live: LiveSessions | None = None,
    name: str = "",
) -> Door:
    """Make a door for SMTP or LMTP on bound sockets.

    Arguments:
        mode: who comes in by it, see :data:`mailcore.smtp.session.Mode`.
        starttls: offer STARTTLS with this.
        listener: its quirks, what it does without, whom it trusts, and its proxies.
        live: where its connections are to be seen while they live.
        name: of the door, there; its mode if it has none.

    The others are as for :func:`serve_smtp`.
    """
    upgrade = tls_source(starttls)

    def new_session(peer: Peer) -> Session:
        return SmtpSession(
            backend,
            peer,
            hostname=hostname,
            limits=limits,
            mode=mode,
            starttls=upgrade is not None,
            quirks=listener.allowed,
            disabled=listener.disable,
            trusted=listener.trusts(peer.host),
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
    listener: Listener = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
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
    listener: Listener = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
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
    )
    await door.run(task_status=task_status)
