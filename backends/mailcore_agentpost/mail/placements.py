"""Placements: which message lies in which folder, under which UID and with which flags."""

from __future__ import annotations

import json
import sqlite3
import time
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from functools import lru_cache
from itertools import pairwise
from typing import Any, Final

from mailcore.backend import (
    Changes,
    Copied,
    FlagAction,
    FlagsChanged,
    LimitReached,
    MessageColumns,
    NoSuchMailbox,
)
from mailcore_agentpost.mail.events import record_deletions, record_updates
from mailcore_agentpost.mail.folders import Folder, advance
from mailcore_agentpost.mail.messages import purge
from mailcore_agentpost.store import Transaction

DELETED: Final = "\\Deleted"
#: Messages that are read at a time when a folder is opened: some hundredths of a second.
LISTED: Final = 20_000
# Rows that are in memory at a time. With more of them the garbage collector begins to look at them,
# which takes as long again as reading them.
_ROWS: Final = 500
_MOST_FLAGS: Final = 100
# UIDs that are read in a row in the time that it takes to begin another row of them.
_SEEKS: Final = 8
# Seconds from 1970 to about 2100.
_LATE: Final = 2**32
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Placement:
    """A message in a folder.

    Arguments:
        message: its number.
        flags: system flags and labels.
        size: octets.
        date: its internal date, with a time zone.
    """

    message: int
    flags: frozenset[str]
    size: int
    date: datetime


@lru_cache(maxsize=4096)
def _flags(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _text(flags: frozenset[str]) -> str:
    if len(flags) > _MOST_FLAGS:
        raise LimitReached(f"A message has at most {_MOST_FLAGS} flags")
    return " ".join(sorted(flags))


@lru_cache(maxsize=256)
def _zone(minutes: int) -> timezone:
    return timezone(timedelta(minutes=minutes)) if minutes else UTC


def _date(seconds: int, minutes: int) -> datetime:
    if 0 <= seconds < _LATE:
        return datetime.fromtimestamp(seconds, _zone(minutes))
    # Not fromtimestamp, which refuses what lies before 1970 on some systems; and not by way of UTC,
    # in which the first hours of the year 1 and the last of 9999 may not exist.
    local = timedelta(seconds=seconds, minutes=minutes)
    return (_EPOCH + local).replace(tzinfo=_zone(minutes))


def _date_columns(date: datetime) -> tuple[int, int]:
    offset = date.utcoffset() or timedelta()
    return int((date - _EPOCH).total_seconds() // 1), int(offset.total_seconds() // 60)


def changes(connection: sqlite3.Connection, folder: int, since: int) -> Changes:
    """Return what happened in a folder after a mod-sequence.

    0 asks for everything: of :data:`LISTED` messages or more, :func:`listed` returns the others.

    Raises:
        NoSuchMailbox: the folder was removed.
    """
    state = connection.execute(
        "SELECT uid_next, modseq FROM folders WHERE id = ?", (folder,)
    ).fetchone()
    if state is None:
        raise NoSuchMailbox
    if since <= 0:
        messages, gone = listed(connection, folder), []
    elif since < state["modseq"]:
        # In order of UIDs as it lies on disk. What is newer is seldom asked for: recent.py knows.
        messages = _columns(connection, "AND modseq > ? ORDER BY uid", (folder, since))
        gone = vanished(connection, folder, since)
    else:
        # Of a million messages none is looked at.
        messages, gone = MessageColumns(), []
    return Changes(
        messages,
        gone,
        highest_modseq=state["modseq"],
        uid_next=state["uid_next"],
        complete=since <= 0,
    )


def listed(connection: sqlite3.Connection, folder: int, after: int = 0) -> MessageColumns:
    """Return the next :data:`LISTED` messages in a folder above a UID.

    Piece by piece: a million at once would keep others waiting for a second. What happens between
    two pieces has a mod-sequence above that of :func:`changes`, and is told by the next one.
    """
    return _columns(connection, "AND uid > ? ORDER BY uid LIMIT ?", (folder, after, LISTED))


# What a message is in a folder, in the order of :meth:`MessageColumns.extend`.
_STATE: Final = "uid, flags, modseq, date, zone, size"


def _columns(
    connection: sqlite3.Connection, which: str, parameters: tuple[int, ...]
) -> MessageColumns:
    cursor = connection.cursor()
    cursor.row_factory = None
    columns = MessageColumns()
    cursor.execute(f"SELECT {_STATE} FROM placements WHERE folder = ? {which}", parameters)
    _take_rows(cursor, columns)
    return columns


def _take_rows(cursor: sqlite3.Cursor, columns: MessageColumns) -> None:
    """Add rows of :data:`_STATE` to columns."""
    while rows := cursor.fetchmany(_ROWS):
        uids, flags, modseqs, dates, zones, sizes = zip(*rows, strict=True)
        columns.extend(uids, map(_flags, flags), modseqs, dates, zones, sizes)


def vanished(connection: sqlite3.Connection, folder: int, since: int) -> list[int]:
    """Return the UIDs that are gone since a mod-sequence; none of them is ever forgotten."""
    runs = connection.execute(
        "SELECT uid, last FROM vanished WHERE folder = ? AND modseq > ?", (folder, since)
    )
    return [uid for first, last in runs for uid in range(first, (last or first) + 1)]


def save_dates(
    connection: sqlite3.Connection, folder: int, uids: Sequence[int]
) -> dict[int, datetime]:
    """Return when some messages were placed here, as far as that was noted (RFC 8514)."""
    rows = connection.execute(
        "SELECT uid, saved FROM placements"
        " WHERE folder = ? AND saved IS NOT NULL AND uid IN (SELECT value FROM json_each(?))",
        (folder, json.dumps(list(uids))),
    )
    return {row["uid"]: datetime.fromtimestamp(row["saved"], UTC) for row in rows.fetchall()}


def find_placement(connection: sqlite3.Connection, folder: int, uid: int) -> Placement | None:
    """Return the placement under a UID."""
    row = connection.execute(
        "SELECT message, flags, size, date, zone FROM placements WHERE folder = ? AND uid = ?",
        (folder, uid),
    ).fetchone()
    if row is None:
        return None
    return Placement(
        row["message"], _flags(row["flags"]), row["size"], _date(row["date"], row["zone"])
    )


def place(transaction: Transaction, folder: int, placements: Sequence[Placement]) -> list[int]:
    """Put messages into a folder; return their UIDs."""
    step = advance(transaction, folder, len(placements))
    uids = list(range(step.uid_next - len(placements), step.uid_next))
    dated = zip(uids, placements, strict=True)
    columns = [(uid, one, *_date_columns(one.date)) for uid, one in dated]
    now = int(time.time())
    transaction.connection.executemany(
        "INSERT INTO placements (folder, uid, modseq, flags, message, size, date, zone, saved)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (folder, uid, step.modseq, _text(one.flags), one.message, one.size, date, zone, now)
            for uid, one, date, zone in columns
        ],
    )
    step.new = MessageColumns()
    step.new.extend(
        uids,
        (one.flags for one in placements),
        [step.modseq] * len(uids),
        [date for _, _, date, _ in columns],
        [zone for _, _, _, zone in columns],
        [one.size for one in placements],
    )
    step.told = True
    return uids


# ------------------------------------------------------------------------- choosing by UID
# UIDs that follow each other are a range of the table, which costs a fraction of looking each up.

_Run = tuple[int, int]


def _runs(uids: Iterable[int]) -> list[_Run]:
    """Return the lowest and the highest of UIDs that follow each other, in rising order."""
    rising = sorted(set(uids))
    if not rising:
        return []
    if rising[-1] - rising[0] == len(rising) - 1:
        return [(rising[0], rising[-1])]
    ends = [at for at in range(1, len(rising)) if rising[at] != rising[at - 1] + 1]
    return [(rising[low], rising[high - 1]) for low, high in pairwise((0, *ends, len(rising)))]


def _chosen(uids: Sequence[int]) -> Iterator[tuple[str, tuple[Any, ...]]]:
    """Return conditions, each with what it compares with, that choose messages by UID."""
    runs = _runs(uids)
    if len(runs) > 1 and len(runs) * _SEEKS > len(uids):
        yield "uid IN (SELECT value FROM json_each(?))", (json.dumps(list(uids)),)
        return
    for run in runs:
        yield "uid BETWEEN ? AND ?", run


def _select(
    transaction: Transaction, folder: int, uids: Sequence[int], columns: str, rest: str = ""
) -> list[sqlite3.Row]:
    """Return columns of those of some placements that are there, by ascending UID.

    Arguments:
        rest: follows the condition, in place of the order.
    """
    order = rest or "ORDER BY uid"
    return [
        row
        for condition, values in _chosen(uids)
        for row in transaction.execute(
            f"SELECT {columns} FROM placements WHERE folder = ? AND {condition} {order}",
            (folder, *values),
        ).fetchall()
    ]


def change_flags(
    transaction: Transaction,
    folder: int,
    uids: Sequence[int],
    change: Callable[[frozenset[str]], frozenset[str]],
    unchanged_since: int | None = None,
) -> list[int]:
    """Change flags; return the UIDs left alone because they changed after ``unchanged_since``.

    Arguments:
        change: gives the new flags for the old ones.
    """
    modified: list[int] = []
    if unchanged_since is not None:
        found = _select(transaction, folder, uids, "uid, modseq")
        modified = [uid for uid, modseq in found if modseq > unchanged_since]
        late = set(modified)
        uids = [uid for uid in uids if uid not in late]
    # Most messages have the flags of many others: what becomes of them is found once.
    updates: dict[frozenset[str], list[int]] = {}
    groups = _select(transaction, folder, uids, "flags, group_concat(uid)", "GROUP BY flags")
    for text, having in groups:
        before = _flags(text)
        after = change(before)
        if after != before:
            updates.setdefault(after, []).extend(json.loads(f"[{having}]"))
    if updates:
        step = advance(transaction, folder)
        for flags, having in updates.items():
            having.sort()
            transaction.connection.executemany(
                "UPDATE placements SET flags = ?, modseq = ?"
                " WHERE folder = ? AND uid BETWEEN ? AND ?",
                [(_text(flags), step.modseq, folder, *run) for run in _runs(having)],
            )
        step.flagged = [
            FlagsChanged(array("I", having), flags, step.modseq)
            for flags, having in updates.items()
        ]
        step.told = True
        record_updates(transaction, folder, [uid for having in updates.values() for uid in having])
    return modified


def combined(
    action: FlagAction, flags: frozenset[str]
) -> Callable[[frozenset[str]], frozenset[str]]:
    """Return what STORE does to the flags of a message."""
    match action:
        case FlagAction.REPLACE:
            return lambda old: flags
        case FlagAction.ADD:
            return lambda old: old | flags
        case FlagAction.REMOVE:
            return lambda old: old - flags


def copy(transaction: Transaction, folder: int, uids: Sequence[int], target: Folder) -> Copied:
    """Put messages of one folder into another one as well."""
    source = _there(transaction, folder, uids)
    if not source:
        return Copied(target.id, [], [])
    step = advance(transaction, target.id, len(source))
    first = step.uid_next - len(source)
    now = int(time.time())
    cursor = transaction.connection.cursor()
    cursor.row_factory = None
    new = MessageColumns()
    to = first
    for low, high in _runs(source):
        cursor.execute(
            "INSERT INTO placements (folder, uid, modseq, flags, message, size, date, zone, saved)"
            " SELECT ?, uid + ?, ?, flags, message, size, date, zone, ?"
            " FROM placements WHERE folder = ? AND uid BETWEEN ? AND ?"
            f" RETURNING {_STATE}",
            (target.id, to - low, step.modseq, now, folder, low, high),
        )
        _take_rows(cursor, new)
        to += high - low + 1
    step.new, step.told = new, True
    copied = list(range(first, step.uid_next))
    record_updates(transaction, target.id, copied)
    return Copied(target.id, source, copied)


def move(transaction: Transaction, folder: int, uids: Sequence[int], target: Folder) -> Copied:
    """Put messages of one folder into another one instead (RFC 6851)."""
    copied = copy(transaction, folder, uids, target)
    _take_out(transaction, folder, copied.source)
    return copied


def remove(transaction: Transaction, folder: int, uids: Sequence[int]) -> list[int]:
    """Take messages out of a folder and return their numbers. They may lie nowhere then."""
    rows = _select(transaction, folder, uids, "uid, message")
    _take_out(transaction, folder, [row["uid"] for row in rows])
    return [row["message"] for row in rows]


def _there(transaction: Transaction, folder: int, uids: Sequence[int]) -> list[int]:
    return [row["uid"] for row in _select(transaction, folder, uids, "uid")]


def _take_out(transaction: Transaction, folder: int, uids: Sequence[int]) -> None:
    """Take messages out of a folder, all of which lie in it."""
    if not uids:
        return
    step = advance(transaction, folder)
    runs = _runs(uids)
    transaction.connection.executemany(
        "INSERT INTO vanished (folder, modseq, uid, last) VALUES (?, ?, ?, ?)",
        [(folder, step.modseq, *run) for run in runs],
    )
    transaction.connection.executemany(
        "DELETE FROM placements WHERE folder = ? AND uid BETWEEN ? AND ?",
        [(folder, *run) for run in runs],
    )
    step.gone = array("I", uids)
    step.told = True


def expunge(
    transaction: Transaction, folder: int, uids: Sequence[int], trash: Folder | None
) -> None:
    """Take messages out of a folder: into Trash, unless they are there, or for good.

    Arguments:
        trash: None for good, where the message lies in no other folder.
    """
    if trash is not None:
        rows = _select(transaction, folder, uids, "uid, message, flags, size, date, zone")
        # By message: one that lies here twice is placed once.
        placed = {
            row["message"]: Placement(
                row["message"],
                _flags(row["flags"]) - {DELETED},
                row["size"],
                _date(row["date"], row["zone"]),
            )
            for row in rows
            if not _lies_in(transaction, trash.id, row["message"])
        }
        if placed:
            placed_uids = place(transaction, trash.id, [*placed.values()])
            record_updates(transaction, trash.id, placed_uids)
    gone = purge(transaction, remove(transaction, folder, uids))
    record_deletions(transaction, folder, gone)


def _lies_in(transaction: Transaction, folder: int, message: int) -> bool:
    found = transaction.execute(
        "SELECT 1 FROM placements WHERE message = ? AND folder = ?", (message, folder)
    )
    return found.fetchone() is not None


def all_uids(transaction: Transaction, folder: int) -> list[int]:
    """Return every UID of a folder."""
    rows = transaction.execute("SELECT uid FROM placements WHERE folder = ?", (folder,))
    return [row["uid"] for row in rows.fetchall()]
