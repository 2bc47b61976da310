"""What a client does, as events of :class:`mailcore.smtp.ServerConnection`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from mailcore.smtp.types import (
    ForwardPath,
    MailParameters,
    RcptParameters,
    Reply,
    ReversePath,
)


@dataclass(frozen=True, slots=True)
class Connected:
    """The client is there: answer with the greeting (RFC 5321 §3.1)."""


@dataclass(frozen=True, slots=True)
class Ehlo:
    """EHLO (RFC 5321 §4.1.1.1), or LHLO in LMTP (RFC 2033 §4.1).

    Arguments:
        name: what the client calls itself: a domain, an address literal, or any other token.
    """

    name: str


@dataclass(frozen=True, slots=True)
class Helo:
    """HELO: the client knows no extensions (RFC 5321 §4.1.1.1)."""

    name: str


@dataclass(frozen=True, slots=True)
class MailFrom:
    """MAIL (RFC 5321 §4.1.1.2): a transaction begins."""

    path: ReversePath
    parameters: MailParameters = field(default_factory=MailParameters)


@dataclass(frozen=True, slots=True)
class RcptTo:
    """RCPT (RFC 5321 §4.1.1.3): one more recipient."""

    path: ForwardPath
    parameters: RcptParameters = field(default_factory=RcptParameters)


@dataclass(frozen=True, slots=True)
class Data:
    """DATA (RFC 5321 §4.1.1.4): answer 354 to get the message."""


@dataclass(frozen=True, slots=True)
class Bdat:
    """BDAT (RFC 3030 §2): so many octets of the message follow at once.

    A server gets no event of it: the octets come as :class:`DataChunk`, and their end, which is
    what it answers, as :class:`EndOfChunk` or :class:`EndOfData`.

    Arguments:
        size: how many octets follow the line.
        last: whether the message ends with them.
    """

    size: int
    last: bool = False


@dataclass(frozen=True, slots=True)
class Burl:
    """BURL (RFC 4468): what a URL names is the next part of the message.

    Arguments:
        url: an absolute URI.
        last: whether the message ends with it; LMTP wants a reply for each recipient then.
    """

    url: str
    last: bool = False


@dataclass(frozen=True, slots=True)
class DataChunk:
    """Some octets of the message, dots unstuffed. Needs no answer."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class EndOfChunk:
    """A BDAT that is not the last has come to its end (RFC 3030 §2).

    Arguments:
        size: the octets that it declared.
        fault: None, or the reply to give: the message, and its transaction with it, is void.
    """

    size: int
    fault: Reply | None = None


@dataclass(frozen=True, slots=True)
class EndOfData:
    """The message has come to its end (RFC 5321 §4.1.1.4).

    Arguments:
        fault: None, or why the message must not be stored: the reply to give. Chunks that came
            before the fault are void.
    """

    fault: Reply | None = None


@dataclass(frozen=True, slots=True)
class Rset:
    """RSET (RFC 5321 §4.1.1.5): the transaction is void."""


@dataclass(frozen=True, slots=True)
class Noop:
    """NOOP (RFC 5321 §4.1.1.9)."""


@dataclass(frozen=True, slots=True)
class Quit:
    """QUIT (RFC 5321 §4.1.1.10): the connection is over once it is answered."""


@dataclass(frozen=True, slots=True)
class Vrfy:
    """VRFY (RFC 5321 §4.1.1.6)."""

    text: str


@dataclass(frozen=True, slots=True)
class Expn:
    """EXPN (RFC 5321 §4.1.1.7)."""

    text: str


@dataclass(frozen=True, slots=True)
class Help:
    """HELP (RFC 5321 §4.1.1.8)."""

    text: str = ""


@dataclass(frozen=True, slots=True)
class Auth:
    """AUTH (RFC 4954 §4): answer 334 to go on, 235 to let the client in.

    Arguments:
        mechanism: its name in capitals.
        initial: the octets of the initial response, or None if none came.
    """

    mechanism: str
    initial: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class AuthResponse:
    """The client's answer to a 334 challenge, decoded."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class CancelAuth:
    """The client's "*": it gives the exchange up (RFC 4954 §4). A server sees a BadCommand."""


@dataclass(frozen=True, slots=True)
class StartTls:
    """STARTTLS (RFC 3207): after a 220, do the handshake and say ``tls_started``."""


@dataclass(frozen=True, slots=True)
class XClient:
    """XCLIENT of a proxy: whom it speaks for. After a 220 the client says hello again.

    Arguments:
        attributes: from the names NAME, ADDR, PORT, PROTO, HELO, LOGIN, DESTADDR and DESTPORT to
            values, decoded; "" for what the proxy does not know.
    """

    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class XForward:
    """XFORWARD of a filter: where the next message came from, for the log.

    Arguments:
        attributes: from the names NAME, ADDR, PORT, PROTO, HELO, IDENT and SOURCE to values,
            decoded; "" for what is not known.
    """

    attributes: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class BadCommand:
    """Something that is refused; answer it with ``reply``. The connection lives on."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Violation:
    """Something that no connection survives; answer it with ``reply``, which is the last one."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """Nothing more will come, and nothing more can be sent than ``data_to_send`` still has."""


Command = (
    Ehlo
    | Helo
    | MailFrom
    | RcptTo
    | Data
    | Bdat
    | Burl
    | Rset
    | Noop
    | Quit
    | Vrfy
    | Expn
    | Help
    | Auth
    | StartTls
    | XClient
    | XForward
)

#: Every event that waits for an answer.
Question = Command | Connected | AuthResponse | EndOfChunk | EndOfData | BadCommand | Violation

Event = Question | DataChunk | ConnectionClosed
