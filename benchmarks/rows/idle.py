"""The rows of those who wait: many connections in IDLE, and how soon all hear of a message."""

from __future__ import annotations

import select
import time
from contextlib import ExitStack, closing
from functools import partial
from typing import Final

from benchmarks import corpus
from benchmarks.client import TAG, Line, Refused, Tally, append
from benchmarks.rows.row import Row, port
from benchmarks.target import Target

#: That wait, unless the command line says otherwise.
CONNECTIONS: Final = 2_000
_MESSAGES: Final = 5
_PATIENCE: Final = 60.0


def _idle(target: Target, rate: float | None = None, *, door: str) -> Tally:
    """Latencies are those from the APPEND until each connection has its EXISTS."""
    tally = Tally(connections=target.waiting)
    waiting: dict[int, Line] = {}
    with ExitStack() as opened:
        poll = opened.enter_context(select.epoll())
        writer = _watching(target, door)
        opened.enter_context(closing(writer))
        before = target.process.memory()
        for _ in range(target.waiting):
            line = _watching(target, door)
            opened.enter_context(closing(line))
            line.take((TAG + b" IDLE\r\n", 1))
            waiting[line.socket.fileno()] = line
            poll.register(line.socket.fileno(), select.EPOLLIN)
        tally.memory = target.process.memory()
        tally.each = (tally.memory - before) / target.waiting
        for number in range(_MESSAGES):
            writer.socket.sendall(append(b"Watched", corpus.message(number))[0])
            start = time.perf_counter()
            left = set(waiting)
            while left:
                ready = poll.poll(_PATIENCE)
                if not ready:
                    raise Refused(f"{len(left)} of {target.waiting} were not told")
                for descriptor, _ in ready:
                    if b"EXISTS" in waiting[descriptor].socket.recv(65536) and descriptor in left:
                        left.discard(descriptor)
                        tally.latencies.append(time.perf_counter() - start)
            tally.seconds += time.perf_counter() - start
            tally.count += target.waiting
            writer.drain()
    return tally


def _watching(target: Target, door: str) -> Line:
    line = Line.imap(port(target, door), target.user, target.password, tls=door == "imaps")
    line.ask(b"SELECT Watched")
    return line


_WORK: Final = "connections in IDLE told of a message"
ROWS: Final = (
    Row("idle", _WORK, partial(_idle, door="imap"), "imap", alone=True),
    Row("idle tls", _WORK, partial(_idle, door="imaps"), "imaps", alone=True),
)
