"""The values that IMAP speaks of: sequence sets, sections, items to fetch, response codes."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final, TypeVar

T = TypeVar("T")

#: ``*`` in a sequence set: the largest number in use (RFC 9051 §9, seq-number).
STAR: Final = 0


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """A set of sequence numbers or UIDs (RFC 9051 §9, sequence-set).

    Arguments:
        ranges: pairs (first, last) in the order and direction in which they were written; a single
            number is a pair of equals; :data:`STAR` stands for ``*``.
        saved: it is ``$``, what the last SEARCH saved (RFC 5182); ``ranges`` is empty then.
    """

    ranges: tuple[tuple[int, int], ...]
    saved: bool = False

    @classmethod
    def of(cls, numbers: Iterable[int]) -> SequenceSet:
        """Make the shortest set that holds these numbers."""
        return cls.rising(sorted(set(numbers)))

    @classmethod
    def rising(cls, numbers: Sequence[int]) -> SequenceSet:
        """Make a set of numbers each of which is greater than the one before."""
        ranges: list[tuple[int, int]] = []
        start, count = 0, len(numbers)
        while start < count:
            first = numbers[start]
            # The last of those that follow each other, by steps that grow and then shrink again:
            # of rising numbers those between two do, if the two are as far apart as their places.
            last, step = start, 1
            while last + step < count and numbers[last + step] - first == last + step - start:
                last += step
                step *= 2
            while step := step // 2:
                if last + step < count and numbers[last + step] - first == last + step - start:
                    last += step
            ranges.append((first, numbers[last]))
            start = last + 1
        return cls(tuple(ranges))

    @classmethod
    def in_order(cls, numbers: Iterable[int]) -> SequenceSet:
        """Make a set that says these numbers in this order (RFC 5267 §3.2: what SORT returns)."""
        ranges: list[tuple[int, int]] = []
        for number in numbers:
            if ranges and ranges[-1][1] == number - 1:
                ranges[-1] = (ranges[-1][0], number)
            else:
                ranges.append((number, number))
        return cls(tuple(ranges))

    def __str__(self) -> str:
        if self.saved:
            return "$"

        def text(number: int) -> str:
            return str(number) if number != STAR else "*"

        return ",".join(
            text(first) if first == last else f"{text(first)}:{text(last)}"
            for first, last in self.ranges
        )

    def numbers(self) -> Iterator[int]:
        """Yield what it says, in the order of its ranges; there is no ``*`` in it.

        A few octets can say four thousand million numbers: whoever keeps them, counts them.
        """
        for first, last in self.ranges:
            yield from range(min(first, last), max(first, last) + 1)

    def resolved(self, largest: int) -> list[tuple[int, int]]:
        """Return sorted, disjoint (low, high) pairs with ``*`` replaced by ``largest``.

        ``5:*`` in a box of three is 3:5 (RFC 9051 §9): the order within a pair does not matter.
        """
        if len(self.ranges) == 1:
            first, last = ((a or largest) for a in self.ranges[0])
            return [(first, last) if first <= last else (last, first)]
        pairs = sorted(
            (min(pair), max(pair))
            for pair in ((a or largest, b or largest) for a, b in self.ranges)
        )
        merged: list[tuple[int, int]] = []
        for low, high in pairs:
            if merged and low <= merged[-1][1] + 1:
                merged[-1] = (merged[-1][0], max(merged[-1][1], high))
            else:
                merged.append((low, high))
        return merged

    def select(self, numbers: Sequence[int]) -> Iterator[int]:
        """Yield those of ``numbers`` (sorted, ascending) that are in the set. ``*`` is the last
        one.
        """
        for span in self.spans(numbers):
            yield from numbers[span]

    def spans(self, numbers: Sequence[int], count: int | None = None) -> Iterator[slice]:
        """Yield where those of ``numbers`` stand that :meth:`select` yields.

        Arguments:
            numbers: rising.
            count: how many of them there are to look at; None for all.
        """
        count = len(numbers) if count is None else count
        if not count:
            return
        for low, high in self.resolved(numbers[count - 1]):
            first = bisect_left(numbers, low, 0, count)
            yield slice(first, bisect_right(numbers, high, first, count))


#: ``$`` in the place of a sequence set.
SAVED: Final = SequenceSet((), saved=True)


@dataclass(frozen=True, slots=True)
class PartialRange:
    """Some of a row of results, by their places in it (RFC 9394 §4, partial-range).

    Arguments:
        first, last: as they were written, in either order: from 1 on, or both negative: -1 is the
            last one.
    """

    first: int
    last: int

    def __str__(self) -> str:
        return f"{self.first}:{self.last}"

    @property
    def from_end(self) -> bool:
        """Whether it counts from the end."""
        return self.first < 0

    @property
    def reach(self) -> int:
        """How many results there must be, from where it counts, for all of it to be there."""
        return max(abs(self.first), abs(self.last))

    def of(self, results: Sequence[T]) -> Sequence[T]:
        """Return those that are in it; some or all of it may lie beyond them."""
        return results[self.span(len(results))]

    def span(self, count: int) -> slice:
        """Return where it lies in a row of so many results."""
        low, high = sorted((self.first, self.last))
        if self.from_end:
            low, high = count + low + 1, count + high + 1
        return slice(max(low - 1, 0), max(high, 0))


@dataclass(frozen=True, slots=True)
class Section:
    """Which part of a message BODY[...] names (RFC 9051 §6.4.5).

    Arguments:
        path: part numbers, () for the message itself.
        text: None, "HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT" or "MIME".
        fields: header names for the two FIELDS forms, as the client wrote them.
    """

    path: tuple[int, ...] = ()
    text: str | None = None
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchAtt:
    """A simple item to fetch (RFC 9051 §6.4.5), upper case.

    ENVELOPE, FLAGS, INTERNALDATE, RFC822, RFC822.HEADER, RFC822.SIZE, RFC822.TEXT, BODY,
    BODYSTRUCTURE, UID, MODSEQ, EMAILID, THREADID, SAVEDATE, X-GM-MSGID, X-GM-THRID, X-GM-LABELS.
    The macros ALL, FAST and FULL are expanded by the parser.
    """

    name: str


@dataclass(frozen=True, slots=True)
class FetchBody:
    """``BODY[section]<start.count>`` (RFC 9051 §6.4.5).

    Arguments:
        section: what of the message.
        peek: True for BODY.PEEK, which does not set ``\\Seen``.
        partial: (first octet, count), or None for all.
    """

    section: Section
    peek: bool = False
    partial: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FetchPreview:
    """PREVIEW (RFC 8970 §3).

    Arguments:
        lazy: the client takes NIL rather than wait.
    """

    lazy: bool = False


@dataclass(frozen=True, slots=True)
class BinaryPart:
    """A part of a message without its transfer encoding (RFC 3516 §4.2).

    Arguments:
        path: part numbers; () for the message, which has none to undo.
    """

    path: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class FetchBinary:
    """``BINARY[part]<start.count>`` (RFC 3516 §4.2).

    Arguments:
        part: what of the message.
        peek: True for BINARY.PEEK, which does not set ``\\Seen``.
        partial: (first octet, count) of what is decoded, or None for all.
    """

    part: BinaryPart
    peek: bool = False
    partial: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class FetchBinarySize:
    """``BINARY.SIZE[part]``: octets of the decoded part (RFC 3516 §4.2)."""

    part: BinaryPart


FetchItem = FetchAtt | FetchBody | FetchPreview | FetchBinary | FetchBinarySize


@dataclass(frozen=True, slots=True)
class SortCriterion:
    """What SORT goes by (RFC 5256 §3): ``key`` in upper case; ``reverse`` for the other way."""

    key: str
    reverse: bool = False


class Status(StrEnum):
    """The condition of a status response (RFC 9051 §7.1)."""

    OK = "OK"
    NO = "NO"
    BAD = "BAD"
    PREAUTH = "PREAUTH"
    BYE = "BYE"


@dataclass(frozen=True, slots=True)
class ResponseCode:
    """A response code in brackets (RFC 9051 §7.1, RFC 5530).

    Arguments:
        name: upper case, as ``UIDVALIDITY``.
        argument: what follows the name, in wire notation; "" for nothing. The encoder refuses CR,
            LF, NUL and "]".
    """

    name: str
    argument: str = ""


class State(StrEnum):
    """The states of RFC 9051 §3."""

    NOT_AUTHENTICATED = "not authenticated"
    AUTHENTICATED = "authenticated"
    SELECTED = "selected"
    LOGOUT = "logout"


SYSTEM_FLAGS: Final = ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft")
_RECENT: Final = "\\Recent"


@lru_cache(maxsize=4096)
def in_order(flags: frozenset[str]) -> tuple[str, ...]:
    """Return flags in a steady order: those of the system, keywords, and ``\\Recent`` last."""
    system = [flag for flag in SYSTEM_FLAGS if flag in flags]
    keywords = sorted(flags.difference(SYSTEM_FLAGS, (_RECENT,)))
    return (*system, *keywords, *((_RECENT,) if _RECENT in flags else ()))
