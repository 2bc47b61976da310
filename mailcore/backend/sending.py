"""Where SMTP and LMTP put mail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.backend.peer import Peer
from mailcore.smtp.types import ForwardPath, MailParameters, RcptParameters, Reply, ReversePath
from mailcore.spool import Content


@dataclass(frozen=True, slots=True)
class Recipient:
    """One accepted RCPT TO."""

    path: ForwardPath
    parameters: RcptParameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Forwarded:
    """Where a message came from at first, as a trusted filter tells (XFORWARD); "" is not known.

    Arguments:
        name: of the client, in the DNS.
        host: its address.
        port: its port, or 0.
        protocol: that it spoke.
        hello: the name that it gave itself.
        identifier: under which the filter knows the message.
        source: "LOCAL" or "REMOTE".
    """

    name: str = ""
    host: str = ""
    port: int = 0
    protocol: str = ""
    hello: str = ""
    identifier: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class MailTransaction:
    """An SMTP mail transaction at its end of data (RFC 5321 §3.3).

    Arguments:
        hello: the name that the client gave itself.
        sender: MAIL FROM.
        parameters: those of MAIL FROM.
        recipients: those accepted, in order, at least one.
        protocol: "ESMTPSA" and the like, for the Received field (RFC 3848).
        forwarded: what a trusted filter says of the first client; None if it says nothing.
    """

    hello: str
    sender: ReversePath
    parameters: MailParameters
    recipients: Sequence[Recipient]
    protocol: str = "ESMTP"
    forwarded: Forwarded | None = None


@runtime_checkable
class Delivery(Protocol, metaclass=Checked):
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
class Submits(Protocol, metaclass=Checked):
    """Optional, on an account: it may send mail (RFC 6409)."""

    def submission(self, peer: Peer) -> Delivery:
        """Return a fresh place to submit to, for one connection."""
        ...
