"""A thread that reads: a queue that it drains, on a connection that can not write."""

from __future__ import annotations

import sqlite3
from typing import Final

import outcome

from mailcore_agentpost.store.calls import Call, Worker, deliver

_BATCH: Final = 64


class Reader(Worker[sqlite3.Connection]):
    """Runs reading work, on a state not older than the moment when it was asked for.

    Arguments:
        connection: can not write from now on; closed when the thread ends.
        name: of the thread.
    """

    def __init__(self, connection: sqlite3.Connection, name: str = "agentpost-reader") -> None:
        self._connection = connection
        self._connection.execute("PRAGMA query_only = ON")
        super().__init__(name, _BATCH)

    def work(self, calls: list[Call[sqlite3.Connection]]) -> None:
        # One snapshot for all that are waiting: what a piece of work reads fits together.
        try:
            self._connection.execute("BEGIN")
            for call in calls:
                call.result = outcome.capture(call.work, self._connection)
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            for call in calls:
                call.result = outcome.Error(error)
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        deliver(calls)

    def end(self) -> None:
        self._connection.close()
