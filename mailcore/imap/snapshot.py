"""One picture of a mailbox, shared by all sessions that look at it, and renewed by ``changes``.

A snapshot is a table, some 40 octets a message. What has happened to it is a bounded log of UIDs;
each session reads that log at its own pace (``mailcore.imap.session.view``). A registry belongs
to one event loop: nothing here locks, and all that is changed is changed between two awaits.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections import OrderedDict, deque
from collections.abc import Collection, Hashable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from itertools import compress
from operator import lt
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from mailcore.backend import Changes, FlagsChanged, Mailbox, MessageColumns
from mailcore.imap.columns import FlagColumn
from mailcore.imap.table import UNKNOWN_SIZE, Table
from mailcore.imap.verdicts import NO_DATE
from mailcore.limits import DEFAULT_LIMITS, Limits

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
# Mailboxes whose snapshots are kept although no session has them open: for STATUS in a row.
_KEPT: Final = 32
# Mailboxes whose \Recent mark is remembered.
_REMEMBERED: Final = 10_000
# Snapshots that overlap again and again are no reason to ask for ever.
_ATTEMPTS: Final = 10


class Rows:
    """Some messages of a snapshot, to be looked at together, before anything changes.

    Arguments:
        table: that they are in.
        uids: theirs, rising.
        places: where they lie in its columns: in a row, or scattered.
        recent: UIDs between which messages are ``\\Recent``.
    """

    __slots__ = ("_places", "_table", "recent", "uids")

    def __init__(
        self,
        table: Table,
        uids: Sequence[int],
        places: slice | list[int],
        recent: Sequence[tuple[int, int]] = (),
    ) -> None:
        self._table = table
        self.uids = uids
        self._places = places
        self.recent = recent

    def _of(self, column: Sequence[T]) -> Sequence[T]:
        places = self._places
        return column[places] if isinstance(places, slice) else [column[one] for one in places]

    @property
    def flags(self) -> FlagColumn:
        """The flags of each, without ``\\Recent``."""
        places = self._places
        flags = self._table.flags
        return flags[places] if isinstance(places, slice) else flags.at(places)

    @property
    def modseqs(self) -> Sequence[int]:
        """The mod-sequence of each."""
        return self._of(self._table.modseqs)

    @property
    def sizes(self) -> Sequence[int]:
        """The octets of each; less than nothing where nobody has counted."""
        return self._of(self._table.sizes)

    @property
    def dates(self) -> Sequence[int]:
        """When each arrived, in seconds since 1970."""
        return self._of(self._table.dates)

    @property
    def zones(self) -> Sequence[int]:
        """The zones of these dates, in minutes."""
        return self._of(self._table.zones)

    @property
    def sents(self) -> Sequence[int]:
        """When each was sent; see :class:`mailcore.imap.verdicts.Columns`."""
        return self._of(self._table.sents)

    @property
    def sent_zones(self) -> Sequence[int]:
        """The zones of these dates, in minutes."""
        return self._of(self._table.sent_zones)


class Snapshot:
    """What is known of one mailbox under one UIDVALIDITY.

    Arguments:
        limits: how long the log of changes is.
        recent_floor: messages from this UID on have not been told to any session.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, recent_floor: int = 1) -> None:
        self.highest_modseq = 0
        self.uid_next = 1
        self.recent_floor = recent_floor
        #: How often a message came under a UID that was not the highest ever: what was there before
        #: is then no longer the beginning of what is there now.
        self.late = 0
        self._table = Table()
        self._log: list[int] = []
        self._log_start = 0
        self._log_limit = limits.queued_changes
        self._orders: OrderedDict[Hashable, Any] = OrderedDict()
        self._kept_orders = limits.kept_orders
        self._kept_order_messages = limits.kept_order_messages
        self._applied = 0

    # ----------------------------------------------------------------------------- looking

    @property
    def uids(self) -> array[int]:
        """All UIDs, rising; see :class:`Table` for how the array changes."""
        return self._table.uids

    def __len__(self) -> int:
        return len(self._table)

    def __contains__(self, uid: int) -> bool:
        return self._table.find(uid) is not None

    def _at(self, uid: int) -> int:
        place = self._table.find(uid)
        if place is None:
            raise KeyError(uid)
        return place

    def rows(self, uids: Sequence[int]) -> Rows:
        """Return some messages to look at together.

        Arguments:
            uids: rising.

        Raises:
            KeyError: one of them is gone.
        """
        rows = self.columns(uids)
        if len(rows.uids) < len(uids):
            raise KeyError(set(uids).difference(rows.uids))
        return rows

    def still(self, uids: Sequence[int]) -> Sequence[int]:
        """Return those messages that are not gone.

        Arguments:
            uids: rising.
        """
        return self.columns(uids).uids

    def columns(self, uids: Sequence[int], recent: Sequence[tuple[int, int]] = ()) -> Rows:
        """Return what is known of these messages, those that are gone left out.

        Arguments:
            uids: rising.
            recent: UIDs between which messages are ``\\Recent``.
        """
        table = self._table
        row = table.row(uids)
        if row is not None:
            return Rows(table, uids, row, recent)
        places = table.places(uids)
        if len(places) < len(uids):
            uids = [table.uids[place] for place in places]
        return Rows(table, uids, places, recent)

    def flags(self, uid: int) -> frozenset[str]:
        """Return the flags of a message, without ``\\Recent``; KeyError if it is gone."""
        return self._table.flags[self._at(uid)]

    def modseq(self, uid: int) -> int:
        """Return the mod-sequence of a message; KeyError if it is gone."""
        return self._table.modseqs[self._at(uid)]

    def size(self, uid: int) -> int | None:
        """Return the octets of a message, None if unknown; KeyError if it is gone."""
        size = self._table.sizes[self._at(uid)]
        return None if size == UNKNOWN_SIZE else size

    def set_size(self, uid: int, size: int) -> None:
        """Note a size that somebody has counted."""
        place = self._table.find(uid)
        if place is not None:
            self._table.sizes[place] = size

    def set_sent(self, uid: int, sent: datetime | None) -> None:
        """Note the sent date of a message; None if it has none."""
        place = self._table.find(uid)
        if place is not None:
            zone = (sent and sent.utcoffset()) or timedelta()
            self._table.sents[place] = NO_DATE if sent is None else (sent - _EPOCH) // _SECOND
            self._table.sent_zones[place] = zone // timedelta(minutes=1)

    def internal_date(self, uid: int) -> datetime:
        """Return when a message arrived; KeyError if it is gone."""
        place = self._at(uid)
        minutes = self._table.zones[place]
        zone = timezone(timedelta(minutes=minutes)) if minutes else UTC
        return (_EPOCH + timedelta(seconds=self._table.dates[place])).astimezone(zone)

    def changed_since(self, modseq: int) -> list[int]:
        """Return the UIDs of the messages that have changed after a mod-sequence."""
        return list(compress(self.uids, map(modseq.__lt__, self._table.modseqs)))

    def having(self, flag: str) -> list[int]:
        """Return the UIDs of the messages that have a flag."""
        return list(compress(self.uids, self._table.flags.having(flag)))

    def count_flag(self, flag: str) -> int:
        """Return how many messages have a flag."""
        return self._table.flags.having(flag).count(1)

    def first_without(self, flag: str) -> int | None:
        """Return the lowest UID without a flag, or None."""
        place = self._table.flags.having(flag).find(0)
        return None if place < 0 else self.uids[place]

    def count_recent(self) -> int:
        """Return how many messages no session has been told."""
        return len(self) - bisect_left(self.uids, self.recent_floor)

    def unknown_sizes(self) -> list[int]:
        """Return the UIDs whose size nobody has counted."""
        return list(compress(self.uids, map(UNKNOWN_SIZE.__eq__, self._table.sizes)))

    def total_size(self) -> int:
        """Return the octets of all messages whose size is known."""
        sizes = self._table.sizes
        return sum(sizes) - UNKNOWN_SIZE * sizes.count(UNKNOWN_SIZE)

    def known_flags(self) -> frozenset[str]:
        """Return the flags that messages here have or lately had."""
        return self._table.flags.known()

    # -------------------------------------------------------------------------- kept orders

    def kept_order(self, kind: Hashable) -> Any:
        """Return what :meth:`keep_order` was given; None once a message has come or gone."""
        order = self._orders.get(kind)
        if order is not None:
            self._orders.move_to_end(kind)
        return order

    def keep_order(self, kind: Hashable, order: Any) -> None:
        """Keep what follows from which messages there are, and from nothing else that changes."""
        if len(self) > self._kept_order_messages:
            return
        self._orders[kind] = order
        self._orders.move_to_end(kind)
        if len(self._orders) > self._kept_orders:
            self._orders.popitem(last=False)

    # ----------------------------------------------------------------------------- the log

    @property
    def log_end(self) -> int:
        """The position that a session has read to when it knows everything."""
        return self._log_start + len(self._log)

    def log_since(self, position: int) -> Sequence[int] | None:
        """Return the UIDs that something happened to since a position; None if it is too old."""
        if position < self._log_start:
            return None
        return self._log[position - self._log_start :]

    def _note(self, uids: Sequence[int]) -> None:
        limit = self._log_limit
        if len(uids) > limit:
            # Whoever has not read what goes from the log here compares anyway.
            self._log_start = self.log_end + len(uids) - limit
            self._log = list(uids[-limit:])
            return
        self._log.extend(uids)
        if len(self._log) > 2 * limit:
            surplus = len(self._log) - limit
            del self._log[:surplus]
            self._log_start += surplus

    # -------------------------------------------------------------------------- refreshing

    async def refresh(self, mailbox: Mailbox) -> None:
        """Ask the mailbox what has changed, and take it in.

        Several sessions may be here at a time. Whatever was in the mailbox when the call began is
        in the snapshot when it returns, and nothing newer is ever replaced by something older:
        an answer that overlapped with another one is taken only if its mod-sequence says that it
        is newer; a whole listing, whose mod-sequence may say nothing, is asked for again.

        Raises:
            BackendError: the mailbox refuses; the snapshot is as it was.
        """
        for _ in range(_ATTEMPTS):
            applied = self._applied
            changes = await mailbox.changes(self.highest_modseq)
            if applied == self._applied:
                if not self._is_known(changes):
                    self._apply(changes)
                return
            if not changes.complete:
                if changes.highest_modseq > self.highest_modseq:
                    self._apply(changes)
                return

    def _is_known(self, changes: Changes) -> bool:
        """Tell whether nothing has happened."""
        if changes.complete or changes.messages or changes.vanished or changes.flagged:
            return False
        return changes.highest_modseq <= self.highest_modseq and changes.uid_next <= self.uid_next

    def _apply(self, changes: Changes) -> None:
        self._applied += 1
        if changes.messages or changes.complete:
            self._apply_states(changes)
        else:
            self._remove(changes.vanished)
        for flagged in changes.flagged:
            self._change_flags(flagged)
        self.highest_modseq = max(self.highest_modseq, changes.highest_modseq)
        after_last = self.uids[-1] + 1 if self.uids else 1
        self.uid_next = max(self.uid_next, changes.uid_next, after_last)

    def _apply_states(self, changes: Changes) -> None:
        told = _rising(MessageColumns.of(changes.messages))
        if not changes.complete:
            self._remove(changes.vanished)
        elif self.uids:
            self._remove(set(self.uids).difference(told.uids))
        # Most are new and come behind all others, or most are known.
        last = self.uids[-1] if self.uids else 0
        behind = bisect_right(told.uids, last)
        late = self._change(told, behind)
        if late:
            self._add(told.picked(late), behind=False)
        if behind < len(told):
            self._add(told if not behind else told.picked(range(behind, len(told))), behind=True)

    def _remove(self, uids: Collection[int]) -> None:
        if not uids:
            return
        places = self._table.places(sorted(set(uids)))
        if places:
            self._orders.clear()
            self._note([self.uids[place] for place in places])
            self._table.remove(places)

    def _change(self, told: MessageColumns, count: int) -> list[int]:
        """Take in the first of some messages as far as they are known; return which are not."""
        unknown: list[int] = []
        changed: list[int] = []
        for at in range(count):
            place = self._table.find(told.uids[at])
            if place is None:
                unknown.append(at)
            elif self._table.change(place, told.flags[at], told.modseqs[at]):
                changed.append(told.uids[at])
        self._note(changed)
        return unknown

    def _change_flags(self, flagged: FlagsChanged) -> None:
        uids, flags, modseq = flagged
        if self._table.change_row(uids, flags, modseq):
            self._note(uids)
            return
        places = self._table.places(uids)
        changed = [place for place in places if self._table.change(place, flags, modseq)]
        self._note([self.uids[place] for place in changed])

    def _add(self, new: MessageColumns, *, behind: bool) -> None:
        self._orders.clear()
        if new.uids[0] < self.uid_next:
            self.late += 1
        if behind:
            self._table.append(new)
        else:
            self._table.insert(new)
        self._note(new.uids)


def _rising(messages: MessageColumns) -> MessageColumns:
    """Return messages by rising UID; of those with the same one the last."""
    uids = messages.uids
    if all(map(lt, uids, uids[1:])):
        return messages
    places = {uid: place for place, uid in enumerate(uids)}
    return messages.picked(places[uid] for uid in sorted(places))


class Snapshots:
    """The snapshots of one backend, for all its sessions in one event loop.

    Arguments:
        limits: bounds of each snapshot.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._open: WeakValueDictionary[tuple[str, int], Snapshot] = WeakValueDictionary()
        self._kept: deque[Snapshot] = deque(maxlen=_KEPT)
        self._floors: OrderedDict[tuple[str, int], int] = OrderedDict()

    def get(self, mailbox: Mailbox) -> Snapshot:
        """Return the snapshot of a mailbox; it may be empty or old: refresh it."""
        key = (mailbox.id, mailbox.uid_validity)
        snapshot = self._open.get(key)
        if snapshot is None:
            snapshot = Snapshot(self._limits, self._floors.get(key, 1))
            self._open[key] = snapshot
        if snapshot not in self._kept:
            self._kept.append(snapshot)
        return snapshot

    def claim_recent(self, mailbox: Mailbox, snapshot: Snapshot) -> tuple[int, int] | None:
        """Make what no session has been told ``\\Recent`` in this one (RFC 3501 §2.3.2).

        Returns:
            The lowest and the highest UID of them, or None.
        """
        if not snapshot.uids or snapshot.uids[-1] < snapshot.recent_floor:
            return None
        claimed = (snapshot.recent_floor, snapshot.uids[-1])
        snapshot.recent_floor = claimed[1] + 1
        key = (mailbox.id, mailbox.uid_validity)
        self._floors[key] = snapshot.recent_floor
        self._floors.move_to_end(key)
        if len(self._floors) > _REMEMBERED:
            self._floors.popitem(last=False)
        return claimed
