"""What happened, as rows: every door tells the same events in the same order."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final

from mailcore_agentpost.ids import first_id, new_id
from mailcore_agentpost.mail import webhooks
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import EventRow, EventType

# Messages that one event names, at most.
_NAMED: Final = 100


def record(
    transaction: Transaction,
    kind: EventType,
    *,
    organization: str,
    now: float,
    inbox: str | None = None,
    message: str | None = None,
    **detail: Any,
) -> EventRow:
    """Note an event; whoever listens is told once the transaction has reached the disk.

    Webhooks that want it get it queued in the same transaction.

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
    webhooks.queue(transaction, event, now)
    transaction.events.append(event)
    return event


def record_updates(transaction: Transaction, folder: int, uids: Sequence[int]) -> None:
    """Note that messages changed their flags, or came into a folder from another: one event."""
    rows = transaction.execute(
        "SELECT messages.id, folders.inbox, organization, folders.name FROM placements"
        " JOIN messages ON number = message JOIN folders ON folders.id = folder"
        " JOIN inboxes ON inboxes.id = folders.inbox"
        " WHERE folder = ? AND uid IN (SELECT value FROM json_each(?))",
        (folder, json.dumps(uids[:_NAMED])),
    ).fetchall()
    if rows:
        named = [row["id"] for row in rows]
        _record_change(transaction, "message.updated", rows[0], named, len(uids))


def record_deletions(transaction: Transaction, folder: int, messages: Sequence[str]) -> None:
    """Note that messages, by id, are gone for good from where they lay last: one event."""
    if not messages:
        return
    owner = transaction.execute(
        "SELECT inbox, organization, name FROM folders JOIN inboxes ON inboxes.id = inbox"
        " WHERE folders.id = ?",
        (folder,),
    ).fetchone()
    _record_change(transaction, "message.deleted", owner, messages[:_NAMED], len(messages))


def _record_change(
    transaction: Transaction,
    kind: EventType,
    owner: sqlite3.Row,
    messages: Sequence[str],
    count: int,
) -> None:
    record(
        transaction,
        kind,
        organization=owner["organization"],
        now=time.time(),
        inbox=owner["inbox"],
        message=messages[0] if count == 1 else None,
        folder=owner["name"],
        messages=list(messages),
        count=count,
    )


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


def find_event(connection: sqlite3.Connection, webhook: str, event: str) -> EventRow | None:
    """Return an event of the organization that a webhook is of."""
    row = connection.execute(
        "SELECT events.* FROM webhooks JOIN events USING (organization)"
        " WHERE webhooks.id = ? AND events.id = ?",
        (webhook, event),
    ).fetchone()
    return None if row is None else _event(row)


def latest(connection: sqlite3.Connection, organization: str) -> str:
    """Return the id of the last event; "" if there is none."""
    row = connection.execute(
        "SELECT max(id) AS id FROM events WHERE organization = ?", (organization,)
    ).fetchone()
    return row["id"] or ""


def forget_events(transaction: Transaction, before: float) -> None:
    """Drop the events that were recorded before a moment, in seconds since 1970."""
    webhooks.forget_deliveries(transaction, before)
    transaction.execute(
        "DELETE FROM events WHERE organization IN (SELECT id FROM organizations) AND id < ?",
        (first_id("evt", before),),
    )


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
