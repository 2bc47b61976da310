"""Addresses that an organization sends no mail to any more: they do not exist, or complained."""

from __future__ import annotations

import sqlite3
from typing import Literal

from mailcore_agentpost.store import Transaction


def suppress(
    transaction: Transaction,
    organization: str,
    address: str,
    *,
    reason: Literal["bounce", "complaint"],
    message: str,
    now: float,
) -> None:
    """Send nothing to an address from now on; the first reason stays."""
    transaction.execute(
        "INSERT OR IGNORE INTO suppressions (organization, address, reason, message, created_at)"
        " VALUES (?, ?, ?, ?, ?)",
        (organization, address.lower(), reason, message, now),
    )


def is_suppressed(connection: sqlite3.Connection, organization: str, address: str) -> bool:
    """Tell whether nothing is to be sent to an address."""
    row = connection.execute(
        "SELECT 1 FROM suppressions WHERE organization = ? AND address = ?",
        (organization, address.lower()),
    ).fetchone()
    return row is not None
