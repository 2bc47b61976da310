"""Looking on while a session works: what it tells of itself, for metrics, logs and people.

A session without an observer does none of this; with one it is a few short calls a command.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Where a session stands now.

    Arguments:
        state: of its connection, in lower case: ``selected``, ``ready``.
        command: the last one, as it is spelled on the wire; "" before the first.
        account: what the login opened; None before it, and where nobody logs in.
        mailbox: the name of the selected mailbox, or None.
        idling: whether the client waits for news (RFC 2177).
        tls: whether the transport is encrypted.
    """

    state: str
    command: str = ""
    account: object | None = None
    mailbox: str | None = None
    idling: bool = False
    tls: bool = False


class Observer(Protocol):
    """Told what one session does. Each call is short, does not wait and does not raise."""

    def received(self, data: bytes) -> None:
        """The client has sent octets: decrypted and expanded, and not yet looked at."""
        ...

    def sent(self, data: bytes) -> None:
        """Octets are on their way to the client: not yet compressed or encrypted."""
        ...

    def began(self) -> None:
        """A command, or a further part of one, is complete; what it takes from here is ours."""
        ...

    def answered(self, command: str, status: str, reason: str) -> None:
        """A command has its answer.

        Arguments:
            command: its name; "" for what is none.
            status: ``OK``, ``NO``, ``BAD``; of SMTP the reply code.
            reason: "" for no refusal; else the response code of IMAP or the enhanced status code of
                SMTP, or the status where there is none.
        """
        ...

    def login_changed(self, logged_in: bool) -> None:
        """The client has logged in, or its login is void (UNAUTHENTICATE, RFC 8437).

        It is told at once where nobody has to log in.
        """
        ...


@runtime_checkable
class Observable(Protocol):
    """A session that can be looked at; those of :mod:`mailcore.imap` and ``.smtp`` can be."""

    def observe(self, observer: Observer) -> None:
        """Tell an observer, from now on."""
        ...

    def standing(self) -> Standing:
        """Return where the session stands. In the thread of its driver."""
        ...
