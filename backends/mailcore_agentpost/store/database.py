"""Opening the file, and the two threads on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from mailcore_agentpost.store.reader import Reader
from mailcore_agentpost.store.schema import migrate
from mailcore_agentpost.store.writer import Transaction, Writer

T = TypeVar("T")

# Seconds that one process waits for another one's lock: two that start at once migrate in turn.
_LOCK_TIMEOUT = 30.0


class Store:
    """A database that is open.

    Arguments:
        path: of the file; made if it is not there.
        durable: whether a commit waits for the disk. False only for what may be lost.

    Raises:
        OSError: the file can not be opened, or is no database of ours.
    """

    def __init__(self, path: Path, *, durable: bool = True) -> None:
        self._path = path
        self._durable = durable
        try:
            connection = self._connect()
            try:
                migrate(connection)
            finally:
                connection.close()
        except sqlite3.Error as error:
            raise OSError(f"cannot open {path}: {error}") from error
        self.writer = Writer(self._connect)
        self._reader = Reader(self._connect)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
        connection.execute("PRAGMA foreign_keys = ON")
        # Checkpoints are the writer's, between commits.
        connection.execute("PRAGMA wal_autocheckpoint = 0")
        return connection

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in a transaction; return once it has reached the disk."""
        return await self.writer.call(work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work that only reads."""
        return await self._reader.call(work)

    def close(self) -> None:
        """Finish what is queued, and close. Blocks until that is done."""
        self.writer.stop()
        self._reader.stop()
