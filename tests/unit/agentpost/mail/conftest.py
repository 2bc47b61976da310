"""A transaction on a file of its own, for functions that need no thread."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from mailcore.limits import DEFAULT_LIMITS
from mailcore_agentpost.mail import folders, inboxes
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.folders import Folder
from mailcore_agentpost.mail.messages import Stored, insert_message, write_body
from mailcore_agentpost.mail.placements import Placement, place
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.store.schema import migrate
from mailcore_agentpost.types import InboxRow

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def begin(path: Path | str) -> Transaction:
    """Open a file as the store does, and begin."""
    connection = sqlite3.connect(path, isolation_level=None)
    connection.row_factory = sqlite3.Row
    migrate(connection)
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("BEGIN")
    return Transaction(connection)


@pytest.fixture
def transaction(tmp_path: Path) -> Iterator[Transaction]:
    transaction = begin(tmp_path / "agentpost.db")
    yield transaction
    assert transaction.execute("PRAGMA foreign_key_check").fetchall() == []
    transaction.connection.close()


@pytest.fixture
def organization(transaction: Transaction) -> str:
    return inboxes.insert_organization(transaction, "one", NOW)


@pytest.fixture
def inbox(transaction: Transaction, organization: str) -> InboxRow:
    return inboxes.insert_inbox(
        transaction, organization, username="a", domain="shared.localhost", now=NOW
    )


@pytest.fixture
def box(transaction: Transaction, inbox: InboxRow) -> Folder:
    """INBOX."""
    return folders.find_folder(transaction.connection, inbox.id, "INBOX")


@pytest.fixture
def trash(transaction: Transaction, inbox: InboxRow) -> Folder:
    return folders.find_folder(transaction.connection, inbox.id, "Trash")


def store(
    transaction: Transaction, inbox: str, data: bytes = b"Subject: x\r\n\r\nHi.\r\n"
) -> Stored:
    """Store a message that lies in no folder yet."""
    body = write_body(transaction, data)
    return insert_message(
        transaction, inbox, "inbound", body, digest(data, DEFAULT_LIMITS), NOW.timestamp()
    )


def put(
    transaction: Transaction,
    folder: Folder,
    *flags: str,
    data: bytes = b"Subject: x\r\n\r\nHi.\r\n",
    date: datetime = NOW,
) -> tuple[int, Stored]:
    """Store a message in a folder; return its UID, and what it is."""
    stored = store(transaction, folder.inbox, data)
    placement = Placement(stored.number, frozenset(flags), len(data), date)
    (uid,) = place(transaction, folder.id, [placement])
    return uid, stored


def count(transaction: Transaction, table: str) -> int:
    """Return how many rows a table has."""
    (found,) = transaction.execute(f"SELECT count(*) FROM {table}").fetchone()
    return int(found)
