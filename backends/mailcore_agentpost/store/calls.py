"""Handing work from a Trio task to a thread that lives as long as the store, and the answer back.

A thread of its own for each call costs ten times what a queue does, and a queue lets the thread see
how much is waiting: that is what makes group commit possible.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

import outcome
import trio

T = TypeVar("T")
ArgT = TypeVar("ArgT")


class Call(Generic[ArgT]):
    """One piece of work, and the task that waits for it.

    Arguments:
        work: called in the thread.
    """

    __slots__ = ("result", "task", "token", "work")

    def __init__(self, work: Callable[[ArgT], Any]) -> None:
        self.work = work
        self.task: trio.lowlevel.Task | None = trio.lowlevel.current_task()
        self.token = trio.lowlevel.current_trio_token()
        self.result: outcome.Outcome[Any] = outcome.Error(RuntimeError("not done"))

    def deliver(self) -> None:
        """Wake the task, if it still waits. In the thread of its event loop."""
        if self.task is not None:
            trio.lowlevel.reschedule(self.task, self.result)


def deliver(calls: Iterable[Call[Any]]) -> None:
    """Wake the tasks of finished calls, with one message to each event loop. From any thread."""
    by_token: dict[trio.lowlevel.TrioToken, list[Call[Any]]] = {}
    for call in calls:
        by_token.setdefault(call.token, []).append(call)
    for token, done in by_token.items():
        try:
            token.run_sync_soon(_wake, done)
        except trio.RunFinishedError:
            continue  # nobody is left to be told


def _wake(calls: Iterable[Call[Any]]) -> None:
    for call in calls:
        call.deliver()


class Worker(Generic[ArgT]):
    """A thread that takes calls from a queue, all that are waiting at a time.

    Arguments:
        name: of the thread.
        most: calls taken at a time.
    """

    def __init__(self, name: str, most: int) -> None:
        self._queue: queue.SimpleQueue[Call[ArgT] | None] = queue.SimpleQueue()
        self._most = most
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    async def call(self, work: Callable[[ArgT], T]) -> T:
        """Have the thread do some work; return or raise what it does.

        If the waiting task is cancelled the work is done all the same, and its answer is dropped.
        """
        call: Call[ArgT] = Call(work)
        self._queue.put(call)

        def abandon(_: object) -> trio.lowlevel.Abort:
            call.task = None
            return trio.lowlevel.Abort.SUCCEEDED

        result: T = await trio.lowlevel.wait_task_rescheduled(abandon)
        return result

    def stop(self) -> None:
        """Do what is queued, then end the thread, and wait for that."""
        self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        try:
            running = True
            while running:
                taken = [self._queue.get()]
                while len(taken) < self._most and not self._queue.empty():
                    taken.append(self._queue.get())
                calls = [call for call in taken if call is not None]
                running = len(calls) == len(taken)
                if calls:
                    self.work(calls)
                if self._queue.empty():
                    self.rest()
        finally:
            self.end()

    def work(self, calls: list[Call[ArgT]]) -> None:
        """Do what some calls ask, set their results, and deliver them. In the thread."""
        raise NotImplementedError

    def rest(self) -> None:
        """Called when nothing is waiting. In the thread."""

    def end(self) -> None:
        """Called last, in the thread."""
