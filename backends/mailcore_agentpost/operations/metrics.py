"""What AgentPost adds to the metrics of the engine, and whether it can serve."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Final

import trio
from prometheus_client.core import GaugeMetricFamily, HistogramMetricFamily, Metric

from mailcore.backend import Unavailable
from mailcore.live import BUCKETS, LiveSessions
from mailcore.serve.metrics import Metrics, buckets
from mailcore_agentpost.store import Store
from mailcore_agentpost.store.writer import SIZES

# Seconds in which a store that is well answers.
_PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Waiting:
    """What waits in one queue: how many, and for how many seconds the oldest."""

    name: str
    count: int
    age: float


class Monitoring:
    """What a monitoring system asks.

    Arguments:
        live: the connections of this server.
        store: the backend's.
    """

    def __init__(self, live: LiveSessions, store: Store) -> None:
        self._metrics = Metrics(live)
        self._store = store

    async def metrics(self, accept: str) -> tuple[bytes, str]:
        """Return all metrics as text, and its media type."""
        waiting: list[Waiting] = []
        with suppress(Unavailable):  # then is when the others are wanted
            waiting = await self._store.read(_waiting)
        return self._metrics.exposition([*_queues(waiting), *self._commits()], accept)

    async def problem(self) -> str | None:
        """Return why nothing can be served now; None if all is well."""
        with trio.move_on_after(_PATIENCE) as scope:
            try:
                await self._store.read(lambda connection: connection.execute("SELECT 1").fetchone())
                await self._store.write(lambda transaction: None)
            except Unavailable:
                return "The store can not be read or written."
        return "The store does not answer." if scope.cancelled_caught else None

    def _commits(self) -> Iterator[Metric]:
        commits = self._store.commits
        yield HistogramMetricFamily(
            "agentpost_commit_writes",
            "Pieces of work that shared one commit.",
            buckets(SIZES, commits.sizes),
            commits.calls,
        )
        durations = commits.durations
        yield HistogramMetricFamily(
            "agentpost_commit_duration_seconds",
            "Of commits, until they have reached the disk.",
            buckets(BUCKETS, durations.classes),
            durations.seconds,
        )


def _queues(waiting: list[Waiting]) -> Iterator[Metric]:
    depth = GaugeMetricFamily(
        "agentpost_queue_depth",
        "Recipients outside, or deliveries to webhooks, that wait.",
        labels=["queue"],
    )
    age = GaugeMetricFamily(
        "agentpost_queue_oldest_seconds", "Since the oldest of them began.", labels=["queue"]
    )
    for one in waiting:
        depth.add_metric([one.name], one.count)
        age.add_metric([one.name], one.age)
    yield depth
    yield age


def _waiting(connection: sqlite3.Connection) -> list[Waiting]:
    now = time.time()
    found = []
    for name, query in (
        ("mail", "SELECT count(*), min(created_at) FROM queue"),
        ("webhooks", "SELECT count(*), min(created_at) FROM deliveries WHERE status = 'pending'"),
    ):
        count, oldest = connection.execute(query).fetchone()
        found.append(Waiting(name, count, 0.0 if oldest is None else max(now - oldest, 0.0)))
    return found
