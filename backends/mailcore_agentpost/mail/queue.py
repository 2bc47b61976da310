"""The queue: a row for each recipient outside who does not have the message yet.

The time of the next attempt is written before an attempt is made. So whatever happens in between,
a kill among it, a row is tried again, and no peer is dialled in a tight loop.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail.audit import note
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.mail.messages import purge_body, read_body
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import AuditAction


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One recipient of one message.

    Arguments:
        message: id of the copy in Sent.
        body: number of the octets, as they are delivered here: with Return-Path.
        destination: the domain, in lower case.
        attempts: that were begun.
        next_at: when the next attempt is due, in seconds since 1970.
        noticed: whether the sender was told that it waits.
        last_reply: what the last attempt got, on one line.
    """

    id: str
    organization: str
    inbox: str
    message: str
    body: int
    sender: str
    recipient: str
    destination: str
    attempts: int
    next_at: float
    noticed: bool
    last_reply: str
    created_at: float


def enqueue(
    transaction: Transaction,
    *,
    organization: str,
    inbox: str,
    message: str,
    body: int,
    sender: str,
    recipient: str,
    now: float,
) -> None:
    """Queue a message for one recipient, to be sent at once."""
    transaction.execute(
        "INSERT INTO queue (id, organization, inbox, message, body, sender, recipient,"
        " destination, attempts, next_at, noticed, last_reply, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, '', ?)",
        (
            new_id("que"),
            organization,
            inbox,
            message,
            body,
            sender,
            recipient,
            recipient.rpartition("@")[2].lower(),
            now,
            now,
        ),
    )


def due(
    connection: sqlite3.Connection, *, now: float, busy: Collection[str], full: Collection[str]
) -> Sequence[Queued]:
    """Return what to attempt next: the recipients of one message at one destination.

    Arguments:
        busy: ids of rows that are being attempted.
        full: destinations that are to get no more at the moment.
    """
    first = connection.execute(
        "SELECT message, destination FROM queue WHERE next_at <= ?"
        " AND id NOT IN (SELECT value FROM json_each(?))"
        " AND destination NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at LIMIT 1",
        (now, json.dumps(list(busy)), json.dumps(list(full))),
    ).fetchone()
    if first is None:
        return []
    rows = connection.execute(
        "SELECT * FROM queue WHERE message = ? AND destination = ? AND next_at <= ?"
        " AND id NOT IN (SELECT value FROM json_each(?)) ORDER BY id",
        (*first, now, json.dumps(list(busy))),
    )
    return [_queued(row) for row in rows.fetchall()]


def next_due(
    connection: sqlite3.Connection, *, busy: Collection[str], full: Collection[str]
) -> float | None:
    """Return when there is something more to do; None for never."""
    row = connection.execute(
        "SELECT min(next_at) AS at FROM queue"
        " WHERE id NOT IN (SELECT value FROM json_each(?))"
        " AND destination NOT IN (SELECT value FROM json_each(?))",
        (json.dumps(list(busy)), json.dumps(list(full))),
    ).fetchone()
    at: float | None = row["at"]
    return at


def begin(transaction: Transaction, rows: Sequence[Queued], next_at: float) -> bytes:
    """Note that an attempt begins, and when the next one is if nothing comes of it.

    Returns:
        the octets of the message.
    """
    for row in rows:
        transaction.execute(
            "UPDATE queue SET attempts = attempts + 1, next_at = ? WHERE id = ?", (next_at, row.id)
        )
    body = rows[0].body
    (size,) = transaction.execute("SELECT size FROM bodies WHERE id = ?", (body,)).fetchone()
    return read_body(transaction.connection, body, 0, size)


def postpone(transaction: Transaction, row: Queued, reply: str, *, noticed: bool) -> None:
    """Note why a message is still here; the time of the next attempt is written already."""
    transaction.execute(
        "UPDATE queue SET last_reply = ?, noticed = noticed OR ? WHERE id = ?",
        (reply, noticed, row.id),
    )
    _note_status(transaction, row, "delayed")


def finish(transaction: Transaction, row: Queued, status: str) -> bool:
    """Take a recipient off the queue; tell whether it was still on it.

    Arguments:
        status: what became of it, "delivered" or "bounced".
    """
    deleted = transaction.execute("DELETE FROM queue WHERE id = ?", (row.id,))
    if not deleted.rowcount:
        return False
    _note_status(transaction, row, status)
    purge_body(transaction, row.body)
    return True


def list_queued(
    connection: sqlite3.Connection,
    organization: str | None = None,
    *,
    inbox: str | None = None,
    after: str = "",
    limit: int,
) -> Sequence[Queued]:
    """Return who is still to be sent what, the oldest first.

    Arguments:
        organization, inbox: whose mail; None for all.
        after: id of the last row that is known already.
    """
    rows = connection.execute(
        "SELECT * FROM queue WHERE (:organization IS NULL OR organization = :organization)"
        " AND (:inbox IS NULL OR inbox = :inbox) AND id > :after ORDER BY id LIMIT :limit",
        {"organization": organization, "inbox": inbox, "after": after, "limit": limit},
    )
    return [_queued(row) for row in rows.fetchall()]


def find_queued(connection: sqlite3.Connection, organization: str, row: str) -> Queued | None:
    """Return a row of an organization's mail."""
    found = connection.execute(
        "SELECT * FROM queue WHERE id = ? AND organization = ?", (row, organization)
    ).fetchone()
    return None if found is None else _queued(found)


def retry(transaction: Transaction, rows: Sequence[Queued], actor: str, now: float) -> None:
    """Have rows attempted now; the courier is for the caller to wake."""
    for row in rows:
        transaction.execute("UPDATE queue SET next_at = ? WHERE id = ?", (now, row.id))
        _note_deed(transaction, "queue.retried", row, actor, now)


def drop(transaction: Transaction, rows: Sequence[Queued], actor: str, now: float) -> None:
    """Give rows up, as if they had been refused for good; no notice is sent.

    An attempt that is under way may still deliver.
    """
    for row in rows:
        if finish(transaction, row, "bounced"):
            record(
                transaction,
                "message.bounced",
                organization=row.organization,
                now=now,
                inbox=row.inbox,
                message=row.message,
                recipients=[row.recipient],
                replies=["Taken off the queue"],
            )
            _note_deed(transaction, "queue.dropped", row, actor, now)


def _note_deed(
    transaction: Transaction, action: AuditAction, row: Queued, actor: str, now: float
) -> None:
    note(
        transaction,
        action,
        organization=row.organization,
        actor=actor,
        subject=row.id,
        now=datetime.fromtimestamp(now, UTC),
        message=row.message,
        recipient=row.recipient,
    )


def _note_status(transaction: Transaction, row: Queued, status: str) -> None:
    transaction.execute(
        "UPDATE recipients SET status = ? WHERE message = ? AND address = ?",
        (status, row.message, row.recipient),
    )


def _queued(row: sqlite3.Row) -> Queued:
    values = {name: row[name] for name in Queued.__slots__}
    return Queued(**values | {"noticed": bool(row["noticed"])})
