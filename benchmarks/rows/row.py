"""What a row is: one piece of work, asked of one server."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Final

from benchmarks.client import Line, Step, Swarm, Tally
from benchmarks.target import Target

#: Messages in the mailbox that the reading rows read.
MESSAGES: Final = 10_000
#: Seconds that a rate is measured.
SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Row:
    """One row of the table.

    Arguments:
        name: short: ``noop tls``.
        work: what is done, in words.
        measure: does it; :class:`benchmarks.client.Refused` if the server does not.
        door: which port of the target it needs.
        needs: commands that the server must have.
        stores: whether the server must keep mail.
        once: measured only once, before anything else has been read: a cold start.
    """

    name: str
    work: str
    measure: Callable[[Target], Tally]
    door: str
    needs: frozenset[str] = field(default_factory=frozenset)
    stores: bool = True
    once: bool = False

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


def repeat(work: Callable[[], object], *, seconds: float = SECONDS, least: int = 3) -> Tally:
    """Do the work again and again for some time, at least a few times."""
    tally = Tally()
    start = time.perf_counter()
    while tally.seconds < seconds or tally.count < least:
        before = time.perf_counter()
        work()
        now = time.perf_counter()
        tally.latencies.append(now - before)
        tally.count += 1
        tally.seconds = now - start
    return tally


def swarm(
    target: Target,
    door: str,
    connections: int,
    steps: Callable[[int], Iterator[Step]],
    *,
    mailbox: bytes = b"INBOX",
    seconds: float | None = SECONDS,
) -> Tally:
    """Run steps on many connections, each logged in with a mailbox selected."""
    lines = []
    for _ in range(connections):
        line = Line.imap(port(target, door), target.user, target.password, tls=door == "imaps")
        line.ask(b"SELECT " + mailbox)
        lines.append(line)
    crowd = Swarm((line.socket for line in lines), steps)
    try:
        return crowd.run(seconds)
    finally:
        crowd.close()
