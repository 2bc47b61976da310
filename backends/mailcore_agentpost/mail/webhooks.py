"""Webhooks and their deliveries, as rows."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import DeliveryRow, EventRow, EventType, WebhookRow

#: Seconds before each further attempt; after the last of them the delivery has failed.
RETRIES: Final = (30.0, 120.0, 600.0, 3600.0, 14400.0)
# What a webhook that names no types does not get: each flag that is set, the tests of others.
_UNWANTED: Final = ("message.updated", "webhook.test")
#: Failed attempts in a row after which a webhook is turned off.
_PATIENCE: Final = 50
#: Seconds for which a secret that was replaced still signs.
_OVERLAP: Final = 24 * 60 * 60.0


def insert_webhook(
    transaction: Transaction,
    organization: str,
    *,
    url: str,
    event_types: Sequence[EventType],
    inbox: str | None,
    description: str,
    secret: str,
    now: float,
) -> WebhookRow:
    """Add a webhook."""
    row = transaction.execute(
        "INSERT INTO webhooks (id, organization, url, event_types, inbox, description, secret,"
        " failures, created_at) VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?) RETURNING *",
        (
            new_id("whk"),
            organization,
            url,
            json.dumps(sorted(event_types)),
            inbox,
            description,
            secret,
            now,
        ),
    ).fetchone()
    return _webhook(row)


def list_webhooks(
    connection: sqlite3.Connection, organization: str, after: str, limit: int
) -> Sequence[WebhookRow]:
    """Return webhooks by ascending id."""
    rows = connection.execute(
        "SELECT * FROM webhooks WHERE organization = ? AND id > ? ORDER BY id LIMIT ?",
        (organization, after, limit),
    )
    return [_webhook(row) for row in rows.fetchall()]


def find_webhook(
    connection: sqlite3.Connection, organization: str, webhook: str
) -> WebhookRow | None:
    """Return a webhook."""
    row = connection.execute(
        "SELECT * FROM webhooks WHERE id = ? AND organization = ?", (webhook, organization)
    ).fetchone()
    return None if row is None else _webhook(row)


def update_webhook(
    transaction: Transaction,
    webhook: str,
    *,
    url: str,
    event_types: Sequence[EventType],
    description: str,
    disabled: str | None,
) -> None:
    """Change a webhook; one that is turned on again begins with no failures."""
    transaction.execute(
        "UPDATE webhooks SET url = ?1, event_types = ?2, description = ?3, disabled = ?4,"
        " failures = CASE WHEN disabled IS NOT NULL AND ?4 IS NULL THEN 0 ELSE failures END"
        " WHERE id = ?5",
        (url, json.dumps(sorted(event_types)), description, disabled, webhook),
    )


def replace_secret(transaction: Transaction, webhook: str, secret: str, now: float) -> None:
    """Give a webhook another secret; the old one signs along for a day."""
    transaction.execute(
        "UPDATE webhooks SET old_secret = secret, old_secret_until = ?, secret = ? WHERE id = ?",
        (now + _OVERLAP, secret, webhook),
    )


def delete_webhook(transaction: Transaction, webhook: str) -> None:
    """Remove a webhook and its deliveries."""
    transaction.execute("DELETE FROM deliveries WHERE webhook = ?", (webhook,))
    transaction.execute("DELETE FROM webhooks WHERE id = ?", (webhook,))


# ------------------------------------------------------------------------------------ deliveries


def queue(transaction: Transaction, event: EventRow, now: float) -> None:
    """Queue an event for every webhook that wants it."""
    rows = transaction.execute(
        "SELECT id, event_types FROM webhooks WHERE organization = ? AND disabled IS NULL"
        " AND (inbox IS NULL OR inbox = ?)",
        (event.org_id, event.inbox_id),
    ).fetchall()
    for row in rows:
        wanted = json.loads(row["event_types"])
        if event.type in wanted or not (wanted or event.type in _UNWANTED):
            queue_one(transaction, row["id"], event, now)


def queue_one(transaction: Transaction, webhook: str, event: EventRow, now: float) -> DeliveryRow:
    """Queue an event for one webhook, whatever it wants."""
    transaction.due.add("webhooks")
    row = transaction.execute(
        "INSERT INTO deliveries"
        " (id, webhook, event, event_type, status, attempts, next_at, created_at)"
        " VALUES (?, ?, ?, ?, 'pending', 0, ?, ?) RETURNING *",
        (new_id("dlv"), webhook, event.id, event.type, now, now),
    ).fetchone()
    return _delivery(row)


def due(connection: sqlite3.Connection, now: float, limit: int) -> Sequence[DeliveryRow]:
    """Return deliveries whose time has come, the earliest first."""
    rows = connection.execute(
        "SELECT * FROM deliveries WHERE status = 'pending' AND next_at <= ?"
        " ORDER BY next_at LIMIT ?",
        (now, limit),
    )
    return [_delivery(row) for row in rows.fetchall()]


def next_due(connection: sqlite3.Connection) -> float | None:
    """Return when the next delivery is due, in seconds since 1970; None if none is queued."""
    (at,) = connection.execute(
        "SELECT min(next_at) FROM deliveries WHERE status = 'pending'"
    ).fetchone()
    return None if at is None else float(at)


def list_deliveries(
    connection: sqlite3.Connection, webhook: str, before: str | None, limit: int
) -> Sequence[DeliveryRow]:
    """Return the deliveries of a webhook by descending id."""
    rows = connection.execute(
        "SELECT * FROM deliveries WHERE webhook = ? AND id < ? ORDER BY id DESC LIMIT ?",
        (webhook, before or "~", limit),
    )
    return [_delivery(row) for row in rows.fetchall()]


def find_delivery(
    connection: sqlite3.Connection, webhook: str, delivery: str
) -> DeliveryRow | None:
    """Return a delivery of a webhook."""
    row = connection.execute(
        "SELECT * FROM deliveries WHERE id = ? AND webhook = ?", (delivery, webhook)
    ).fetchone()
    return None if row is None else _delivery(row)


def load(
    connection: sqlite3.Connection, delivery: DeliveryRow
) -> tuple[WebhookRow, Sequence[str], float] | None:
    """Return the webhook of a delivery and the secrets that sign now; None if it is off or gone."""
    row = connection.execute(
        "SELECT * FROM webhooks WHERE id = ? AND disabled IS NULL", (delivery.webhook_id,)
    ).fetchone()
    if row is None:
        return None
    secrets = [row["secret"]] + ([row["old_secret"]] if row["old_secret"] else [])
    return _webhook(row), secrets, row["old_secret_until"] or 0.0


def keep_body(transaction: Transaction, delivery: str, body: bytes) -> None:
    """Keep what the first attempt sends: all further ones send the same."""
    transaction.execute("UPDATE deliveries SET body = ? WHERE id = ?", (body, delivery))


def note_success(transaction: Transaction, delivery: DeliveryRow, status: int, now: float) -> None:
    """Note that a receiver has taken a delivery."""
    transaction.execute(
        "UPDATE deliveries SET status = 'delivered', attempts = attempts + 1, next_at = NULL,"
        " response_status = ?, error = NULL, attempted_at = ? WHERE id = ?",
        (status, now, delivery.id),
    )
    transaction.execute("UPDATE webhooks SET failures = 0 WHERE id = ?", (delivery.webhook_id,))


def note_failure(
    transaction: Transaction,
    delivery: DeliveryRow,
    *,
    status: int | None,
    error: str,
    now: float,
    gone: bool = False,
) -> None:
    """Note that an attempt has failed, and when the next one is; turn off a webhook that is dead.

    Arguments:
        status: of the answer, if there was one.
        gone: the receiver said that it wants no more.
    """
    left = not gone and delivery.attempts < len(RETRIES)
    transaction.execute(
        "UPDATE deliveries SET status = ?, attempts = attempts + 1, next_at = ?,"
        " response_status = ?, error = ?, attempted_at = ? WHERE id = ?",
        (
            "pending" if left else "failed",
            now + RETRIES[delivery.attempts] if left else None,
            status,
            error,
            now,
            delivery.id,
        ),
    )
    transaction.execute(
        "UPDATE webhooks SET failures = failures + 1, disabled = CASE"
        " WHEN ? THEN 'The receiver answered 410 Gone'"
        " WHEN failures + 1 >= ? THEN 'Too many attempts failed in a row'"
        " ELSE disabled END WHERE id = ?",
        (gone, _PATIENCE, delivery.webhook_id),
    )


def give_up(transaction: Transaction, delivery: str) -> None:
    """End a delivery whose webhook is off, or whose event is gone."""
    transaction.execute(
        "UPDATE deliveries SET status = 'failed', next_at = NULL, error = 'turned off'"
        " WHERE id = ?",
        (delivery,),
    )


def replay(transaction: Transaction, delivery: str, now: float) -> None:
    """Begin a delivery again: the same id and body, all attempts anew."""
    transaction.due.add("webhooks")
    transaction.execute(
        "UPDATE deliveries SET status = 'pending', attempts = 0, next_at = ?, error = NULL"
        " WHERE id = ?",
        (now, delivery),
    )


def forget_deliveries(transaction: Transaction, before: float) -> None:
    """Drop deliveries that ended, of events before a moment."""
    transaction.execute(
        "DELETE FROM deliveries WHERE created_at < ? AND status != 'pending'", (before,)
    )


def _webhook(row: sqlite3.Row) -> WebhookRow:
    return WebhookRow(
        id=row["id"],
        org_id=row["organization"],
        url=row["url"],
        event_types=tuple(json.loads(row["event_types"])),
        inbox_id=row["inbox"],
        description=row["description"],
        failures=row["failures"],
        disabled=row["disabled"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )


def _delivery(row: sqlite3.Row) -> DeliveryRow:
    def moment(name: str) -> datetime | None:
        return None if row[name] is None else datetime.fromtimestamp(row[name], UTC)

    return DeliveryRow(
        id=row["id"],
        webhook_id=row["webhook"],
        event_id=row["event"],
        event_type=row["event_type"],
        status=row["status"],
        attempts=row["attempts"],
        response_status=row["response_status"],
        error=row["error"],
        body=row["body"],
        next_at=moment("next_at"),
        attempted_at=moment("attempted_at"),
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )
