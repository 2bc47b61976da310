"""Messages: their octets, and what is known of them without reading those."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from mailcore.backend import ObjectIds, OctetRange
from mailcore.limits import KIB, MIB
from mailcore.message import Buffer, forget_pages
from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail.digest import Digest
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import Direction

#: A row longer than this is slower to read in part than a file would be.
_CHUNK: Final = MIB
#: What ends before this is read of many messages at one go.
_BEGINNING: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class Stored:
    """A message that was just stored."""

    number: int
    id: str


def write_body(transaction: Transaction, data: Buffer) -> int:
    """Store octets; return their number."""
    size = len(data)
    body = transaction.execute("INSERT INTO bodies (size) VALUES (?)", (size,)).lastrowid
    assert body is not None
    for number, start in enumerate(range(0, size, _CHUNK)):
        # No name for the piece: one at a time is in memory.
        transaction.execute(
            "INSERT INTO chunks (body, number, octets) VALUES (?, ?, ?)",
            (body, number, data[start : start + _CHUNK]),
        )
        forget_pages(data, start, start + _CHUNK)
    transaction.octets += size
    return body


def read_body(connection: sqlite3.Connection, body: int, start: int, end: int) -> bytes:
    """Return octets ``start`` to ``end`` of a body, cut at its end."""
    pieces: list[bytes] = []
    for number in range(start // _CHUNK, (max(start, end - 1)) // _CHUNK + 1):
        first = max(start - number * _CHUNK, 0)
        last = min(end - number * _CHUNK, _CHUNK)
        # substr() reads the row and copies what it takes of it, be that all.
        if (first, last) == (0, _CHUNK):
            row = connection.execute(
                "SELECT octets FROM chunks WHERE body = ? AND number = ?", (body, number)
            ).fetchone()
        else:
            row = connection.execute(
                "SELECT substr(octets, ?, ?) FROM chunks WHERE body = ? AND number = ?",
                (first + 1, max(last - first, 0), body, number),
            ).fetchone()
        if row is None:
            break
        pieces.append(row[0])
    return b"".join(pieces)


def read_placed(
    connection: sqlite3.Connection, folder: int, uid: int, start: int, end: int
) -> bytes:
    """Return octets of the message under a UID; raises KeyError."""
    row = connection.execute(
        "SELECT body FROM placements JOIN messages ON number = message"
        " WHERE folder = ? AND uid = ?",
        (folder, uid),
    ).fetchone()
    if row is None:
        raise KeyError(uid)
    return read_body(connection, row["body"], start, end)


def read_ranges(
    connection: sqlite3.Connection, folder: int, ranges: Sequence[OctetRange]
) -> list[bytes | None]:
    """Return octets of the messages under some UIDs, None for those that are gone."""
    most = max((one.end for one in ranges if one.end <= _BEGINNING), default=0)
    uids = dict.fromkeys(one.uid for one in ranges if one.end <= _BEGINNING)
    begins = _beginnings(connection, folder, list(uids), most)
    return [
        begins[uid][start:end]
        if end <= most and uid in begins
        else _read_range(connection, folder, uid, start, end)
        for uid, start, end in ranges
    ]


def _beginnings(
    connection: sqlite3.Connection, folder: int, uids: Sequence[int], most: int
) -> dict[int, bytes]:
    """Return at least the first octets of messages, by UID, in one statement; not of empty ones."""
    rows = connection.execute(
        "SELECT uid, iif(length(octets) > ?, substr(octets, 1, ?), octets) FROM json_each(?)"
        " CROSS JOIN placements ON folder = ? AND uid = value"
        " CROSS JOIN messages ON messages.number = message"
        " CROSS JOIN chunks ON chunks.body = messages.body AND chunks.number = 0",
        (_BEGINNING, most, json.dumps(uids), folder),
    )
    rows.row_factory = None
    return dict(rows.fetchall())


def _read_range(
    connection: sqlite3.Connection, folder: int, uid: int, start: int, end: int
) -> bytes | None:
    try:
        return read_placed(connection, folder, uid, start, end)
    except KeyError:
        return None


def read_summaries(
    connection: sqlite3.Connection, folder: int, uids: Sequence[int]
) -> Mapping[int, bytes]:
    """Return the summaries of the messages under some UIDs."""
    rows = connection.execute(
        "SELECT uid, summary FROM placements JOIN messages ON number = message"
        " WHERE folder = ? AND uid IN (SELECT value FROM json_each(?))",
        (folder, json.dumps(list(uids))),
    )
    return {row["uid"]: row["summary"] for row in rows.fetchall()}


def read_ids(
    connection: sqlite3.Connection, folder: int, uids: Sequence[int]
) -> Mapping[int, ObjectIds]:
    """Return the ids of the messages under some UIDs, and those of their threads."""
    rows = connection.execute(
        "SELECT uid, id, thread FROM placements JOIN messages ON number = message"
        " WHERE folder = ? AND uid IN (SELECT value FROM json_each(?))",
        (folder, json.dumps(list(uids))),
    )
    return {row["uid"]: ObjectIds(row["id"], row["thread"]) for row in rows.fetchall()}


def insert_message(
    transaction: Transaction,
    inbox: str,
    direction: Direction,
    body: int,
    digest: Digest,
    now: float,
    *,
    thread: str | None = None,
    draft: str | None = None,
    authentication: Mapping[str, str] | None = None,
) -> Stored:
    """Store what is known of a message whose octets are stored; it lies in no folder yet.

    Arguments:
        thread: its thread, if it answers nothing that is here.
        draft: what ties it to other revisions of a draft.
        authentication: what SPF, DKIM and DMARC say of it.
    """
    identifier = new_id("msg")
    number = transaction.execute(
        "INSERT INTO messages (id, inbox, thread, direction, body, message_id, sent,"
        " has_attachments, created_at, header, summary, draft, authentication)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            identifier,
            inbox,
            _thread(transaction, inbox, digest) or thread or new_id("thr"),
            direction,
            body,
            digest.message_id,
            digest.sent,
            int(digest.has_attachments),
            now,
            digest.header,
            digest.summary,
            draft,
            None if authentication is None else json.dumps(dict(authentication)),
        ),
    ).lastrowid
    assert number is not None
    transaction.texts.add(number)
    return Stored(number, identifier)


def replace_octets(transaction: Transaction, number: int, body: int, digest: Digest) -> None:
    """Give a message other octets; its id and its thread stay. It must lie in no folder."""
    (old,) = transaction.execute("SELECT body FROM messages WHERE number = ?", (number,)).fetchone()
    transaction.execute(
        "UPDATE messages SET body = ?, message_id = ?, sent = ?, has_attachments = ?,"
        " header = ?, summary = ? WHERE number = ?",
        (
            body,
            digest.message_id,
            digest.sent,
            int(digest.has_attachments),
            digest.header,
            digest.summary,
            number,
        ),
    )
    transaction.texts.add(number)
    purge_body(transaction, old)


def _thread(transaction: Transaction, inbox: str, digest: Digest) -> str | None:
    """Find the thread by headers only: that of the nearest ancestor which is here."""
    for ancestor in digest.ancestors:
        row = transaction.execute(
            "SELECT thread FROM messages WHERE inbox = ? AND message_id = ? LIMIT 1",
            (inbox, ancestor),
        ).fetchone()
        if row is not None:
            thread: str = row["thread"]
            return thread
    return None


def purge(transaction: Transaction, numbers: Sequence[int]) -> list[str]:
    """Remove those of some messages that lie in no folder, and bodies that nobody has.

    Returns:
        the ids of the messages removed.
    """
    rows = transaction.execute(
        "DELETE FROM messages WHERE number IN (SELECT value FROM json_each(?))"
        " AND NOT EXISTS (SELECT 1 FROM placements WHERE message = number)"
        " RETURNING number, body, id",
        (json.dumps(list(numbers)),),
    ).fetchall()
    for row in rows:
        transaction.texts.add(row["number"])
        transaction.execute("DELETE FROM recipients WHERE message = ?", (row["id"],))
        purge_body(transaction, row["body"])
    return [row["id"] for row in rows]


def purge_body(transaction: Transaction, body: int) -> None:
    """Remove a body that no message and no upload has, and that nobody is still to be sent."""
    deleted = transaction.execute(
        "DELETE FROM bodies WHERE id = ?"
        " AND NOT EXISTS (SELECT 1 FROM messages WHERE body = ?)"
        " AND NOT EXISTS (SELECT 1 FROM queue WHERE body = ?)"
        " AND NOT EXISTS (SELECT 1 FROM uploads WHERE body = ?)",
        (body, body, body, body),
    )
    if deleted.rowcount:
        transaction.execute("DELETE FROM chunks WHERE body = ?", (body,))
