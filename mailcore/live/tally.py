"""Counts of what sessions did, in the shape in which metrics are told."""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from typing import Final

#: Upper bounds of the latency classes, in seconds; what is slower is in one class more.
BUCKETS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0)


class Durations:
    """How often something was done, and how long it took.

    Arguments:
        seconds: of all together.
        classes: how many were in each class of :data:`BUCKETS`, and in one for what was slower.
    """

    __slots__ = ("classes", "seconds")

    def __init__(self) -> None:
        self.seconds = 0.0
        self.classes = [0] * (len(BUCKETS) + 1)

    def add(self, seconds: float) -> None:
        """Count one."""
        self.seconds += seconds
        self.classes[bisect_left(BUCKETS, seconds)] += 1


class Tally:
    """What all sessions of a server did since it began. Of one thread."""

    def __init__(self) -> None:
        #: By protocol, command and status.
        self.commands: dict[tuple[str, str, str], Durations] = {}
        #: By protocol and reason.
        self.refusals: Counter[tuple[str, str]] = Counter()
        #: Connections so far, by door.
        self.connections: Counter[str] = Counter()
        #: Octets by protocol, those of sessions that ended.
        self.received: Counter[str] = Counter()
        self.sent: Counter[str] = Counter()

    def answered(
        self, protocol: str, command: str, status: str, reason: str, seconds: float
    ) -> None:
        """Count an answer; ``reason`` is that of a refusal, or ""."""
        key = (protocol, command, status)
        found = self.commands.get(key)
        if found is None:
            found = self.commands[key] = Durations()
        found.add(seconds)
        if reason:
            self.refusals[protocol, reason] += 1
