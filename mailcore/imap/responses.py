"""What a server can say: one frozen dataclass a response (RFC 9051 §7)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from mailcore.imap.types import ResponseCode, Section, SequenceSet, Status
from mailcore.message import Envelope, Part


@dataclass(frozen=True, slots=True)
class Tagged:
    """The end of a command (RFC 9051 §7.1): status is OK, NO or BAD."""

    tag: str
    status: Status
    text: str
    code: ResponseCode | None = None


@dataclass(frozen=True, slots=True)
class Untagged:
    """An untagged status response: greeting, warning, alert, BYE."""

    status: Status
    text: str
    code: ResponseCode | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """``+``: with text, or with octets that are sent in base64 (SASL)."""

    text: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class CapabilityResponse:
    """``* CAPABILITY``."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enabled:
    """``* ENABLED`` (RFC 5161)."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ListResponse:
    """``* LIST``, or ``* LSUB`` when ``lsub``."""

    name: str
    attributes: tuple[str, ...] = ()
    delimiter: str | None = "/"
    lsub: bool = False


@dataclass(frozen=True, slots=True)
class NamespaceResponse:
    """``* NAMESPACE``: (prefix, delimiter) pairs; None for NIL."""

    personal: tuple[tuple[str, str], ...] | None
    others: tuple[tuple[str, str], ...] | None = None
    shared: tuple[tuple[str, str], ...] | None = None


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """``* STATUS``."""

    mailbox: str
    items: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class SearchResponse:
    """``* SEARCH``; ``modseq`` as RFC 7162 §3.1.5 adds it."""

    numbers: Sequence[int]
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class EsearchResponse:
    """``* ESEARCH`` (RFC 4731). What is None is left out."""

    tag: str
    uid: bool
    min: int | None = None
    max: int | None = None
    count: int | None = None
    all: SequenceSet | None = None
    modseq: int | None = None


@dataclass(frozen=True, slots=True)
class FlagsResponse:
    """``* FLAGS``."""

    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """``* n EXISTS``."""

    count: int


@dataclass(frozen=True, slots=True)
class Recent:
    """``* n RECENT`` (RFC 3501 §7.3.2)."""

    count: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """``* n EXPUNGE``."""

    number: int


@dataclass(frozen=True, slots=True)
class IdResponse:
    """``* ID`` (RFC 2971)."""

    parameters: Mapping[str, str | None] | None


# FETCH attributes (RFC 9051 §7.5.2)


@dataclass(frozen=True, slots=True)
class Uid:
    """UID."""

    uid: int


@dataclass(frozen=True, slots=True)
class Flags:
    """FLAGS."""

    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InternalDate:
    """INTERNALDATE."""

    date: datetime


@dataclass(frozen=True, slots=True)
class Rfc822Size:
    """RFC822.SIZE."""

    size: int


@dataclass(frozen=True, slots=True)
class ModSequence:
    """MODSEQ (RFC 7162)."""

    modseq: int


@dataclass(frozen=True, slots=True)
class EnvelopeAttribute:
    """ENVELOPE."""

    envelope: Envelope


@dataclass(frozen=True, slots=True)
class BodyAttribute:
    """BODYSTRUCTURE, or BODY when not ``extended``."""

    part: Part
    extended: bool = True


@dataclass(frozen=True, slots=True)
class BodySection:
    """``BODY[section]<origin>`` with its octets; None is NIL."""

    section: Section
    data: bytes | None = field(repr=False)
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class Rfc822:
    """RFC822, RFC822.HEADER or RFC822.TEXT."""

    name: str
    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Encoded:
    """An attribute in wire notation, made earlier by our own encoder and kept (a summary's
    ENVELOPE).
    """

    data: bytes


FetchAttribute = (
    Uid
    | Flags
    | InternalDate
    | Rfc822Size
    | ModSequence
    | EnvelopeAttribute
    | BodyAttribute
    | BodySection
    | Rfc822
    | Encoded
)


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """``* n FETCH (...)``, all of it in memory."""

    number: int
    attributes: tuple[FetchAttribute, ...]


# A FETCH response whose octets stream: FetchBegin, LiteralBegin, LiteralChunk ..., FetchEnd.


@dataclass(frozen=True, slots=True)
class FetchBegin:
    """``* n FETCH (`` and the attributes that come first."""

    number: int
    attributes: tuple[FetchAttribute, ...] = ()


@dataclass(frozen=True, slots=True)
class LiteralBegin:
    """An attribute whose value is a literal of ``size`` octets; :class:`LiteralChunk` brings them.

    Arguments:
        item: a Section (with ``origin``), or the name of an RFC822 item.
        size: octets to come, exactly.
        origin: for a partial fetch.
    """

    item: Section | str
    size: int
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """Some octets of it."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FetchEnd:
    """The attributes that come last, and the closing bracket."""

    attributes: tuple[FetchAttribute, ...] = ()


Response = (
    Tagged
    | Untagged
    | Continuation
    | CapabilityResponse
    | Enabled
    | ListResponse
    | NamespaceResponse
    | StatusResponse
    | SearchResponse
    | EsearchResponse
    | FlagsResponse
    | Exists
    | Recent
    | Expunged
    | IdResponse
    | FetchResponse
    | FetchBegin
    | LiteralBegin
    | LiteralChunk
    | FetchEnd
)
