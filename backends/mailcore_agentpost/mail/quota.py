"""How much an inbox holds, and whether there is room for more (RFC 9208)."""

from __future__ import annotations

import sqlite3

from mailcore.backend import OverQuota
from mailcore_agentpost.store import Transaction


def storage(connection: sqlite3.Connection, inbox: str) -> int:
    """Return the octets of all messages of an inbox; each counts once, in however many folders."""
    (octets,) = connection.execute(
        "SELECT coalesce(sum(size), 0) FROM messages JOIN bodies ON bodies.id = body"
        " WHERE inbox = ?",
        (inbox,),
    ).fetchone()
    return int(octets)


def folder_count(connection: sqlite3.Connection, inbox: str) -> int:
    """Return how many folders an inbox has."""
    (count,) = connection.execute(
        "SELECT count(*) FROM folders WHERE inbox = ?", (inbox,)
    ).fetchone()
    return int(count)


def check_room(transaction: Transaction, inbox: str, octets: int, limit: int) -> None:
    """Make sure that an inbox can take more.

    Arguments:
        octets: of what shall come.
        limit: of the inbox; 0 for none.

    Raises:
        OverQuota: there is no room.
    """
    if limit and storage(transaction.connection, inbox) + octets > limit:
        raise OverQuota("This inbox is full")
