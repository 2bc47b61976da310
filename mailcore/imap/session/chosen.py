"""The messages that a command names: two columns, not a pair for each."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from itertools import compress
from typing import overload


class Chosen(Sequence[tuple[int, int]]):
    """Messages by sequence number and UID, rising; as a sequence it is pairs of them.

    Arguments:
        numbers: sequence numbers.
        uids: of the same messages.
    """

    __slots__ = ("numbers", "uids")

    def __init__(self, numbers: Sequence[int] = (), uids: Sequence[int] = ()) -> None:
        self.numbers = numbers
        self.uids = uids

    def __len__(self) -> int:
        return len(self.uids)

    @overload
    def __getitem__(self, index: int) -> tuple[int, int]: ...
    @overload
    def __getitem__(self, index: slice) -> Chosen: ...
    def __getitem__(self, index: int | slice) -> tuple[int, int] | Chosen:
        if isinstance(index, slice):
            return Chosen(self.numbers[index], self.uids[index])
        return self.numbers[index], self.uids[index]

    def only(self, uids: Sequence[int]) -> Chosen:
        """Return those of them that are among ``uids``, all of which they hold."""
        if len(uids) == len(self.uids):
            return self
        kept = set(uids)
        return Chosen(list(compress(self.numbers, [uid in kept for uid in self.uids])), uids)

    def without(self, uids: Collection[int]) -> Chosen:
        """Return those of them that are not among ``uids``."""
        if not uids:
            return self
        kept = [uid not in uids for uid in self.uids]
        return Chosen(list(compress(self.numbers, kept)), list(compress(self.uids, kept)))
