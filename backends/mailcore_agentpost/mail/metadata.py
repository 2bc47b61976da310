"""Annotations of folders, and of an inbox as a whole (RFC 5464)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping

from mailcore_agentpost.store import Transaction


def read(connection: sqlite3.Connection, inbox: str, folder: int | None) -> dict[str, bytes]:
    """Return the annotations of a folder, or for None those of the inbox."""
    rows = connection.execute(
        "SELECT name, value FROM annotations WHERE inbox = ? AND folder = ? ORDER BY name",
        (inbox, folder or 0),
    )
    return {row["name"]: row["value"] for row in rows.fetchall()}


def write(
    transaction: Transaction, inbox: str, folder: int | None, values: Mapping[str, bytes | None]
) -> None:
    """Set annotations, or remove those whose value is None."""
    for name, value in values.items():
        if value is None:
            transaction.execute(
                "DELETE FROM annotations WHERE inbox = ? AND folder = ? AND name = ?",
                (inbox, folder or 0, name),
            )
        else:
            transaction.execute(
                "INSERT OR REPLACE INTO annotations (inbox, folder, name, value)"
                " VALUES (?, ?, ?, ?)",
                (inbox, folder or 0, name, value),
            )
