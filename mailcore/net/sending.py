"""What became of a message that was sent, and what can keep it from being sent at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Literal

from mailcore.smtp import Answer, EndOfData, ForwardPath, RcptTo, Reply, ReversePath
from mailcore.smtp.wire.path import PathError, parse_mailbox

#: ``implicit``: TLS before anything else (RFC 8314). ``required``: STARTTLS, or nothing is sent.
#: ``opportunistic``: STARTTLS if it is offered, with any certificate, else without (RFC 7435).
#: ``none``: never.
TlsMode = Literal["implicit", "required", "opportunistic", "none"]


class Outcome(Enum):
    """What became of a message for one recipient."""

    SENT = auto()  # the server has it
    DEFERRED = auto()  # not now: try again
    REFUSED = auto()  # never
    UNKNOWN = auto()  # the connection broke between the message and the reply: it may be there


@dataclass(frozen=True, slots=True)
class RecipientResult:
    """What became of the message for one recipient.

    Arguments:
        reply: the server's, to the command that decided; or, where we ourselves found the server
            unable to take the message, what it would have said; None where the connection broke.
        local: whether the reply is ours.
    """

    recipient: RcptTo
    outcome: Outcome
    reply: Reply | None
    local: bool = False


@dataclass(frozen=True, slots=True)
class Timeouts:
    """How long a server may take, in seconds; the defaults are those of RFC 5321 §4.5.3.2."""

    connect: float = 60.0
    greeting: float = 300.0
    command: float = 300.0
    data_initiation: float = 120.0
    data_block: float = 180.0
    data_termination: float = 600.0


class SendError(Exception):
    """The message was not sent to anybody.

    Arguments:
        reply: the server's, if it gave one.
    """

    def __init__(self, message: str, reply: Reply | None = None) -> None:
        super().__init__(f"{message}: {describe(reply)}" if reply else message)
        self.reply = reply

    @property
    def permanent(self) -> bool:
        """Whether trying again is of no use."""
        return self.reply is not None and self.reply.permanent


class CannotConnect(SendError):
    """There is no server there, or it broke the protocol or the connection."""


class TlsFailed(SendError):
    """There is no TLS where it is required, or it can not be trusted."""


class LoginFailed(SendError):
    """The server does not take these credentials, or has no mechanism for them."""


def describe(reply: Reply) -> str:
    """Write a reply on one line, for a log or a notification."""
    words = [str(reply.code), *filter(None, (reply.enhanced, " ".join(reply.lines).strip()))]
    return " ".join(words)


def outcome_of(reply: Reply) -> Outcome:
    """Return what a final reply says of a message."""
    if reply.accepted:
        return Outcome.SENT
    return Outcome.REFUSED if reply.permanent else Outcome.DEFERRED


class Transaction:
    """What became of one message so far."""

    def __init__(self, recipients: Sequence[RcptTo]) -> None:
        self._recipients = recipients
        self._to_rcpt: list[Reply] = []
        self._to_all: Reply | None = None
        # The replies to the message: by LMTP one a recipient, by SMTP one for all.
        self._at_end: list[Reply] = []
        self._for_all: Reply | None = None
        #: Whether the server has been given the end of the message.
        self.at_the_end = False

    @property
    def worth_going_on(self) -> bool:
        """Whether there may be somebody to send to."""
        return self._to_all is None and (
            len(self._to_rcpt) < len(self._recipients) or any(r.accepted for r in self._to_rcpt)
        )

    def take(self, answer: Answer) -> None:
        """Take an answer."""
        if isinstance(answer.to, RcptTo):
            self._to_rcpt.append(answer.reply)
        elif isinstance(answer.to, EndOfData) and answer.recipient is not None:
            self._at_end.append(answer.reply)
        elif isinstance(answer.to, EndOfData):
            self._for_all = answer.reply
        elif not answer.reply.accepted:
            self._to_all = self._to_all or answer.reply

    def refuse(self, reply: Reply) -> None:
        """Nobody gets it, and it is our fault."""
        self._to_all = self._to_all or reply

    def results(self) -> list[RecipientResult]:
        """Return one for each recipient."""
        at_end = iter(self._at_end)
        results = []
        for number, recipient in enumerate(self._recipients):
            rcpt = self._to_rcpt[number] if number < len(self._to_rcpt) else None
            if (
                rcpt is not None
                and not rcpt.accepted
                and (self._to_all is None or rcpt.code != 503)
            ):
                reply: Reply | None = rcpt
            elif self._to_all is not None:
                reply = self._to_all
            elif rcpt is None:
                reply = None
            else:
                reply = self._for_all or next(at_end, None)
            results.append(RecipientResult(recipient, self._outcome(reply), reply))
        return results

    def _outcome(self, reply: Reply | None) -> Outcome:
        if reply is not None:
            return outcome_of(reply)
        return Outcome.UNKNOWN if self.at_the_end else Outcome.DEFERRED


def recipient_of(address: str | RcptTo) -> RcptTo:
    """Make a recipient of ``local@domain``.

    Raises:
        ValueError: that is no address.
    """
    return address if isinstance(address, RcptTo) else RcptTo(ForwardPath(*_split(address)))


def sender_of(address: str | ReversePath) -> ReversePath:
    """Make a sender of ``local@domain``, or of "" for the null path.

    Raises:
        ValueError: that is no address.
    """
    if isinstance(address, ReversePath):
        return address
    return ReversePath(*_split(address)) if address else ReversePath()


def _split(address: str) -> tuple[str, str]:
    local_part, domain, end = parse_mailbox(address)
    if end != len(address):
        raise PathError(f"more than an address: {address!r}")
    return local_part, domain
