"""The one thread that reads: a queue that it drains, on a connection that can not write."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Final

import outcome

from mailcore_agentpost.store.calls import Call, Worker, deliver

_BATCH: Final = 64


class Reader(Worker[sqlite3.Connection]):
    """Runs reading work, each piece on the newest committed state.

    Arguments:
        connect: opens the connection, in the thread.
    """

    def __init__(self, connect: Callable[[], sqlite3.Connection]) -> None:
        self._connect = connect
        super().__init__("agentpost-reader", _BATCH)

    def begin(self) -> None:
        self._connection = self._connect()
        self._connection.execute("PRAGMA query_only = ON")

    def work(self, calls: list[Call[sqlite3.Connection]]) -> None:
        for call in calls:
            call.result = outcome.capture(call.work, self._connection)
        deliver(calls)

    def end(self) -> None:
        self._connection.close()
