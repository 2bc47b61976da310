"""Columns of what is known of many messages; flags take an octet each."""

from __future__ import annotations

from array import array
from collections.abc import Collection, Iterator, Sequence
from typing import Final, TypeVar, overload

NumbersT = TypeVar("NumbersT", bytearray, "array[int]")

# What an octet tells apart.
_NARROW: Final = 256


def without(column: NumbersT, runs: Sequence[tuple[int, int]]) -> NumbersT:
    """Return a column without some places.

    Arguments:
        column: that stays as it is.
        runs: rising (first, last) places.
    """
    kept = column[:0]
    start = 0
    for first, last in runs:
        kept += column[start:first]
        start = last + 1
    kept += column[start:]
    return kept


class FlagColumn(Sequence[frozenset[str]]):
    """The flags of messages, each the number of a set in a table.

    Few mailboxes have messages with more than 256 combinations of flags; in one that has, a number
    takes four octets. Sets that no message has any more are forgotten when the table is full.
    """

    __slots__ = ("_numbers", "_places", "_sets")

    def __init__(self) -> None:
        self._numbers: bytearray | array[int] = bytearray()
        # Only ever longer, or replaced: slices of a column share it.
        self._sets: list[frozenset[str]] = []
        self._places: dict[frozenset[str], int] = {}

    def __len__(self) -> int:
        return len(self._numbers)

    def __iter__(self) -> Iterator[frozenset[str]]:
        return map(self._sets.__getitem__, self._numbers)

    @overload
    def __getitem__(self, index: int) -> frozenset[str]: ...
    @overload
    def __getitem__(self, index: slice) -> FlagColumn: ...
    def __getitem__(self, index: int | slice) -> frozenset[str] | FlagColumn:
        if isinstance(index, slice):
            return self._with(self._numbers[index])
        return self._sets[self._numbers[index]]

    def at(self, places: Sequence[int]) -> FlagColumn:
        """Return those that stand in some places, which may be anywhere."""
        found = map(self._numbers.__getitem__, places)
        narrow = isinstance(self._numbers, bytearray)
        return self._with(bytearray(found) if narrow else array("I", found))

    def _with(self, numbers: bytearray | array[int]) -> FlagColumn:
        column = FlagColumn()
        column._numbers, column._sets, column._places = numbers, self._sets, self._places
        return column

    def having(self, flag: str) -> bytes:
        """Return an octet for each message: 1 if it has a flag, in whatever case, and 0 if not."""
        wanted = flag.lower()
        having = bytearray(max(len(self._sets), _NARROW))
        for place, flags in enumerate(self._sets):
            having[place] = any(one.lower() == wanted for one in flags)
        if isinstance(self._numbers, bytearray):
            return bytes(self._numbers.translate(having))
        return bytes(map(having.__getitem__, self._numbers))

    def known(self) -> frozenset[str]:
        """Return the flags that messages have or lately had."""
        return frozenset().union(*self._sets)

    # Only the column that the table was made for is changed, never a slice of it.

    def replace(self, place: int, flags: frozenset[str]) -> bool:
        """Put other flags into a place; tell whether they are other ones."""
        if self._sets[self._numbers[place]] == flags:
            return False
        self._learn((flags,))
        self._numbers[place] = self._places[flags]
        return True

    def fill(self, places: slice, flags: frozenset[str]) -> None:
        """Put the same flags into some places in a row."""
        self._learn((flags,))
        number, count = self._places[flags], places.stop - places.start
        if isinstance(self._numbers, bytearray):
            self._numbers[places] = bytes((number,)) * count
        else:
            self._numbers[places] = array("I", (number,)) * count

    def extend(self, flags: Collection[frozenset[str]]) -> None:
        """Put the flags of more messages at the end."""
        self._learn(set(flags))
        self._numbers.extend(map(self._places.__getitem__, flags))

    def insert(self, place: int, flags: frozenset[str]) -> None:
        """Put the flags of a message in front of a place."""
        self._learn((flags,))
        self._numbers.insert(place, self._places[flags])

    def remove(self, runs: Sequence[tuple[int, int]]) -> None:
        """Take out what stands in some places, rising (first, last) ones."""
        numbers = self._numbers
        if isinstance(numbers, bytearray):
            self._numbers = without(numbers, runs)
        else:
            self._numbers = without(numbers, runs)

    def _learn(self, flags: Collection[frozenset[str]]) -> None:
        """Have these sets in the table."""
        new = [one for one in flags if one not in self._places]
        narrow = isinstance(self._numbers, bytearray)
        room = _NARROW if narrow else 2 * len(self._numbers) + 1000
        if len(self._sets) + len(new) > room:
            self._forget_unused(flags)
            new = [one for one in flags if one not in self._places]
        for one in new:
            self._places[one] = len(self._sets)
            self._sets.append(one)

    def _forget_unused(self, needed: Collection[frozenset[str]]) -> None:
        """Make the table anew, with room for more than is needed."""
        old = self._sets
        used = sorted(set(self._numbers))
        self._sets = list(dict.fromkeys((*(old[place] for place in used), *needed)))
        self._places = {flags: place for place, flags in enumerate(self._sets)}
        becomes = {place: self._places[old[place]] for place in used}
        numbers = map(becomes.__getitem__, self._numbers)
        narrow = len(self._sets) <= _NARROW // 2
        self._numbers = bytearray(numbers) if narrow else array("I", numbers)
