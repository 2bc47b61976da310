"""What happened, as rows: every door tells the same events in the same order."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import EventRow, EventType


def record(
    transaction: Transaction,
    kind: EventType,
    *,
    organization: str,
    now: float,
    inbox: str | None = None,
    message: str | None = None,
    **detail: Any,
) -> None:
    """Note an event; whoever listens is told once the transaction has reached the disk.

    Arguments:
        now: seconds since 1970.
        inbox, message: ids of what it is about.
        detail: what else is to be said of it, ready for JSON.
    """
    event = EventRow(
        id=new_id("evt"),
        type=kind,
        org_id=organization,
        inbox_id=inbox,
        message_id=message,
        at=datetime.fromtimestamp(now, UTC),
        detail=detail,
    )
    transaction.execute(
        "INSERT INTO events (id, organization, inbox, message, type, at, detail)"
        " VALUES (?, ?, ?, ?, ?, ?, ?)",
        (event.id, organization, inbox, message, kind, now, json.dumps(detail)),
    )
    transaction.events.append(event)


def list_events(
    connection: sqlite3.Connection,
    organization: str,
    *,
    after: str = "",
    limit: int,
    inbox: str | None = None,
    types: Collection[EventType] = (),
) -> Sequence[EventRow]:
    """Return events by ascending id.

    Arguments:
        after: the id of an event, which need not be there any more; "" for the beginning.
        inbox: of this one only.
        types: of these only; empty for all.
    """
    rows = connection.execute(
        "SELECT * FROM events WHERE organization = :organization AND id > :after"
        " AND (:inbox IS NULL OR inbox = :inbox)"
        " AND (:types = '[]' OR type IN (SELECT value FROM json_each(:types)))"
        " ORDER BY id LIMIT :limit",
        {
            "organization": organization,
            "after": after,
            "inbox": inbox,
            "types": json.dumps(sorted(types)),
            "limit": limit,
        },
    )
    return [_event(row) for row in rows.fetchall()]


def latest(connection: sqlite3.Connection, organization: str) -> str:
    """Return the id of the last event; "" if there is none."""
    row = connection.execute(
        "SELECT max(id) AS id FROM events WHERE organization = ?", (organization,)
    ).fetchone()
    return row["id"] or ""


def forget_events(transaction: Transaction, before: float) -> None:
    """Drop the events that happened before a moment, in seconds since 1970."""
    transaction.execute("DELETE FROM events WHERE at < ?", (before,))


def _event(row: sqlite3.Row) -> EventRow:
    return EventRow(
        id=row["id"],
        type=row["type"],
        org_id=row["organization"],
        inbox_id=row["inbox"],
        message_id=row["message"],
        at=datetime.fromtimestamp(row["at"], UTC),
        detail=json.loads(row["detail"]),
    )
