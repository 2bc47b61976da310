"""The one thread that writes: whatever waits goes into one transaction, and onto the disk once."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import outcome

from mailcore_agentpost.store.calls import Call, Worker, deliver

#: Calls that share a commit, at most: a bound on how long the first of them waits.
_BATCH: Final = 500
#: Pages in the write-ahead log after which it is copied back even while work is waiting.
_LONG_LOG: Final = 16_384
#: Pages that are worth copying back when nothing is waiting.
_SHORT_LOG: Final = 1_024


@dataclass(slots=True)
class Transaction:
    """What a piece of writing work gets.

    Arguments:
        connection: within a transaction and a savepoint of its own.
        after: called in order once the commit has reached the disk, in the writer's thread.
    """

    connection: sqlite3.Connection
    after: list[Callable[[], None]] = field(default_factory=list)

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(sql, parameters)


class Writer(Worker[Transaction]):
    """Group commit: one transaction for all that is waiting, a savepoint for each piece.

    Arguments:
        connect: opens the connection, in the thread.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        self._log_pages = 0
        #: Transactions so far, and calls in them: what group commit saves.
        self.commits = 0
        self.calls = 0
        super().__init__("agentpost-writer", _BATCH)

    def begin(self) -> None:
        self._connection = self._connect()

    def work(self, calls: list[Call[Transaction]]) -> None:
        connection = self._connection
        after: list[Callable[[], None]] = []
        try:
            connection.execute("BEGIN IMMEDIATE")
            for call in calls:
                after += self._one(call)
            connection.execute("COMMIT")
        except sqlite3.Error as error:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            after.clear()
            for call in calls:
                call.result = outcome.Error(error)
        self.commits += 1
        self.calls += len(calls)
        for tell in after:
            tell()
        deliver(calls)
        # Copying the log back inside a commit is what makes the slowest commits slow.
        self._log_pages += len(calls)
        if self._log_pages > _LONG_LOG:
            self._checkpoint()

    def _one(self, call: Call[Transaction]) -> list[Callable[[], None]]:
        transaction = Transaction(self._connection)
        self._connection.execute("SAVEPOINT piece")
        try:
            call.result = outcome.Value(call.work(transaction))
        except Exception as error:
            self._connection.execute("ROLLBACK TO piece")
            transaction.after.clear()
            call.result = outcome.Error(error)
        self._connection.execute("RELEASE piece")
        return transaction.after

    def rest(self) -> None:
        if self._log_pages > _SHORT_LOG:
            self._checkpoint()

    def _checkpoint(self) -> None:
        self._log_pages = 0
        self._connection.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def end(self) -> None:
        self._connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        self._connection.close()
