"""Storing messages durably: group commit, against a transaction for each message."""

from __future__ import annotations

import sqlite3
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

import trio

from benchmarks.micro.timing import side_by_side
from mailcore.limits import DEFAULT_LIMITS
from mailcore_agentpost.mail import inboxes
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.messages import write_body
from mailcore_agentpost.sending import Copy, store_message
from mailcore_agentpost.store import Store, Transaction

_MESSAGES = 400
_WRITERS = 16
_DATA = b"From: a@example.com\r\nSubject: hi\r\n\r\n" + b"A line of some text.\r\n" * 200


def _floor(directory: Path) -> int:
    """One row and one commit for each message: what a program without a queue does."""
    connection = sqlite3.connect(directory / "floor.db", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS bodies (octets BLOB)")
    for _ in range(_MESSAGES):
        connection.execute("INSERT INTO bodies VALUES (?)", (_DATA,))
    connection.close()
    return _MESSAGES


class _Deliveries:
    """Writers that deliver at the same time, each waiting for its commit."""

    def __init__(self, path: Path, *, durable: bool) -> None:
        self._store = Store(path, durable=durable)
        self._copy = Copy(_DATA, digest(_DATA, DEFAULT_LIMITS))
        self._inbox = trio.run(self._store.write, self._new_inbox)

    def _new_inbox(self, transaction: Transaction) -> str:
        now = datetime.now(UTC)
        organization = inboxes.insert_organization(transaction, "benchmark", now)
        return inboxes.insert_inbox(
            transaction, organization, username="a", domain="example.com", now=now
        ).id

    def _deliver(self, transaction: Transaction) -> None:
        body = write_body(transaction, _DATA)
        store_message(transaction, self._inbox, "INBOX", "inbound", body, self._copy, time.time())

    def run(self, writers: int) -> int:
        async def write() -> None:
            for _ in range(_MESSAGES // writers):
                await self._store.write(self._deliver)

        async def everybody() -> None:
            async with trio.open_nursery() as nursery:
                for _ in range(writers):
                    nursery.start_soon(write)

        trio.run(everybody)
        return _MESSAGES

    def close(self) -> None:
        self._store.close()


def run() -> None:
    """Print the rates."""
    with tempfile.TemporaryDirectory(dir=".") as name:
        directory = Path(name)
        durable = _Deliveries(directory / "durable.db", durable=True)
        volatile = _Deliveries(directory / "volatile.db", durable=False)
        side_by_side(
            f"Messages of {len(_DATA):,} octets stored",
            "messages",
            {
                "floor: a row and a commit each": lambda: _floor(directory),
                "AgentPost, one writer": lambda: durable.run(1),
                f"AgentPost, {_WRITERS} writers": lambda: durable.run(_WRITERS),
                f"AgentPost, {_WRITERS} writers, not durable": lambda: volatile.run(_WRITERS),
            },
        )
        durable.close()
        volatile.close()
