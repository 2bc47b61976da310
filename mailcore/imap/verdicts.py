"""SEARCH for all messages of a mailbox at once, as far as flags, dates and sizes decide.

The logic is that of ``mailcore.imap.search``: yes, no, or open. A verdict is two numbers, in which
each message has one octet, so that And, Or and Not are one operation each.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol

from mailcore.imap import searchkeys as keys
from mailcore.imap.columns import FlagColumn
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.types import SequenceSet

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND = timedelta(seconds=1)
_DAY = 24 * 60 * 60
#: In the place of a sent date. No date that can be written is as early.
UNKNOWN_DATE = -(2**63)
NO_DATE = UNKNOWN_DATE + 1


class Columns(Protocol):
    """What is at hand of some messages, column by column.

    ``sizes`` are less than nothing where they are not known; dates are in seconds since 1970, their
    zones in minutes. A sent date is :data:`NO_DATE` where the message has none, and
    :data:`UNKNOWN_DATE` where nobody has looked. A message with a UID within one of the ranges in
    ``recent`` is ``\\Recent``.
    """

    @property
    def uids(self) -> Sequence[int]: ...
    @property
    def flags(self) -> FlagColumn: ...
    @property
    def modseqs(self) -> Sequence[int]: ...
    @property
    def sizes(self) -> Sequence[int]: ...
    @property
    def dates(self) -> Sequence[int]: ...
    @property
    def zones(self) -> Sequence[int]: ...
    @property
    def sents(self) -> Sequence[int]: ...
    @property
    def sent_zones(self) -> Sequence[int]: ...
    @property
    def recent(self) -> Sequence[tuple[int, int]]: ...


@dataclass(frozen=True, slots=True)
class Verdict:
    """Which messages match for certain, and which may; an octet each, 1 or 0, all in one number."""

    yes: int
    open: int = 0


def judge(
    key: SearchKey, columns: Columns, uids: Sequence[int], now: datetime | None = None
) -> tuple[bytes, bytes]:
    """Return for each message whether it matches, and whether that is open: 1 or 0.

    Arguments:
        key: what was asked for.
        columns: of the messages.
        uids: the messages that the session knows of, by sequence number.
        now: the time, with a zone, for OLDER and YOUNGER.

    Raises:
        ValueError: as :func:`mailcore.imap.search.compile_key` says.
    """
    found = _Judge(columns, uids, now).judge(key)
    count = len(columns.uids)
    return found.yes.to_bytes(count, "little"), found.open.to_bytes(count, "little")


def _number(octets: Iterable[int]) -> int:
    return int.from_bytes(bytes(octets), "little")


class _Judge:
    """Judges one key after the other over the same messages."""

    def __init__(self, columns: Columns, uids: Sequence[int], now: datetime | None) -> None:
        self._columns = columns
        self._uids = uids
        self._now = now
        self._all = int.from_bytes(b"\1" * len(columns.uids), "little")

    def judge(self, key: SearchKey) -> Verdict:
        columns = self._columns
        match key:
            case keys.All():
                return Verdict(self._all)
            case keys.And(parts):
                return self._and(parts)
            case keys.Or(left, right):
                one, other = self.judge(left), self.judge(right)
                yes = one.yes | other.yes
                return Verdict(yes, (one.open | other.open) & ~yes)
            case keys.Not(inner):
                verdict = self.judge(inner)
                return Verdict(self._all ^ verdict.yes ^ verdict.open, verdict.open)
            case keys.HasFlag(flag):
                return Verdict(self._has_flag(flag.lower()))
            case keys.InSet(numbers, uid):
                return Verdict(self._within(self._ranges(numbers, uid)))
            case keys.ModSeq(modseq):
                return Verdict(_number(map(modseq.__le__, columns.modseqs)))
            case keys.Larger(size):
                return self._known_size(_number(map(size.__lt__, columns.sizes)))
            case keys.Smaller(size):
                return self._known_size(_number(map(size.__gt__, columns.sizes)))
            case keys.DateKey(keys.INTERNAL, relation, day):
                return Verdict(_on_days(columns.dates, columns.zones, relation, day))
            case keys.DateKey(keys.SENT, relation, day):
                return self._sent_date(relation, day)
            case keys.Age(relation, seconds):
                return Verdict(self._age(relation, seconds))
            case keys.Fuzzy():
                return self.judge(keys.without_fuzzy(key))
            case keys.Like() | keys.Header() | keys.Body() | keys.Text() | keys.HasAttachment():
                return Verdict(0, self._all)
            case _:
                raise ValueError("the mailbox is to be asked first")

    def _and(self, parts: Sequence[SearchKey]) -> Verdict:
        found = Verdict(self._all)
        for part in parts:
            verdict = self.judge(part)
            yes = found.yes & verdict.yes
            possible = (found.yes | found.open) & (verdict.yes | verdict.open)
            found = Verdict(yes, possible & ~yes)
        return found

    def _has_flag(self, wanted: str) -> int:
        columns = self._columns
        if wanted == "\\recent":
            return self._within(columns.recent)
        return int.from_bytes(columns.flags.having(wanted), "little")

    def _ranges(self, numbers: SequenceSet, uid: bool) -> Iterator[tuple[int, int]]:
        """Yield ranges of UIDs, in which no other messages of this session are."""
        uids = self._uids
        for span in numbers.spans(uids if uid else range(1, len(uids) + 1)):
            if span.start < span.stop:
                yield uids[span.start], uids[span.stop - 1]

    def _within(self, ranges: Iterable[tuple[int, int]]) -> int:
        uids = self._columns.uids
        octets = bytearray(len(uids))
        for low, high in ranges:
            first, end = bisect_left(uids, low), bisect_right(uids, high)
            octets[first:end] = b"\1" * (end - first)
        return int.from_bytes(octets, "little")

    def _known_size(self, matching: int) -> Verdict:
        if min(self._columns.sizes, default=0) >= 0:
            return Verdict(matching)
        unknown = _number(map((0).__gt__, self._columns.sizes))
        return Verdict(matching & ~unknown, unknown)

    def _sent_date(self, relation: str, day: date) -> Verdict:
        sents = self._columns.sents
        matching = _on_days(sents, self._columns.sent_zones, relation, day)
        if min(sents, default=0) > NO_DATE:
            return Verdict(matching)
        unknown = _number(map(UNKNOWN_DATE.__eq__, sents))
        dated = _number(map(NO_DATE.__lt__, sents))
        return Verdict(matching & dated, unknown)

    def _age(self, relation: str, seconds: int) -> int:
        if self._now is None:
            raise ValueError("OLDER and YOUNGER need the time")
        since = self._now - _EPOCH - timedelta(seconds=seconds)
        if relation == "OLDER":
            latest = since // _SECOND
            return _number(map(latest.__ge__, self._columns.dates))
        earliest = -(-since // _SECOND)
        return _number(map(earliest.__le__, self._columns.dates))


def _on_days(dates: Sequence[int], zones: Sequence[int], relation: str, day: date) -> int:
    """By the days that they were where the dates were written (RFC 9051 §6.4.4)."""
    if any(zones):
        dates = [moment + 60 * zone for moment, zone in zip(dates, zones, strict=True)]
    start = (day - _EPOCH.date()).days * _DAY
    match relation:
        case "BEFORE":
            return _number(map(start.__gt__, dates))
        case "SINCE":
            return _number(map(start.__le__, dates))
        case _:
            return _number(map(range(start, start + _DAY).__contains__, dates))
