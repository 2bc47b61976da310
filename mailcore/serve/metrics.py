"""Metrics in the formats of Prometheus: what the engine counted, and what a backend adds.

The engine counts in plain integers (:mod:`mailcore.live`); only when somebody asks is it put into
the library's terms, so that a command costs no more than an addition.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import Final

from prometheus_client import GCCollector, PlatformCollector, ProcessCollector
from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    InfoMetricFamily,
    Metric,
)
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector, CollectorRegistry

import mailcore
from mailcore.live import BUCKETS, LiveSessions


class Metrics:
    """The metrics of one server.

    Arguments:
        live: its connections, and what they did.
    """

    def __init__(self, live: LiveSessions) -> None:
        self._live = live
        self._process = CollectorRegistry()
        ProcessCollector(registry=self._process)
        PlatformCollector(registry=self._process)
        GCCollector(registry=self._process)

    def exposition(self, more: Iterable[Metric], accept: str = "") -> tuple[bytes, str]:
        """Return everything as text, and its media type.

        Arguments:
            more: the backend's.
            accept: what the client asks for: OpenMetrics, or Prometheus's own format.
        """
        registry = CollectorRegistry()
        registry.register(_Once([*self._process.collect(), *self._engine(), *more]))
        encoder, media_type = choose_encoder(accept)
        return encoder(registry), media_type

    def _engine(self) -> Iterator[Metric]:
        yield InfoMetricFamily("mailcore", "The engine.", {"version": mailcore.__version__})
        yield self._sessions()
        tally = self._live.tally
        connections = CounterMetricFamily(
            "mailcore_connections", "Connections accepted, by door.", labels=["door"]
        )
        for door, count in tally.connections.items():
            connections.add_metric([door], count)
        yield connections
        yield self._commands()
        refusals = CounterMetricFamily(
            "mailcore_refusals",
            "Refusals, by reason: a response code of IMAP, an enhanced status code of SMTP, "
            "the code of a problem document.",
            labels=["protocol", "reason"],
        )
        for (protocol, reason), count in tally.refusals.items():
            refusals.add_metric([protocol, reason], count)
        yield refusals
        yield from self._octets()

    def _sessions(self) -> Metric:
        family = GaugeMetricFamily(
            "mailcore_sessions",
            "Connections now; those that wait for news are in the state idle.",
            labels=["protocol", "door", "state"],
        )
        counted: Counter[tuple[str, str, str]] = Counter()
        for live in self._live:
            standing = live.standing()
            state = "idle" if standing.idling else standing.state
            counted[live.peer.protocol, live.door, state] += 1
        for labels, count in counted.items():
            family.add_metric(labels, count)
        return family

    def _commands(self) -> Metric:
        family = HistogramMetricFamily(
            "mailcore_command_duration_seconds",
            "From a complete command to its answer, by command and answer.",
            labels=["protocol", "command", "status"],
        )
        for (protocol, command, status), tally in self._live.tally.commands.items():
            labels = [protocol, command or "invalid", status]
            family.add_metric(labels, buckets(BUCKETS, tally.classes), tally.seconds)
        return family

    def _octets(self) -> Iterator[Metric]:
        received, sent = Counter(self._live.tally.received), Counter(self._live.tally.sent)
        for live in self._live:
            received[live.peer.protocol] += live.octets_in
            sent[live.peer.protocol] += live.octets_out
        for name, text, octets in (
            ("mailcore_received_bytes", "Octets from clients", received),
            ("mailcore_sent_bytes", "Octets to clients", sent),
        ):
            family = CounterMetricFamily(
                name, f"{text}, without TLS and compression.", labels=["protocol"]
            )
            for protocol, count in octets.items():
                family.add_metric([protocol], count)
            yield family


def buckets(bounds: Sequence[float], classes: Sequence[int]) -> list[tuple[str, float]]:
    """Make the cumulative buckets of a histogram.

    Arguments:
        bounds: upper bounds of all classes but the last.
        classes: how many are in each.
    """
    names = [*(str(bound) for bound in bounds), "+Inf"]
    return list(zip(names, accumulate(classes), strict=True))


class _Once(Collector):
    """Metrics that were collected already."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families: Final = families

    def collect(self) -> Iterable[Metric]:
        return self._families
