"""Addresses that an organization sends no mail to: they do not exist, complained, or are named."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import SuppressionReason, SuppressionRow


def _suppression(row: sqlite3.Row) -> SuppressionRow:
    return SuppressionRow(
        address=row["address"],
        reason=row["reason"],
        message_id=row["message"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )


def suppress(
    transaction: Transaction,
    organization: str,
    address: str,
    *,
    reason: SuppressionReason,
    message: str | None,
    now: float,
) -> None:
    """Send nothing to an address from now on; the first reason stays."""
    transaction.execute(
        "INSERT OR IGNORE INTO suppressions (organization, address, reason, message, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (organization, address.lower(), reason, message, now),
    )


def find_suppression(
    connection: sqlite3.Connection, organization: str, address: str
) -> SuppressionRow | None:
    """Return why nothing is to be sent to an address; None if it may be."""
    row = connection.execute(
        "SELECT * FROM suppressions WHERE organization = ? AND address = ?",
        (organization, address.lower()),
    ).fetchone()
    return None if row is None else _suppression(row)


def list_suppressions(
    connection: sqlite3.Connection, organization: str, after: str, limit: int
) -> Sequence[SuppressionRow]:
    """Return suppressions by ascending address."""
    rows = connection.execute(
        "SELECT * FROM suppressions WHERE organization = ? AND address > ?"
        " ORDER BY address LIMIT ?",
        (organization, after, limit),
    )
    return [_suppression(row) for row in rows.fetchall()]


def remove_suppression(transaction: Transaction, organization: str, address: str) -> bool:
    """Let mail go to an address again; return whether it was suppressed."""
    deleted = transaction.execute(
        "DELETE FROM suppressions WHERE organization = ? AND address = ?",
        (organization, address.lower()),
    )
    return deleted.rowcount > 0
