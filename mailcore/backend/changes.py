"""The one change primitive: what is new, changed and vanished in a mailbox."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from typing import Final, NamedTuple, overload

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_MINUTE: Final = timedelta(minutes=1)
_UNKNOWN_SIZE: Final = -1


class MessageState(NamedTuple):
    """What a mailbox says of one message. A tuple, since a mailbox has many of them.

    Arguments:
        uid: 1 to 2**32-1, never used twice under one UIDVALIDITY.
        flags: system flags as RFC 9051 §2.3.2 spells them, and keywords. ``\\Recent`` is the
            engine's.
        modseq: the mailbox's mod-sequence when this message last changed (RFC 7162 §3.1.1).
        internal_date: when it arrived; must carry a time zone.
        size: octets of the message, or None if unknown: the engine then reads it to count.
    """

    uid: int
    flags: frozenset[str] = frozenset()
    modseq: int = 1
    internal_date: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    size: int | None = None


class FlagsChanged(NamedTuple):
    """What became of the flags of messages that are known: the same for all of them.

    Arguments:
        uids: rising. Those that are gone are passed over.
        flags: all that each of them has now.
        modseq: as of :class:`MessageState`.
    """

    uids: Sequence[int]
    flags: frozenset[str]
    modseq: int


class MessageColumns(Sequence[MessageState]):
    """Messages column by column; as a sequence it is their states.

    Optional: for a mailbox of very many messages that spares an object for each. The engine keeps
    them like this anyway.
    """

    __slots__ = ("dates", "flags", "modseqs", "sizes", "uids", "zones")

    def __init__(self) -> None:
        self.uids = array("I")
        self.flags: list[frozenset[str]] = []
        self.modseqs = array("Q")
        self.dates = array("q")
        self.zones = array("h")
        self.sizes = array("q")

    @classmethod
    def of(cls, messages: Sequence[MessageState]) -> MessageColumns:
        """Return messages by columns, if they are not."""
        if isinstance(messages, MessageColumns):
            return messages
        columns = cls()
        for message in messages:
            date = message.internal_date
            columns.uids.append(message.uid)
            columns.flags.append(message.flags)
            columns.modseqs.append(message.modseq)
            columns.dates.append((date - _EPOCH) // _SECOND)
            columns.zones.append((date.utcoffset() or timedelta()) // _MINUTE)
            columns.sizes.append(_UNKNOWN_SIZE if message.size is None else message.size)
        return columns

    def extend(
        self,
        uids: Sequence[int],
        flags: Iterable[frozenset[str]],
        modseqs: Sequence[int],
        dates: Sequence[int],
        zones: Sequence[int],
        sizes: Sequence[int],
    ) -> None:
        """Add messages.

        Arguments:
            uids, flags, modseqs: as of :class:`MessageState`.
            dates: internal dates, in seconds since 1970.
            zones: of these, in minutes.
            sizes: octets; -1 where it is not known.
        """
        self.uids += array("I", uids)
        self.flags += flags
        self.modseqs += array("Q", modseqs)
        self.dates += array("q", dates)
        self.zones += array("h", zones)
        self.sizes += array("q", sizes)

    def add(self, others: MessageColumns) -> None:
        """Add messages that are in columns."""
        self.uids += others.uids
        self.flags += others.flags
        self.modseqs += others.modseqs
        self.dates += others.dates
        self.zones += others.zones
        self.sizes += others.sizes

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, MessageColumns):
            return NotImplemented
        return list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __len__(self) -> int:
        return len(self.uids)

    @overload
    def __getitem__(self, index: int) -> MessageState: ...
    @overload
    def __getitem__(self, index: slice) -> list[MessageState]: ...
    def __getitem__(self, index: int | slice) -> MessageState | list[MessageState]:
        if isinstance(index, slice):
            return [self[place] for place in range(*index.indices(len(self)))]
        zone, size = self.zones[index], self.sizes[index]
        local = _EPOCH + timedelta(seconds=self.dates[index], minutes=zone)
        return MessageState(
            self.uids[index],
            self.flags[index],
            self.modseqs[index],
            local.replace(tzinfo=timezone(timedelta(minutes=zone)) if zone else UTC),
            None if size == _UNKNOWN_SIZE else size,
        )

    def picked(self, places: Iterable[int]) -> MessageColumns:
        """Return those that stand in some places, in this order."""
        chosen = list(places)
        picked = MessageColumns()
        picked.extend(
            [self.uids[place] for place in chosen],
            [self.flags[place] for place in chosen],
            [self.modseqs[place] for place in chosen],
            [self.dates[place] for place in chosen],
            [self.zones[place] for place in chosen],
            [self.sizes[place] for place in chosen],
        )
        return picked


@dataclass(frozen=True, slots=True)
class Changes:
    """The one change primitive: what is new, changed and vanished after a mod-sequence.

    Arguments:
        messages: those that are new or whose flags changed.
        vanished: UIDs that are gone.
        highest_modseq: as of now; pass it as ``since`` the next time. Each change raises it.
        uid_next: the UID that the next message would get at least.
        complete: True if ``messages`` is all there is, so that whatever is not in it has vanished.
            For ``since=0``, and for backends that keep no history.
        flagged: a shorter way to tell of messages that were told before, or stand in ``messages``,
            and have other flags since; taken in behind those, one after the other.
    """

    messages: Sequence[MessageState]
    vanished: Sequence[int] = ()
    highest_modseq: int = 1
    uid_next: int = 1
    complete: bool = False
    flagged: Sequence[FlagsChanged] = ()


@lru_cache(maxsize=4096)
def unchanged(modseq: int) -> Changes:
    """Return what most looks find: nothing has happened since a mod-sequence.

    Made once for all who ask.
    """
    return Changes((), highest_modseq=modseq)


def all_messages(messages: Iterable[MessageState], *, modseq: int = 1) -> Changes:
    """Make :class:`Changes` for a mailbox that keeps no history: simply all that is there now.

    Arguments:
        messages: all of them, in any order.
        modseq: any number that never falls and rises with each change; a constant is right for
            a mailbox whose messages only come and go.
    """
    ordered = sorted(messages, key=lambda message: message.uid)
    uid_next = ordered[-1].uid + 1 if ordered else 1
    return Changes(ordered, highest_modseq=modseq, uid_next=uid_next, complete=True)
