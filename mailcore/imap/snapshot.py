"""One picture of a mailbox, shared by all sessions that look at it, and renewed by ``changes``.

A snapshot is arrays, some 50 octets a message. What has happened to it is a bounded log of UIDs;
each session reads that log at its own pace (``mailcore.imap.session.view``). A registry belongs
to one event loop: nothing here locks, and all that is changed is changed between two awaits.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections import OrderedDict, deque
from collections.abc import Hashable, Iterable, Sequence
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Final, TypeVar
from weakref import WeakValueDictionary

from mailcore.backend import Changes, FlagsChanged, Mailbox, MessageState
from mailcore.imap.verdicts import NO_DATE, UNKNOWN_DATE, Columns
from mailcore.limits import DEFAULT_LIMITS, Limits

T = TypeVar("T")

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_UNKNOWN_SIZE: Final = -1
# Mailboxes whose snapshots are kept although no session has them open: for STATUS in a row.
_KEPT: Final = 32
# Mailboxes whose \Recent mark is remembered.
_REMEMBERED: Final = 10_000
# Snapshots that overlap again and again are no reason to ask for ever.
_ATTEMPTS: Final = 10


class Rows:
    """Some messages of a snapshot, to be looked at together, before anything changes.

    Arguments:
        snapshot: that they are in.
        uids: theirs, rising.
        places: where they lie in its columns: in a row, or scattered.
    """

    __slots__ = ("_places", "_snapshot", "uids")

    def __init__(self, snapshot: Snapshot, uids: Sequence[int], places: slice | list[int]) -> None:
        self._snapshot = snapshot
        self.uids = uids
        self._places = places

    def of(self, column: Sequence[T]) -> Sequence[T]:
        """Return what stands in a column of the snapshot."""
        places = self._places
        return column[places] if isinstance(places, slice) else [column[one] for one in places]

    def flags(self) -> Sequence[frozenset[str]]:
        """Return the flags of each, without ``\\Recent``."""
        return self.of(self._snapshot._flags)

    def modseqs(self) -> Sequence[int]:
        """Return the mod-sequence of each."""
        return self.of(self._snapshot._modseqs)

    def sizes(self) -> Sequence[int] | None:
        """Return the octets of each, or None if one is not known."""
        sizes = self.of(self._snapshot._sizes)
        return None if _UNKNOWN_SIZE in sizes else sizes

    def dates(self) -> list[tuple[int, int]]:
        """Return when each arrived: seconds since 1970, and the minutes of its zone."""
        snapshot = self._snapshot
        return list(zip(self.of(snapshot._dates), self.of(snapshot._zones), strict=True))


class Snapshot:
    """What is known of one mailbox under one UIDVALIDITY.

    Arguments:
        limits: how long the log of changes is.
        recent_floor: messages from this UID on have not been told to any session.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, recent_floor: int = 1) -> None:
        self.uids = array("I")
        self.highest_modseq = 0
        self.uid_next = 1
        self.recent_floor = recent_floor
        self._flags: list[frozenset[str]] = []
        self._modseqs = array("Q")
        self._sizes = array("q")
        self._dates = array("q")
        self._zones = array("h")
        self._sents = array("q")
        self._sent_zones = array("h")
        self._interned: dict[frozenset[str], frozenset[str]] = {}
        self._log: list[int] = []
        self._log_start = 0
        self._log_limit = limits.queued_changes
        self._orders: OrderedDict[Hashable, Any] = OrderedDict()
        self._kept_orders = limits.kept_orders
        self._kept_order_messages = limits.kept_order_messages
        self._applied = 0

    # ----------------------------------------------------------------------------- looking

    def __len__(self) -> int:
        return len(self.uids)

    def __contains__(self, uid: int) -> bool:
        return self._index(uid) is not None

    def _index(self, uid: int) -> int | None:
        index = bisect_left(self.uids, uid)
        return index if index < len(self.uids) and self.uids[index] == uid else None

    def _at(self, uid: int) -> int:
        index = self._index(uid)
        if index is None:
            raise KeyError(uid)
        return index

    def rows(self, uids: Sequence[int]) -> Rows:
        """Return some messages to look at together.

        Arguments:
            uids: rising.

        Raises:
            KeyError: one of them is gone.
        """
        return Rows(self, uids, self._row(uids) or [self._at(uid) for uid in uids])

    def still(self, uids: Sequence[int]) -> Sequence[int]:
        """Return those messages that are not gone.

        Arguments:
            uids: rising.
        """
        return uids if self._row(uids) else [uid for uid in uids if uid in self]

    def _row(self, uids: Sequence[int]) -> slice | None:
        """Return where messages lie in a row, or None if they do not."""
        start = self._index(uids[0]) if uids else None
        if start is None:
            return None
        places = slice(start, start + len(uids))
        return places if self.uids[places] == array("I", uids) else None

    def flags(self, uid: int) -> frozenset[str]:
        """Return the flags of a message, without ``\\Recent``; KeyError if it is gone."""
        return self._flags[self._at(uid)]

    def modseq(self, uid: int) -> int:
        """Return the mod-sequence of a message; KeyError if it is gone."""
        return self._modseqs[self._at(uid)]

    def size(self, uid: int) -> int | None:
        """Return the octets of a message, None if unknown; KeyError if it is gone."""
        size = self._sizes[self._at(uid)]
        return None if size == _UNKNOWN_SIZE else size

    def set_size(self, uid: int, size: int) -> None:
        """Note a size that somebody has counted."""
        index = self._index(uid)
        if index is not None:
            self._sizes[index] = size

    def set_sent(self, uid: int, sent: datetime | None) -> None:
        """Note the sent date of a message; None if it has none."""
        index = self._index(uid)
        if index is not None:
            zone = (sent and sent.utcoffset()) or timedelta()
            self._sents[index] = NO_DATE if sent is None else (sent - _EPOCH) // _SECOND
            self._sent_zones[index] = zone // timedelta(minutes=1)

    def internal_date(self, uid: int) -> datetime:
        """Return when a message arrived; KeyError if it is gone."""
        index = self._at(uid)
        zone = timezone(timedelta(minutes=self._zones[index])) if self._zones[index] else UTC
        return (_EPOCH + timedelta(seconds=self._dates[index])).astimezone(zone)

    def columns(self, uids: Sequence[int], recent: Sequence[tuple[int, int]] = ()) -> Columns:
        """Return what is known of these messages, those that are gone left out.

        Arguments:
            uids: rising.
            recent: UIDs between which messages are ``\\Recent``.
        """
        rows = self.rows(self.still(uids))
        return Columns(
            rows.uids,
            rows.flags(),
            rows.modseqs(),
            rows.of(self._sizes),
            rows.of(self._dates),
            rows.of(self._zones),
            rows.of(self._sents),
            rows.of(self._sent_zones),
            recent,
        )

    def changed_since(self, modseq: int) -> list[int]:
        """Return the UIDs of the messages that have changed after a mod-sequence."""
        return [uid for uid, own in zip(self.uids, self._modseqs, strict=True) if own > modseq]

    def count_flag(self, flag: str) -> int:
        """Return how many messages have a flag."""
        having = {flags for flags in self._interned.values() if flag in flags}
        return sum(1 for flags in self._flags if flags in having) if having else 0

    def first_without(self, flag: str) -> int | None:
        """Return the lowest UID without a flag, or None."""
        for uid, flags in zip(self.uids, self._flags, strict=True):
            if flag not in flags:
                return uid
        return None

    def unknown_sizes(self) -> list[int]:
        """Return the UIDs whose size nobody has counted."""
        return [
            uid for uid, size in zip(self.uids, self._sizes, strict=True) if size == _UNKNOWN_SIZE
        ]

    def total_size(self) -> int:
        """Return the octets of all messages whose size is known."""
        return sum(size for size in self._sizes if size != _UNKNOWN_SIZE)

    def known_flags(self) -> frozenset[str]:
        """Return the flags that messages here have or lately had."""
        return frozenset().union(*self._interned)

    # -------------------------------------------------------------------------- kept orders

    def kept_order(self, kind: Hashable) -> Any:
        """Return what :meth:`keep_order` was given; None once a message has come or gone."""
        order = self._orders.get(kind)
        if order is not None:
            self._orders.move_to_end(kind)
        return order

    def keep_order(self, kind: Hashable, order: Any) -> None:
        """Keep what follows from which messages there are, and from nothing else that changes."""
        if len(self.uids) > self._kept_order_messages:
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

    def _note(self, uids: Iterable[int]) -> None:
        self._log.extend(uids)
        if len(self._log) > 2 * self._log_limit:
            surplus = len(self._log) - self._log_limit
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
                if changes != Changes((), highest_modseq=self.highest_modseq):
                    self._apply(changes)
                return
            if not changes.complete:
                if changes.highest_modseq > self.highest_modseq:
                    self._apply(changes)
                return

    def _apply(self, changes: Changes) -> None:
        self._applied += 1
        vanished = set(changes.vanished)
        if changes.complete:
            vanished.update(self.uids)
            vanished.difference_update(message.uid for message in changes.messages)
        self._remove(vanished)
        added: list[MessageState] = []
        for message in changes.messages:
            index = self._index(message.uid)
            if index is None:
                added.append(message)
            else:
                self._change(index, message.uid, message.flags, message.modseq)
        self._add(added)
        for flagged in changes.flagged:
            self._change_flags(flagged)
        self.highest_modseq = max(self.highest_modseq, changes.highest_modseq)
        after_last = self.uids[-1] + 1 if self.uids else 1
        self.uid_next = max(self.uid_next, changes.uid_next, after_last)

    def _remove(self, vanished: set[int]) -> None:
        indexes = sorted(index for uid in vanished if (index := self._index(uid)) is not None)
        if not indexes:
            return
        self._orders.clear()
        self._note(self.uids[index] for index in indexes)
        for column in (
            self.uids, self._flags, self._modseqs, self._sizes, self._dates, self._zones,
            self._sents, self._sent_zones,
        ):  # fmt: skip
            _delete(column, indexes)

    def _change(self, index: int, uid: int, flags: frozenset[str], modseq: int) -> None:
        if modseq < self._modseqs[index]:
            return
        flags = self._intern(flags)
        if flags != self._flags[index] or modseq != self._modseqs[index]:
            self._flags[index] = flags
            self._modseqs[index] = modseq
            self._note((uid,))

    def _change_flags(self, changed: FlagsChanged) -> None:
        uids, flags, modseq = changed
        places = self._row(uids)
        if places is not None and max(self._modseqs[places]) < modseq:
            self._flags[places] = [self._intern(flags)] * len(uids)
            self._modseqs[places] = array("Q", [modseq]) * len(uids)
            self._note(uids)
            return
        for uid in uids:
            index = self._index(uid)
            if index is not None:
                self._change(index, uid, flags, modseq)

    def _add(self, messages: list[MessageState]) -> None:
        messages.sort(key=lambda message: message.uid)
        if messages:
            self._orders.clear()
        for message in messages:
            # At the end, except when a backend reports a low UID late.
            index = len(self.uids)
            if self.uids and message.uid < self.uids[-1]:
                index = bisect_left(self.uids, message.uid)
            since_epoch = message.internal_date - _EPOCH
            zone = message.internal_date.utcoffset() or timedelta()
            self.uids.insert(index, message.uid)
            self._flags.insert(index, self._intern(message.flags))
            self._modseqs.insert(index, message.modseq)
            self._sizes.insert(index, _UNKNOWN_SIZE if message.size is None else message.size)
            self._dates.insert(index, since_epoch // timedelta(seconds=1))
            self._zones.insert(index, zone // timedelta(minutes=1))
            self._sents.insert(index, UNKNOWN_DATE)
            self._sent_zones.insert(index, 0)
        self._note(message.uid for message in messages)

    def _intern(self, flags: frozenset[str]) -> frozenset[str]:
        if len(self._interned) > 2 * len(self._flags) + 1000:
            self._interned = {known: known for known in self._flags}
        return self._interned.setdefault(flags, flags)


def _delete(column: list[frozenset[str]] | array[int], indexes: list[int]) -> None:
    """Delete rising indexes, neighbours at once."""
    position = len(indexes) - 1
    while position >= 0:
        high = low = indexes[position]
        while position > 0 and indexes[position - 1] == low - 1:
            position -= 1
            low = indexes[position]
        del column[low : high + 1]
        position -= 1


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
