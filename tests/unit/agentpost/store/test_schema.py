"""Migration: all of it or nothing, once."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator

import pytest
from sqlite_utils import Database

from mailcore_agentpost.store import schema
from mailcore_agentpost.store.schema import MIGRATIONS, migrate


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    opened = sqlite3.connect(":memory:", isolation_level=None)
    yield opened
    opened.close()


def described(connection: sqlite3.Connection) -> list[str]:
    rows = connection.execute("SELECT sql FROM sqlite_master WHERE sql NOT NULL ORDER BY name")
    return [row[0] for row in rows]


def test_a_second_migration_changes_nothing(connection: sqlite3.Connection) -> None:
    migrate(connection)
    before = described(connection)
    version = connection.execute("PRAGMA user_version").fetchone()
    migrate(connection)
    assert described(connection) == before
    assert version == (len(MIGRATIONS),)
    assert not connection.in_transaction


def test_a_migration_that_fails_leaves_nothing(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Although what made the tables would commit of its own accord, were it asked alone."""

    def broken(database: Database) -> None:
        database.execute("CREATE TABLE half (id)")
        raise sqlite3.OperationalError("of the second step")

    with monkeypatch.context() as later:
        later.setattr(schema, "MIGRATIONS", (*MIGRATIONS, broken))
        with pytest.raises(sqlite3.OperationalError, match="second step"):
            migrate(connection)
    assert described(connection) == []
    assert connection.execute("PRAGMA user_version").fetchone() == (0,)
    migrate(connection)
    assert described(connection) != []


def test_a_later_version_goes_on_where_an_earlier_one_ended(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    migrate(connection)
    connection.execute("INSERT INTO organizations VALUES ('org', 'kept', 'active', 0)")

    def second(database: Database) -> None:
        database.execute("ALTER TABLE organizations ADD COLUMN plan TEXT")

    monkeypatch.setattr(schema, "MIGRATIONS", (*MIGRATIONS, second))
    migrate(connection)
    assert connection.execute("SELECT name, plan FROM organizations").fetchall() == [("kept", None)]
    assert connection.execute("PRAGMA user_version").fetchone() == (len(MIGRATIONS) + 1,)


def test_folders_are_numbered_from_the_time_when_the_file_was_made(
    connection: sqlite3.Connection,
) -> None:
    """So a file made anew repeats no UIDVALIDITY, and it fits 32 bits (RFC 9051 §2.3.1.1)."""
    before = int(time.time())
    migrate(connection)
    connection.execute("INSERT INTO organizations VALUES ('org', '', 'active', 0)")
    connection.execute(
        "INSERT INTO inboxes (id, organization, address, display_name, send_paused, created_at)"
        " VALUES ('inb', 'org', 'a@b', '', 0, 0)"
    )
    add = (
        "INSERT INTO folders (inbox, name, subscribed, uid_next, modseq)"
        " VALUES ('inb', 'x', 1, 1, 1) RETURNING id"
    )
    connection.execute("PRAGMA foreign_keys = ON")
    (first,) = connection.execute(add).fetchone()
    assert before < first < 2**32
    connection.execute("DELETE FROM folders")
    (second,) = connection.execute(add).fetchone()
    assert second > first


def test_events_of_an_earlier_version_are_kept(
    connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    earlier = MIGRATIONS[: MIGRATIONS.index(schema._keep_events_once)]
    with monkeypatch.context() as patched:
        patched.setattr(schema, "MIGRATIONS", earlier)
        migrate(connection)
    connection.execute("INSERT INTO organizations VALUES ('org', '', 'active', 0)")
    connection.executemany(
        "INSERT INTO events (id, organization, type, at, detail)"
        " VALUES (?, 'org', 'message.sent', ?, '{}')",
        [("evt_2", 2.5), ("evt_1", 1.5)],
    )
    migrate(connection)
    found = connection.execute("SELECT organization, id, type, at, inbox FROM events").fetchall()
    assert found == [
        ("org", "evt_1", "message.sent", 1.5, None),
        ("org", "evt_2", "message.sent", 2.5, None),
    ]
