"""An open store, and a table in it to write to."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailcore_agentpost.store import Store, Transaction

Moved = list[frozenset[tuple[str, int]]]


@pytest.fixture
def moved() -> Moved:
    """What was told after each commit."""
    return []


@pytest.fixture
def store(tmp_path: Path, moved: Moved) -> Iterator[Store]:
    opened = Store(tmp_path / "agentpost.db", lambda folders, *_: moved.append(frozenset(folders)))
    yield opened
    opened.close()


def add(name: str) -> Callable[[Transaction], None]:
    """Return work that writes one row."""

    def work(transaction: Transaction) -> None:
        transaction.execute(
            "INSERT INTO organizations (id, name, status, created_at) VALUES (?, ?, 'active', 0)",
            (name, name),
        )

    return work


def fill(name: str, octets: int) -> Callable[[Transaction], None]:
    """Return work that writes one row of that many octets."""

    def work(transaction: Transaction) -> None:
        body = int(name)
        transaction.execute("INSERT INTO bodies (id, size) VALUES (?, ?)", (body, octets))
        transaction.execute(
            "INSERT INTO chunks (body, number, octets) VALUES (?, 0, zeroblob(?))", (body, octets)
        )
        transaction.octets += octets

    return work


def names(connection: sqlite3.Connection) -> list[str]:
    """Return the rows that :func:`add` has written, as they were written."""
    rows = connection.execute("SELECT id FROM organizations ORDER BY rowid")
    return [row[0] for row in rows.fetchall()]
