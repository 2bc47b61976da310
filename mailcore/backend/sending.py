"""Where SMTP and LMTP put mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mailcore.backend.peer import Peer
from mailcore.smtp.types import ForwardPath, MailParameters, RcptParameters, Reply, ReversePath
from mailcore.spool import Content


@dataclass(frozen=True, slots=True)
class Recipient:
    """One accepted RCPT TO."""

    path: ForwardPath
    parameters: RcptParameters


@dataclass(frozen=True, slots=True)
class MailTransaction:
    """An SMTP mail transaction at its end of data (RFC 5321 §3.3).

    Arguments:
        hello: the name that the client gave itself.
        sender: MAIL FROM.
        parameters: those of MAIL FROM.
        recipients: those accepted, in order, at least one.
        protocol: "ESMTPSA" and the like, for the Received field (RFC 3848).
    """

    hello: str
    sender: ReversePath
    parameters: MailParameters
    recipients: Sequence[Recipient]
    protocol: str = "ESMTP"


@runtime_checkable
class Delivery(Protocol):
    """Where one SMTP or LMTP connection puts mail. A BackendError refuses with its ``reply``."""

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        """Judge a sender. A new transaction begins; whatever the last one left is void."""
        ...

    async def rcpt_to(self, recipient: Recipient) -> None:
        """Judge one recipient."""
        ...

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        """Take the message; return after the commit has reached the disk.

        Returns:
            one reply per recipient in order (LMTP, RFC 2033 §4.2), or a single one for all.
        """
        ...


@runtime_checkable
class Submits(Protocol):
    """Optional, on an account: it may send mail (RFC 6409)."""

    def submission(self, peer: Peer) -> Delivery:
        """Return a fresh place to submit to, for one connection."""
        ...
