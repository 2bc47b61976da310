"""The order that SORT asks for (RFC 5256 §3, RFC 5957, RFC 6203 §6), from what summaries hold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Final, Protocol

from mailcore.imap.collation import Collation
from mailcore.imap.types import SortCriterion
from mailcore.imap.verdicts import NO_DATE, Columns


class SortFacts(Protocol):
    """What SORT wants of a summary."""

    @property
    def sent(self) -> datetime | None: ...
    @property
    def base_subject(self) -> str: ...
    @property
    def from_mailbox(self) -> str: ...
    @property
    def to_mailbox(self) -> str: ...
    @property
    def cc_mailbox(self) -> str: ...
    @property
    def display_from(self) -> str: ...
    @property
    def display_to(self) -> str: ...


class Sortable(Protocol):
    """A message that SORT puts in its place."""

    @property
    def internal_date(self) -> datetime: ...
    @property
    def size(self) -> int | None: ...
    @property
    def relevancy(self) -> int: ...
    @property
    def summary(self) -> SortFacts | None: ...


_Key = Callable[[Any], Any]

# Criteria that are answered without a summary.
_PLAIN_KEYS: Final = frozenset({"ARRIVAL", "RELEVANCY"})
#: Criteria that :func:`order` answers from columns, once these have sent dates and sizes.
COLUMN_KEYS: Final = frozenset({"ARRIVAL", "DATE", "SIZE"})


def sent_date(message: Sortable) -> float:
    """Return the sent date in seconds; INTERNALDATE where there is none (RFC 5256 §2.2)."""
    sent = message.summary.sent if message.summary is not None else None
    return (sent or message.internal_date).timestamp()


def _text(name: str) -> Callable[[Collation], _Key]:
    def make(collate: Collation) -> _Key:
        return lambda message: collate(getattr(message.summary, name))

    return make


_KEYS: Final[dict[str, Callable[[Collation], _Key]]] = {
    "ARRIVAL": lambda collate: lambda message: message.internal_date.timestamp(),
    "CC": _text("cc_mailbox"),
    "DATE": lambda collate: sent_date,
    "DISPLAYFROM": _text("display_from"),
    "DISPLAYTO": _text("display_to"),
    "FROM": _text("from_mailbox"),
    # RFC 6203 §6: the most relevant comes first.
    "RELEVANCY": lambda collate: lambda message: -message.relevancy,
    "SIZE": lambda collate: lambda message: message.size or 0,
    "SUBJECT": _text("base_subject"),
    "TO": _text("to_mailbox"),
}

#: What can be sorted by.
SORT_KEYS: Final = frozenset(_KEYS)


class _Descending:
    """A value that is the less the greater it is."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Descending) and self.value == other.value

    def __lt__(self, other: _Descending) -> bool:
        return bool(other.value < self.value)

    __hash__ = None  # type: ignore[assignment]


def sort_key(
    message: Sortable, criteria: Sequence[SortCriterion], collate: Collation
) -> tuple[Any, ...]:
    """Return what is less for the message that comes first; equals are by UID."""
    values = ((one, _KEYS[one.key](collate)(message)) for one in criteria)
    return tuple(_Descending(value) if one.reverse else value for one, value in values)


def needs_summary(criteria: Sequence[SortCriterion]) -> bool:
    """Tell whether what decides the order is not known without summaries."""
    return not _PLAIN_KEYS.issuperset(criterion.key for criterion in criteria)


def values_of(criteria: Sequence[SortCriterion], collate: Collation) -> list[_Key]:
    """Return for each criterion what makes of a message the value that it goes by."""
    return [_KEYS[criterion.key](collate) for criterion in criteria]


def places(columns: Sequence[Sequence[Any]], criteria: Sequence[SortCriterion]) -> list[int]:
    """Return where messages stand in some columns, in order; equals keep the order of these.

    Arguments:
        columns: the values of each criterion, of all messages.
        criteria: the first decides first.
    """
    found = list(range(len(columns[0])))
    # A stable sort by the last criterion first is a sort by all of them.
    for criterion, values in reversed(list(zip(criteria, columns, strict=True))):
        found.sort(key=values.__getitem__, reverse=criterion.reverse)
    return found


def order(columns: Columns, criteria: Sequence[SortCriterion]) -> list[int]:
    """Return where the messages stand in some columns, in order.

    Arguments:
        columns: with sizes and sent dates, as far as the criteria ask for them.
        criteria: of :data:`COLUMN_KEYS`.
    """
    return places([_column(columns, criterion.key) for criterion in criteria], criteria)


def _column(columns: Columns, key: str) -> Sequence[int]:
    match key:
        case "DATE":
            # RFC 5256 §2.2: INTERNALDATE stands for the sent date where there is none.
            pairs = zip(columns.sents, columns.dates, strict=True)
            return [sent if sent > NO_DATE else date for sent, date in pairs]
        case "SIZE":
            return columns.sizes
        case _:
            return columns.dates
