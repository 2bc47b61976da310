"""Messages in order of their UIDs, column by column: some forty octets each."""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from typing import Final

from mailcore.backend import MessageColumns
from mailcore.imap.columns import FlagColumn, without
from mailcore.imap.types import SequenceSet
from mailcore.imap.verdicts import UNKNOWN_DATE

#: In the place of a size that nobody has counted.
UNKNOWN_SIZE: Final = -1
# Messages that are looked for one by one.
_FEW: Final = 32


class Table:
    """What is known of the messages of a mailbox; all columns are in step.

    ``uids`` grows at its end, and is replaced by another array when something else happens: whoever
    remembers an array and how long it was has what it was.
    """

    def __init__(self) -> None:
        self.uids = array("I")
        self.flags = FlagColumn()
        self.modseqs = array("Q")
        self.sizes = array("q")
        self.dates = array("q")
        self.zones = array("h")
        self.sents = array("q")
        self.sent_zones = array("h")

    def __len__(self) -> int:
        return len(self.uids)

    def find(self, uid: int) -> int | None:
        """Return the place of a message, None if it is not here."""
        place = bisect_left(self.uids, uid)
        return place if place < len(self.uids) and self.uids[place] == uid else None

    def row(self, uids: Sequence[int]) -> slice | None:
        """Return where messages lie if they lie in a row, without others between them.

        Arguments:
            uids: rising.
        """
        start = self.find(uids[0]) if uids else None
        if start is None:
            return None
        places = slice(start, start + len(uids))
        wanted = uids if isinstance(uids, array) else array("I", uids)
        return places if self.uids[places] == wanted else None

    def places(self, uids: Sequence[int]) -> list[int]:
        """Return where those of some messages lie that are here.

        Arguments:
            uids: rising.
        """
        found: list[int] = []
        # Halved until they lie in a row, which they do mostly; the first piece last.
        waiting = [uids]
        while waiting:
            piece = waiting.pop()
            if (row := self.row(piece)) is not None:
                found.extend(range(row.start, row.stop))
            elif len(piece) > _FEW:
                middle = len(piece) // 2
                waiting += (piece[middle:], piece[:middle])
            else:
                found += [place for uid in piece if (place := self.find(uid)) is not None]
        return found

    def change(self, place: int, flags: frozenset[str], modseq: int) -> bool:
        """Note the flags of a message, if they are not older than what is known; tell whether
        something has changed.
        """
        known = self.modseqs[place]
        if modseq < known or not (self.flags.replace(place, flags) or modseq > known):
            return False
        self.modseqs[place] = modseq
        return True

    def change_row(self, uids: Sequence[int], flags: frozenset[str], modseq: int) -> bool:
        """Note the same flags of many messages, if they lie in a row and all of that is newer."""
        places = self.row(uids)
        if places is None or max(self.modseqs[places]) >= modseq:
            return False
        self.flags.fill(places, flags)
        self.modseqs[places] = array("Q", (modseq,)) * len(uids)
        return True

    def append(self, new: MessageColumns) -> None:
        """Put messages at the end."""
        count = len(new)
        self.uids.extend(new.uids)
        self.flags.extend(new.flags)
        self.modseqs.extend(new.modseqs)
        self.sizes.extend(new.sizes)
        self.dates.extend(new.dates)
        self.zones.extend(new.zones)
        self.sents.extend(array("q", (UNKNOWN_DATE,)) * count)
        self.sent_zones.extend(array("h", (0,)) * count)

    def insert(self, new: MessageColumns) -> None:
        """Put each of some messages where it belongs."""
        self.uids = self.uids[:]
        for at, uid in enumerate(new.uids):
            place = bisect_left(self.uids, uid)
            self.uids.insert(place, uid)
            self.flags.insert(place, new.flags[at])
            self.modseqs.insert(place, new.modseqs[at])
            self.sizes.insert(place, new.sizes[at])
            self.dates.insert(place, new.dates[at])
            self.zones.insert(place, new.zones[at])
            self.sents.insert(place, UNKNOWN_DATE)
            self.sent_zones.insert(place, 0)

    def remove(self, places: Sequence[int]) -> None:
        """Take messages out, from rising places."""
        runs = SequenceSet.rising(places).ranges
        self.flags.remove(runs)
        self.uids = without(self.uids, runs)
        self.modseqs = without(self.modseqs, runs)
        self.sizes = without(self.sizes, runs)
        self.dates = without(self.dates, runs)
        self.zones = without(self.zones, runs)
        self.sents = without(self.sents, runs)
        self.sent_zones = without(self.sent_zones, runs)
