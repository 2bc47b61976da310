"""What a row is: one piece of work, asked of one server."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final, Protocol

from benchmarks.client import Line, Swarm, Tally, Work
from benchmarks.target import Target

#: Messages in the mailbox that the reading rows read.
MESSAGES: Final = 10_000
#: Seconds that a rate is measured.
SECONDS: Final = 2.0


class Measure(Protocol):
    """Does the work of a row."""

    def __call__(self, target: Target, rate: float | None = None) -> Tally:
        """Measure.

        Arguments:
            rate: pieces of work to begin a second, come what may; None for one after the other.

        Raises:
            Refused: the server does not do that.
        """
        ...


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Arguments:
        name: short: ``noop tls``.
        work: what is done, in words.
        measure: does it.
        door: which port of the target it needs.
        needs: commands that the server must have.
        stores: whether the server must keep mail.
        once: measured only once, before anything else has been read: a cold start.
        paced: whether it can be asked for at a rate: requests that somebody waits for.
        alone: asked of a server that has just been started, where memory is what matters: one that
            others have used fills what they have left before it takes more.
    """

    name: str
    work: str
    measure: Measure
    door: str
    needs: frozenset[str] = field(default_factory=frozenset)
    stores: bool = True
    once: bool = False
    paced: bool = False
    alone: bool = False

    def can_be_asked_of(self, target: Target) -> bool:
        """Tell whether the server has what the row needs."""
        return (
            getattr(target, self.door) is not None
            and not self.needs & target.lacks
            and (target.stores or not self.stores)
        )


def port(target: Target, door: str) -> int:
    """Return the port of a door that the target has."""
    found = getattr(target, door)
    assert isinstance(found, int)
    return found


@contextmanager
def logged_in(target: Target, door: str = "imap", mailbox: bytes = b"INBOX") -> Iterator[Line]:
    """Give a connection with a mailbox selected."""
    line = Line.imap(port(target, door), target.user, target.password, tls=door == "imaps")
    try:
        line.ask(b"SELECT " + mailbox)
        yield line
    finally:
        line.close()


def repeat(
    work: Callable[[], object],
    rate: float | None = None,
    *,
    seconds: float = SECONDS,
    least: int = 3,
) -> Tally:
    """Do the work again and again for some time, at least a few times; or at a rate."""
    tally = Tally()
    start = time.perf_counter()
    while tally.seconds < seconds or tally.count < least:
        before = time.perf_counter() if rate is None else tick(start + tally.count / rate)
        work()
        now = time.perf_counter()
        tally.latencies.append(now - before)
        tally.count += 1
        tally.seconds = now - start
    return tally


def tick(due: float) -> float:
    """Wait until a time by the clock of :mod:`time`, and return it; it may have passed."""
    while (pause := due - time.perf_counter()) > 0:
        time.sleep(pause)
    return due


def crowd(work: Callable[[], object], workers: int, rate: float | None = None) -> Tally:
    """Do the work in threads: again and again in each of them, or at a rate that they share."""
    tally = Tally()
    start = time.perf_counter()
    numbers = itertools.count()

    def worker() -> None:
        while True:
            before = time.perf_counter()
            if rate is not None:
                before = start + next(numbers) / rate
            if before > start + SECONDS:
                return
            tick(before)
            work()
            tally.latencies.append(time.perf_counter() - before)

    with ThreadPoolExecutor(workers) as pool:
        for done in [pool.submit(worker) for _ in range(workers)]:
            done.result()
    tally.seconds = time.perf_counter() - start
    tally.count = len(tally.latencies)
    return tally


def swarm(
    target: Target,
    door: str,
    connections: int,
    works: Callable[[int], Iterator[Work]],
    rate: float | None = None,
    *,
    mailbox: bytes = b"INBOX",
) -> Tally:
    """Do work on many connections, each logged in with a mailbox selected."""
    lines = []
    for _ in range(connections):
        line = Line.imap(port(target, door), target.user, target.password, tls=door == "imaps")
        line.ask(b"SELECT " + mailbox)
        lines.append(line)
    connected = Swarm((line.socket for line in lines), works)
    try:
        return connected.run(SECONDS) if rate is None else connected.run_at(rate, SECONDS)
    finally:
        connected.close()
