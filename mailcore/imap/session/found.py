"""What a search has found: a column, not an object for each message."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import compress

from mailcore.imap.search import Relevancy
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.view import View


class Found:
    """Messages in the order in which they are told.

    UIDs and sequence numbers are made when somebody asks for them: an answer has one kind only.

    Arguments:
        view: of the mailbox that they are in.
        uids: theirs; or None, and then
        among: messages that were looked at, and
        mask: an octet for each, 1 where it is found.
        relevancy: of each to a search with FUZZY.
    """

    __slots__ = ("_among", "_mask", "_numbers", "_relevancy", "_uids", "_view")

    def __init__(
        self,
        view: View,
        uids: Sequence[int] | None = None,
        *,
        among: Chosen | None = None,
        mask: bytes = b"",
        relevancy: Relevancy | None = None,
    ) -> None:
        self._view = view
        self._uids = uids
        self._numbers: Sequence[int] | None = None
        self._among = among or Chosen()
        self._mask = mask
        self._relevancy = relevancy
        if uids is None and mask.count(1) == len(mask):
            self._uids, self._numbers = self._among.uids, self._among.numbers

    def __len__(self) -> int:
        return self._mask.count(1) if self._uids is None else len(self._uids)

    def __getitem__(self, places: slice) -> Found:
        return self.only(self.uids[places])

    @property
    def uids(self) -> Sequence[int]:
        """The UID of each."""
        if self._uids is None:
            self._uids = _masked(self._among.uids, self._mask)
        return self._uids

    @property
    def numbers(self) -> Sequence[int]:
        """The sequence number of each."""
        if self._numbers is None:
            if self._mask:
                self._numbers = _masked(self._among.numbers, self._mask)
            else:
                self._numbers = self._view.numbers(self.uids)
        return self._numbers

    def only(self, uids: Sequence[int]) -> Found:
        """Return some of them, or all in another order."""
        return Found(self._view, uids, relevancy=self._relevancy)

    def relevancies(self) -> tuple[int, ...]:
        """Return of each how relevant it is, from 1 to 100."""
        if self._relevancy is None:
            return (100,) * len(self)
        return tuple(map(self._relevancy.of, self.uids))

    def highest_modseq(self) -> int | None:
        """Return the highest mod-sequence of those that are not gone; None if all are."""
        return max(self._view.columns(sorted(self.uids)).modseqs, default=None)


def _masked(values: Sequence[int], mask: bytes) -> list[int]:
    """Return those of some values that the mask has a 1 for."""
    first, last = mask.find(1), mask.rfind(1)
    if first < 0:
        return []
    # What is looked for is often a part of the mailbox: only that is looked through.
    return list(compress(values[first : last + 1], mask[first : last + 1]))
