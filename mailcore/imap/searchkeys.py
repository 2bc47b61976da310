"""Search keys as a tree (RFC 9051 §6.4.4)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date

from mailcore.imap.types import SequenceSet


@dataclass(frozen=True, slots=True)
class All:
    """ALL: every message."""


@dataclass(frozen=True, slots=True)
class And:
    """Several keys side by side: all must hold."""

    keys: tuple[SearchKey, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """OR."""

    left: SearchKey
    right: SearchKey


@dataclass(frozen=True, slots=True)
class Not:
    """NOT, and the UN- keys: UNSEEN is ``Not(HasFlag("\\\\Seen"))``."""

    key: SearchKey


@dataclass(frozen=True, slots=True)
class HasFlag:
    """ANSWERED, DELETED, DRAFT, FLAGGED, SEEN, RECENT, KEYWORD. NEW is ``And(RECENT, UNSEEN)``, OLD
    ``Not(RECENT)``.
    """

    flag: str


@dataclass(frozen=True, slots=True)
class InSet:
    """A sequence set, or UID with one."""

    numbers: SequenceSet
    uid: bool = False


@dataclass(frozen=True, slots=True)
class Header:
    """HEADER name value; BCC, CC, FROM, SUBJECT and TO are headers too. "" matches any that
    exists.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Body:
    """BODY: in the text of the message."""

    value: str


@dataclass(frozen=True, slots=True)
class Text:
    """TEXT: in header or text of the message."""

    value: str


class DateField(str):
    """Which date a :class:`DateKey` compares."""

    __slots__ = ()


INTERNAL = DateField("internal")
SENT = DateField("sent")
#: When it came into the mailbox (RFC 8514).
SAVED = DateField("saved")


@dataclass(frozen=True, slots=True)
class DateKey:
    """BEFORE, ON, SINCE and their SENT- and SAVED forms; times and zones are disregarded.

    Arguments:
        field: :data:`INTERNAL`, :data:`SENT` or :data:`SAVED`.
        relation: "BEFORE", "ON" or "SINCE".
        day: the date to compare with.
    """

    field: DateField
    relation: str
    day: date


@dataclass(frozen=True, slots=True)
class SaveDatesKept:
    """SAVEDATESUPPORTED (RFC 8514 §4.3): every message of a mailbox that notes save dates."""


@dataclass(frozen=True, slots=True)
class ObjectIdKey:
    """EMAILID and THREADID (RFC 8474 §6).

    Arguments:
        name: which of the two.
        value: the id, as FETCH tells it.
    """

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class Age:
    """OLDER and YOUNGER (RFC 5032): by the internal date, to the second.

    Arguments:
        relation: "OLDER" or "YOUNGER". Exactly as old as this is both.
        seconds: before now; more than none.
    """

    relation: str
    seconds: int


@dataclass(frozen=True, slots=True)
class Larger:
    """LARGER: more octets than this."""

    size: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """SMALLER: fewer octets than this."""

    size: int


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """FUZZY (RFC 6203 §3): texts in this key may be nearly those of the message; see
    :class:`Like`.
    """

    key: SearchKey


@dataclass(frozen=True, slots=True)
class Like:
    """A text that a message may hold nearly: what :func:`without_fuzzy` makes of those in FUZZY."""

    key: Header | Body | Text


@dataclass(frozen=True, slots=True)
class ModSeq:
    """MODSEQ (RFC 7162 §3.1.5): changed at this mod-sequence or later."""

    value: int


@dataclass(frozen=True, slots=True)
class GmailId:
    """X-GM-MSGID and X-GM-THRID.

    Arguments:
        name: which of the two.
        value: the number, as FETCH tells it.
    """

    name: str
    value: int


@dataclass(frozen=True, slots=True)
class GmailLabel:
    """X-GM-LABELS: a label, system labels with their backslash."""

    label: str


@dataclass(frozen=True, slots=True)
class GmailRaw:
    """X-GM-RAW: a query (``mailcore.imap.query``)."""

    query: str


@dataclass(frozen=True, slots=True)
class HasAttachment:
    """A part that is neither text nor shown within it: of queries, not of SEARCH."""


@dataclass(frozen=True, slots=True)
class InMailbox:
    """Whether the mailbox that is searched has this name: of queries, not of SEARCH."""

    name: str


SearchKey = (
    All
    | And
    | Or
    | Not
    | HasFlag
    | InSet
    | Header
    | Body
    | Text
    | DateKey
    | Age
    | SaveDatesKept
    | ObjectIdKey
    | Larger
    | Smaller
    | ModSeq
    | Fuzzy
    | Like
    | GmailId
    | GmailLabel
    | GmailRaw
    | HasAttachment
    | InMailbox
)


def leaf_keys(key: SearchKey) -> Iterator[SearchKey]:
    """Yield the keys that hold no others, in their order. How deep they nest is bounded."""
    match key:
        case And(parts):
            for part in parts:
                yield from leaf_keys(part)
        case Or(left, right):
            yield from leaf_keys(left)
            yield from leaf_keys(right)
        case Not(inner) | Fuzzy(inner):
            yield from leaf_keys(inner)
        case _:
            yield key


def any_key(key: SearchKey, test: Callable[[SearchKey], bool]) -> bool:
    """Tell whether a test is true of a key or of any within it."""
    return any(map(test, leaf_keys(key)))


def map_keys(key: SearchKey, change: Callable[[SearchKey], SearchKey]) -> SearchKey:
    """Return a tree whose leaves are changed."""
    match key:
        case And(parts):
            return And(tuple(map_keys(part, change) for part in parts))
        case Or(left, right):
            return Or(map_keys(left, change), map_keys(right, change))
        case Not(inner):
            return Not(map_keys(inner, change))
        case Fuzzy(inner):
            return Fuzzy(map_keys(inner, change))
        case _:
            return change(key)


def is_fuzzy(key: SearchKey) -> bool:
    """Tell whether FUZZY is in a key."""
    match key:
        case And(parts):
            return any(map(is_fuzzy, parts))
        case Or(left, right):
            return is_fuzzy(left) or is_fuzzy(right)
        case Not(inner):
            return is_fuzzy(inner)
        case _:
            return isinstance(key, Fuzzy | Like)


def without_fuzzy(key: SearchKey) -> SearchKey:
    """Return a key that has :class:`Like` for the texts in FUZZY; what is no text is exact."""
    match key:
        case And(parts):
            return And(tuple(map(without_fuzzy, parts)))
        case Or(left, right):
            return Or(without_fuzzy(left), without_fuzzy(right))
        case Not(inner):
            return Not(without_fuzzy(inner))
        case Fuzzy(inner):
            return map_keys(
                without_fuzzy(inner),
                lambda one: Like(one) if isinstance(one, Header | Body | Text) else one,
            )
        case _:
            return key
