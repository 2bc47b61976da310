"""Threads: messages of an inbox that answer each other, by their headers only."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from mailcore_agentpost.mail.folders import DRAFTS, TRASH
from mailcore_agentpost.mail.listing import change_message_flags, messages_by_id, select_messages
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import MessageRow, ThreadRow

_MOST: Final = 100
# What lies in Trash or Drafts is in its thread, but makes no thread of its own.
_SHOWN: Final = f"folders.name NOT IN ('{TRASH}', '{DRAFTS}')"

_THREADS: Final = rf"""
    SELECT thread, messages.inbox, max(messages.id) AS latest, max(created_at) AS at,
        count(DISTINCT messages.id) AS count,
        count(DISTINCT messages.id)
            FILTER (WHERE instr(' ' || flags || ' ', ' \Seen ') = 0) AS unread
    FROM messages
    JOIN placements ON placements.message = messages.number
    JOIN folders ON folders.id = placements.folder
    WHERE messages.inbox = ? AND {_SHOWN}
    GROUP BY thread HAVING latest < ? ORDER BY latest DESC LIMIT ?
"""


def list_threads(
    connection: sqlite3.Connection, inbox: str, before: str | None, limit: int
) -> Sequence[tuple[ThreadRow, MessageRow]]:
    """Return threads with their latest messages, the one with the latest of them first.

    Arguments:
        before: the id of the latest message of the last thread of the page before.
    """
    # Every id is smaller than a tilde.
    rows = connection.execute(_THREADS, (inbox, before or "~", limit))
    found = [_thread(row) for row in rows.fetchall()]
    latest = messages_by_id(connection, [thread.latest_id for thread in found])
    return [(thread, latest[thread.latest_id]) for thread in found]


def thread_messages(connection: sqlite3.Connection, thread: str) -> Sequence[MessageRow]:
    """Return the messages of a thread, the oldest first; of very many the latest."""
    found = select_messages(connection, f"messages.thread = ? AND {_SHOWN}", [thread], _MOST)
    return found[::-1]


def change_thread_flags(
    transaction: Transaction, thread: str, add: frozenset[str], remove: frozenset[str]
) -> None:
    """Change the flags of every message of a thread, wherever it lies."""
    rows = transaction.execute("SELECT id FROM messages WHERE thread = ?", (thread,)).fetchall()
    for row in rows:
        change_message_flags(transaction, row["id"], add, remove)


def _thread(row: sqlite3.Row) -> ThreadRow:
    return ThreadRow(
        id=row["thread"],
        inbox_id=row["inbox"],
        latest_id=row["latest"],
        count=row["count"],
        unread=row["unread"],
        latest_at=datetime.fromtimestamp(row["at"], UTC),
    )
