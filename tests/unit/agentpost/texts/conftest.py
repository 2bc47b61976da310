"""An index and the mail that it is of, on one connection, so that both are as far as each other."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore.backend import TextKey
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore_agentpost.mail import inboxes
from mailcore_agentpost.mail.folders import Folder, find_folder
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.texts import entries, finding, schema
from mailcore_agentpost.texts.entries import Source

from ..mail.conftest import NOW, begin, put


class Indexed:
    """A folder whose messages are indexed as they come."""

    def __init__(self, transaction: Transaction, folder: Folder, limits: Limits) -> None:
        self.transaction = transaction
        self.connection = transaction.connection
        self.folder = folder
        self._limits = limits

    def add(self, data: bytes) -> int:
        """Store a message, and index it; return its UID."""
        uid, stored = put(self.transaction, self.folder, data=data)
        (body,) = self.connection.execute(
            "SELECT body FROM messages WHERE number = ?", (stored.number,)
        ).fetchone()
        texts = entries.read_texts(data, self._limits)
        entries.add(
            self.connection, Source(stored.number, stored.id, body, self.folder.inbox), texts
        )
        return uid

    def find(self, key: TextKey) -> list[int] | None:
        """Return the UIDs that have a text."""
        found = finding.find(
            self.connection, finding.FOLDER, self.folder.id, self.folder.inbox, key
        )
        return None if found is None else sorted(found)


def connect(directory: Path) -> sqlite3.Connection:
    """Open an index with the mail that it is of."""
    begin(directory / "mail.db").connection.close()
    path = directory / "texts.db"
    schema.prepare(path)
    connection = schema.connect(path)
    connection.execute("ATTACH ? AS mail", (str(directory / "mail.db"),))
    connection.create_function("has_field", 3, finding.has_field, deterministic=True)
    return connection


def new_folder(connection: sqlite3.Connection, limits: Limits = DEFAULT_LIMITS) -> Indexed:
    """Make an inbox; return its INBOX."""
    transaction = Transaction(connection)
    organization = inboxes.insert_organization(transaction, "one", NOW)
    inbox = inboxes.insert_inbox(
        transaction, organization, username="a", domain="shared.localhost", now=NOW
    )
    return Indexed(transaction, find_folder(connection, inbox.id, "INBOX"), limits)


@pytest.fixture
def connection(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    connection = connect(tmp_path)
    connection.execute("BEGIN")
    yield connection
    connection.close()


@pytest.fixture
def indexed(connection: sqlite3.Connection) -> Indexed:
    return new_folder(connection)
