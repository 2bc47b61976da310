"""What FETCH answers, whole or streamed (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any

from mailcore.imap.types import BinaryPart, Section
from mailcore.message import Envelope, Part


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
class EmailId:
    """EMAILID (RFC 8474 §5.1)."""

    id: str


@dataclass(frozen=True, slots=True)
class ThreadId:
    """THREADID; None is NIL (RFC 8474 §5.2)."""

    id: str | None


@dataclass(frozen=True, slots=True)
class SaveDate:
    """SAVEDATE; None is NIL (RFC 8514 §4.3)."""

    date: datetime | None


@dataclass(frozen=True, slots=True)
class GmailMessageId:
    """X-GM-MSGID."""

    id: int


@dataclass(frozen=True, slots=True)
class GmailThreadId:
    """X-GM-THRID."""

    id: int


@dataclass(frozen=True, slots=True)
class GmailLabels:
    """X-GM-LABELS; system labels with their backslash."""

    labels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Preview:
    """PREVIEW; None is NIL: there is none yet (RFC 8970 §3.1)."""

    text: str | None


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
class BinarySection:
    """``BINARY[part]<origin>`` with its octets decoded; None is NIL (RFC 3516 §4.3)."""

    part: BinaryPart
    data: bytes | None = field(repr=False)
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class BinarySize:
    """``BINARY.SIZE[part]``."""

    part: BinaryPart
    size: int


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


@dataclass(frozen=True, slots=True)
class UnknownAttribute:
    """An attribute that this engine has no type for.

    Arguments:
        name: upper case, with its section if it has one.
        value: in wire notation, literals in place.
    """

    name: str
    value: bytes


FetchAttribute = (
    Uid
    | Flags
    | InternalDate
    | Rfc822Size
    | ModSequence
    | EmailId
    | ThreadId
    | SaveDate
    | GmailMessageId
    | GmailThreadId
    | GmailLabels
    | Preview
    | EnvelopeAttribute
    | BodyAttribute
    | BodySection
    | BinarySection
    | BinarySize
    | Rfc822
    | Encoded
    | UnknownAttribute
)


@dataclass(frozen=True, slots=True)
class FetchResponse:
    """``* n FETCH (...)``, all of it in memory.

    Arguments:
        number: of the message.
        attributes: in the order in which they are told.
        uid_only: ``number`` is the UID: ``* n UIDFETCH (...)`` (RFC 9586 §3.3).
    """

    number: int
    attributes: tuple[FetchAttribute, ...]
    uid_only: bool = False


class FetchColumn(Enum):
    """An attribute that :class:`FetchTable` has a column for, and what the values are."""

    UID = "int, for UID"
    FLAGS = "frozenset of flags"
    INTERNALDATE = "seconds since 1970 in UTC, and minutes of the zone east of it"
    SIZE = "int, for RFC822.SIZE"
    MODSEQ = "int, for MODSEQ"
    ENVELOPE = "octets in wire notation, as of Encoded"
    BODYSTRUCTURE = "octets in wire notation, for BODYSTRUCTURE"
    BODY = "octets in wire notation, for BODY"


@dataclass(frozen=True, slots=True)
class SectionColumn:
    """A column of ``BODY[section]<origin>``; its values are octets, and None for NIL."""

    section: Section
    origin: int | None = None


@dataclass(frozen=True, slots=True)
class FetchTable:
    """Many :class:`FetchResponse` that tell the same attributes: cheaper than one by one.

    Arguments:
        numbers: of the messages.
        columns: the attributes in the order in which they are told; each has a value for each
            message.
        uid_only: as of :class:`FetchResponse`.
    """

    numbers: Sequence[int]
    columns: Mapping[FetchColumn | SectionColumn, Sequence[Any]]
    uid_only: bool = False


@dataclass(frozen=True, slots=True)
class FetchBegin:
    """``* n FETCH (`` and the attributes that come first; else as :class:`FetchResponse`."""

    number: int
    attributes: tuple[FetchAttribute, ...] = ()
    uid_only: bool = False


@dataclass(frozen=True, slots=True)
class LiteralBegin:
    """An attribute whose value is a literal of ``size`` octets; :class:`LiteralChunk` brings them.

    Arguments:
        item: a Section or BinaryPart (with ``origin``), or the name of an RFC822 item.
        size: octets to come, exactly.
        origin: for a partial fetch.
        has_nul: NUL may be among the octets: a literal8 (RFC 3516 §4.2).
    """

    item: Section | BinaryPart | str
    size: int
    origin: int | None = None
    has_nul: bool = False


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """Some octets of it."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class FetchEnd:
    """The attributes that come last, and the closing bracket."""

    attributes: tuple[FetchAttribute, ...] = ()
