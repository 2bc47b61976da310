"""The one thread that writes: whatever waits goes into one transaction, and onto the disk once."""

from __future__ import annotations

import logging
import sqlite3
from bisect import bisect_left
from collections.abc import Callable, Sequence, Set
from dataclasses import dataclass, field
from time import perf_counter
from typing import Any, Final, Literal

import outcome

from mailcore.limits import KIB, MIB
from mailcore.live import Durations
from mailcore_agentpost.store.calls import Call, Worker, deliver
from mailcore_agentpost.store.steps import Step
from mailcore_agentpost.types import EventRow

logger = logging.getLogger("mailcore.agentpost")

#: Calls that share a commit, at most: a bound on how long the first of them waits.
_BATCH: Final = 500
#: Octets in the write-ahead log, about, after which it is copied back even while work is waiting.
_LONG_LOG: Final = 64 * MIB
#: Octets that are worth copying back when nothing is waiting.
_SHORT_LOG: Final = 4 * MIB
#: Octets that a small piece of work adds to the log, about: a few pages.
_COMMIT: Final = 16 * KIB
#: Octets that each changed row adds, about: less than a page, as neighbours share one.
_ROW: Final = KIB


#: What is worked off behind a commit: mail that leaves, and calls of webhooks.
Queue = Literal["mail", "webhooks"]


@dataclass(slots=True)
class Transaction:
    """What a piece of writing work gets.

    Arguments:
        connection: within a transaction and a savepoint of its own.
        steps: what was done to folders: told once the commit has reached the disk.
        moved: all folders that changed, as (inbox, folder): told after ``steps``.
        after: called in order after that, in the writer's thread.
        events: what happened: told after ``moved``.
        due: queues that have got something to do: told with ``events``.
        octets: written to bodies: what fills the log.
        texts: numbers of messages whose octets are new or gone: for the text index.
    """

    connection: sqlite3.Connection
    steps: list[Step] = field(default_factory=list)
    moved: set[tuple[str, int]] = field(default_factory=set)
    after: list[Callable[[], None]] = field(default_factory=list)
    events: list[EventRow] = field(default_factory=list)
    due: set[Queue] = field(default_factory=set)
    octets: int = 0
    texts: set[int] = field(default_factory=set)

    def execute(self, sql: str, parameters: tuple[Any, ...] = ()) -> sqlite3.Cursor:
        """Run one statement."""
        return self.connection.execute(sql, parameters)


#: Upper bounds of the classes of batch sizes; :data:`_BATCH` is the most.
SIZES: Final = (1, 2, 5, 10, 20, 50, 100, 200, _BATCH)


class Commits:
    """What group commit saves: transactions, and pieces of work in them.

    Arguments:
        sizes: transactions in each class of :data:`SIZES`, and one that stays empty.
        durations: of the transactions.
    """

    def __init__(self) -> None:
        self.count = 0
        self.calls = 0
        self.sizes = [0] * (len(SIZES) + 1)
        self.durations = Durations()

    def add(self, calls: int, seconds: float) -> None:
        """Count a transaction."""
        self.count += 1
        self.calls += calls
        self.sizes[bisect_left(SIZES, calls)] += 1
        self.durations.add(seconds)


#: Told after each commit, in a thread: folders that changed, as (inbox, folder), what happened, and
#: which queues have got something to do.
Tell = Callable[[Set[tuple[str, int]], Sequence[EventRow], Set[Queue]], None]
#: Told before that: what was done to folders, in order.
TellSteps = Callable[[Sequence[Step]], None]
#: Told after each commit, in a thread: numbers of messages whose octets are new or gone; if any.
TellTexts = Callable[[Set[int]], None]


class Writer(Worker[Transaction]):
    """Group commit: one transaction for all that is waiting, a savepoint for each piece.

    Arguments:
        connection: closed when the thread ends.
        tell: called with the folders that changed and what happened, in the thread, after each
            commit.
        tell_texts: called there with the messages whose octets are new or gone.
        tell_steps: called there, before ``tell``, with what was done to folders.
        alone: whether no other process has the file, so that the log can be emptied at the end.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        tell: Tell,
        tell_texts: TellTexts,
        tell_steps: TellSteps,
        *,
        alone: bool = True,
    ) -> None:
        self._connection = connection
        self._alone = alone
        self._tell = tell
        self._tell_texts = tell_texts
        self._tell_steps = tell_steps
        self._log = 0
        #: Counted so far.
        self.commits = Commits()
        super().__init__("agentpost-writer", _BATCH)

    def work(self, calls: list[Call[Transaction]]) -> None:
        before = self._connection.total_changes
        began = perf_counter()
        try:
            done = self._commit(calls)
        except sqlite3.Error as error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            done = []
            for call in calls:
                call.result = outcome.Error(error)
        wrote = self._connection.total_changes != before  # or it was somebody who only looks
        if wrote:
            self.commits.add(len(calls), perf_counter() - began)
        moved = {folder for transaction in done for folder in transaction.moved}
        events = [event for transaction in done for event in transaction.events]
        if steps := [step for transaction in done for step in transaction.steps]:
            self._tell_steps(steps)
        due = {queue for transaction in done for queue in transaction.due}
        if moved or events or due:
            self._tell(moved, events, due)
        if wrote:
            self._tell_texts({number for transaction in done for number in transaction.texts})
        for transaction in done:
            for tell in transaction.after:
                tell()
        deliver(calls)
        # Copying the log back inside a commit is what makes the slowest commits slow.
        self._log += sum(_COMMIT + transaction.octets for transaction in done)
        self._log += _ROW * (self._connection.total_changes - before)
        if self._log > _LONG_LOG:
            self._checkpoint()

    def _commit(self, calls: list[Call[Transaction]]) -> list[Transaction]:
        """Do all calls in one transaction; return those of them that did something."""
        self._connection.execute("BEGIN IMMEDIATE")
        if len(calls) == 1:  # it needs no savepoint
            only = self._do(calls[0])
            self._connection.execute("ROLLBACK" if only is None else "COMMIT")
            return [] if only is None else [only]
        done = [transaction for call in calls if (transaction := self._one(call)) is not None]
        self._connection.execute("COMMIT")
        return done

    def _one(self, call: Call[Transaction]) -> Transaction | None:
        self._connection.execute("SAVEPOINT piece")
        transaction = self._do(call)
        if transaction is None:
            self._connection.execute("ROLLBACK TO piece")
        self._connection.execute("RELEASE piece")
        return transaction

    def _do(self, call: Call[Transaction]) -> Transaction | None:
        transaction = Transaction(self._connection)
        call.result = outcome.capture(call.work, transaction)
        if not isinstance(call.result, outcome.Error):
            return transaction
        if not self._connection.in_transaction:
            # An error of the disk may end the whole transaction, and every piece with it.
            error = call.result.error
            raise sqlite3.OperationalError(f"the transaction is lost: {error}") from error
        return None

    def rest(self) -> None:
        if self._log > _SHORT_LOG:
            self._checkpoint()

    def _checkpoint(self, mode: str = "PASSIVE") -> None:
        self._log = 0
        try:
            self._connection.execute(f"PRAGMA wal_checkpoint({mode})")
        except sqlite3.Error as error:
            # Nothing is lost: what is committed stays in the log until there is room in the file.
            logger.error("the log of the store was not copied back: %s", error)

    def end(self) -> None:
        self._checkpoint("TRUNCATE" if self._alone else "PASSIVE")
        self._connection.close()
