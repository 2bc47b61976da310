"""A running server, as the rows of the table see it."""

from __future__ import annotations

import ssl
from dataclasses import dataclass, field
from typing import Final

from benchmarks.process import ServerProcess

HOST: Final = "127.0.0.1"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A server to be measured.

    Arguments:
        name: of the peer.
        version: as it tells it, for the report.
        promise: what its OK or 250 stands for, and what it has still to do then.
        process: to be measured.
        imap, imaps, smtp, smtps: ports; None where it has no such door. ``smtps`` has AUTH.
        user, password: of the mailbox.
        recipient: whom it takes mail for.
        stores: whether it keeps mail; else only rows without mail are asked of it.
        messages: that are in INBOX; :func:`benchmarks.filling.fill` knows.
        lacks: commands that it does not have, so that rows leave it out.
        waiting: connections of the rows about those that wait.
    """

    name: str
    version: str
    process: ServerProcess
    promise: str = ""
    imap: int | None = None
    imaps: int | None = None
    smtp: int | None = None
    smtps: int | None = None
    user: str = ""
    password: str = ""
    recipient: str = ""
    stores: bool = True
    messages: int = 0
    lacks: frozenset[str] = field(default_factory=frozenset)
    waiting: int = 0


def client_context() -> ssl.SSLContext:
    """Return a context that trusts anybody: the servers are our own children."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
