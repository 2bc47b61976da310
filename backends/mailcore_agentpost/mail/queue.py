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
from typing import Final

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail.audit import note
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.mail.messages import purge_body, read_body
from mailcore_agentpost.mail.wishes import Wishes
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import AuditAction

#: The destination of what stays here.
HERE: Final = ""
#: The most urgent mail (RFC 6710 §4.1).
MAX_PRIORITY: Final = 9


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """One recipient of one message.

    Arguments:
        message: id of the copy in Sent.
        body: number of the octets, as they are delivered here: with Return-Path.
        size: how many those are.
        destination: the domain, in lower case; HERE for an inbox, of mail that was held.
        attempts: that were begun.
        next_at: when the next attempt is due, in seconds since 1970.
        noticed: whether the sender was told that it waits.
        last_reply: what the last attempt got, on one line.
        wishes: of the sender.
    """

    id: str
    organization: str
    inbox: str
    message: str
    body: int
    size: int
    sender: str
    recipient: str
    destination: str
    attempts: int
    next_at: float
    noticed: bool
    last_reply: str
    created_at: float
    wishes: Wishes

    @property
    def began(self) -> float:
        """When it was to be sent at first; the time that it may take counts from then."""
        return max(self.created_at, self.wishes.held_until or 0.0)


def enqueue(
    transaction: Transaction,
    *,
    organization: str,
    inbox: str,
    message: str,
    body: int,
    sender: str,
    recipient: str,
    here: bool,
    wishes: Wishes,
    now: float,
) -> None:
    """Queue a message for one recipient, to be sent at once, or when it is not held any more.

    Arguments:
        here: whether the recipient is an inbox.
    """
    transaction.due.add("mail")
    transaction.execute(
        "INSERT INTO queue (id, organization, inbox, message, body, sender, recipient,"
        " destination, attempts, next_at, noticed, last_reply, created_at, wishes, priority)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, ?, 0, '', ?, ?, ?)",
        (
            new_id("que"),
            organization,
            inbox,
            message,
            body,
            sender,
            recipient,
            HERE if here else recipient.rpartition("@")[2].lower(),
            max(now, wishes.held_until or 0.0),
            now,
            wishes.to_json(),
            wishes.priority or 0,
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
    first = _first_due(connection, now, json.dumps(list(busy)), json.dumps(list(full)))
    if first is None:
        return []
    rows = connection.execute(
        "SELECT queue.*, size FROM queue JOIN bodies ON bodies.id = body"
        " WHERE message = ? AND destination = ? AND next_at <= ?"
        " AND queue.id NOT IN (SELECT value FROM json_each(?)) ORDER BY queue.id",
        (*first, now, json.dumps(list(busy))),
    )
    return [_queued(row) for row in rows.fetchall()]


def _first_due(
    connection: sqlite3.Connection, now: float, busy: str, full: str
) -> sqlite3.Row | None:
    """Return message and destination of the most urgent row (RFC 6710 §5), the oldest of these."""
    priority = MAX_PRIORITY + 1
    while True:
        # From one value that occurs to the next: each step is one look at the index.
        (priority,) = connection.execute(
            "SELECT max(priority) FROM queue WHERE priority < ?", (priority,)
        ).fetchone()
        if priority is None:
            return None
        row: sqlite3.Row | None = connection.execute(
            "SELECT message, destination FROM queue WHERE priority = ? AND next_at <= ?"
            " AND id NOT IN (SELECT value FROM json_each(?))"
            " AND destination NOT IN (SELECT value FROM json_each(?)) ORDER BY next_at LIMIT 1",
            (priority, now, busy, full),
        ).fetchone()
        if row is not None:
            return row


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


def begin(transaction: Transaction, rows: Sequence[Queued], next_at: float, start: int) -> bytes:
    """Note that an attempt begins, and when the next one is if nothing comes of it.

    Returns:
        the octets of the message from ``start`` on.
    """
    for row in rows:
        transaction.execute(
            "UPDATE queue SET attempts = attempts + 1, next_at = ? WHERE id = ?", (next_at, row.id)
        )
    return read_body(transaction.connection, rows[0].body, start, rows[0].size)


def postpone(transaction: Transaction, row: Queued, reply: str, *, noticed: bool) -> None:
    """Note why a message is still here; the time of the next attempt is written already."""
    transaction.execute(
        "UPDATE queue SET last_reply = ?, noticed = noticed OR ? WHERE id = ?",
        (reply, noticed, row.id),
    )
    _note_status(transaction, row, "delayed")


def is_queued(transaction: Transaction, row: Queued) -> bool:
    """Tell whether a recipient is still on the queue."""
    return transaction.execute("SELECT 1 FROM queue WHERE id = ?", (row.id,)).fetchone() is not None


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
        "SELECT queue.*, size FROM queue JOIN bodies ON bodies.id = body"
        " WHERE (:organization IS NULL OR organization = :organization)"
        " AND (:inbox IS NULL OR inbox = :inbox) AND queue.id > :after"
        " ORDER BY queue.id LIMIT :limit",
        {"organization": organization, "inbox": inbox, "after": after, "limit": limit},
    )
    return [_queued(row) for row in rows.fetchall()]


def find_queued(connection: sqlite3.Connection, organization: str, row: str) -> Queued | None:
    """Return a row of an organization's mail."""
    found = connection.execute(
        "SELECT queue.*, size FROM queue JOIN bodies ON bodies.id = body"
        " WHERE queue.id = ? AND organization = ?",
        (row, organization),
    ).fetchone()
    return None if found is None else _queued(found)


def retry(transaction: Transaction, rows: Sequence[Queued], actor: str, now: float) -> None:
    """Have rows attempted now."""
    transaction.due.add("mail")
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
    wishes = Wishes.from_json(row["wishes"])
    return Queued(**values | {"noticed": bool(row["noticed"]), "wishes": wishes})
