"""The row of those who wait: many connections in IDLE, and how soon all hear of a message."""

from __future__ import annotations

import select
import time
from typing import Final

from benchmarks import corpus
from benchmarks.client import TAG, Line, Refused, Tally, append
from benchmarks.rows.row import Row, port
from benchmarks.target import Target

CONNECTIONS: Final = 2_000
_MESSAGES: Final = 5
_PATIENCE: Final = 60.0


def _idle(target: Target) -> Tally:
    """Latencies are those from the APPEND until each connection has its EXISTS."""
    tally = Tally()
    waiting: dict[int, Line] = {}
    poll = select.epoll()
    try:
        for _ in range(CONNECTIONS):
            line = Line.imap(port(target, "imap"), target.user, target.password)
            line.ask(b"SELECT Watched")
            line.take((TAG + b" IDLE\r\n", 1))
            waiting[line.socket.fileno()] = line
            poll.register(line.socket.fileno(), select.EPOLLIN)
        tally.memory = target.process.memory()
        writer = Line.imap(port(target, "imap"), target.user, target.password)
        for number in range(_MESSAGES):
            writer.socket.sendall(append(b"Watched", corpus.message(number))[0])
            start = time.perf_counter()
            left = set(waiting)
            while left:
                ready = poll.poll(_PATIENCE)
                if not ready:
                    raise Refused(f"{len(left)} of {CONNECTIONS} were not told")
                for descriptor, _ in ready:
                    if b"EXISTS" in waiting[descriptor].socket.recv(65536) and descriptor in left:
                        left.discard(descriptor)
                        tally.latencies.append(time.perf_counter() - start)
            tally.seconds += time.perf_counter() - start
            tally.count += CONNECTIONS
            writer.drain()
    finally:
        poll.close()
        for line in waiting.values():
            line.close()
    return tally


ROWS: Final = (
    Row("idle", f"{CONNECTIONS:,} connections in IDLE told of a message", _idle, "imap"),
)
