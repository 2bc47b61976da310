"""What load balancers and monitoring systems ask; no key, and nothing of anybody's mail."""

from __future__ import annotations

import ipaddress
from collections.abc import Sequence

import msgspec

from mailcore.backend import Peer
from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.problems import Problem, not_found
from mailcore_agentpost.http.routing import Call, Route
from mailcore_agentpost.http.types import Health, Readiness
from mailcore_agentpost.operations.metrics import Monitoring
from mailcore_agentpost.settings import MetricsFor


class MonitoringHandlers:
    """Answers ``/healthz``, ``/readyz`` and ``/metrics``.

    Arguments:
        metrics_for: who may read the metrics.
    """

    def __init__(self, monitoring: Monitoring, metrics_for: MetricsFor) -> None:
        self._monitoring = monitoring
        self._metrics_for = metrics_for

    async def health(self, call: Call[None]) -> Health:
        """Say that the process answers."""
        return Health()

    async def readiness(self, call: Call[None]) -> Readiness | Response:
        """Say whether mail can be served now."""
        problem = await self._monitoring.problem()
        if problem is None:
            return Readiness()
        return Response(
            status=503,
            body=msgspec.json.encode(Readiness("unavailable", problem)),
            headers={"Content-Type": "application/json", "Retry-After": "5"},
        )

    async def metrics(self, call: Call[None]) -> Response:
        """Return the metrics, in the format that Prometheus asks for."""
        if self._metrics_for == "nobody":
            raise not_found("resource")
        if self._metrics_for == "loopback" and not _is_here(call.request.peer):
            raise Problem(
                403,
                "metrics_are_local",
                "The metrics of this server are for programs on its own machine.",
                fix="Ask from there, or set [agentpost] metrics to anybody.",
            )
        body, media_type = await self._monitoring.metrics(call.request.header("accept") or "")
        return Response(body=body, headers={"Content-Type": media_type})


def _is_here(peer: Peer) -> bool:
    try:
        return ipaddress.ip_address(peer.host.partition("%")[0]).is_loopback
    except ValueError:
        return False


def routes(monitoring: MonitoringHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="GET",
            path="/healthz",
            handler=monitoring.health,
            summary="Tell whether the process answers",
            public=True,
            response=Health,
        ),
        Route(
            method="GET",
            path="/readyz",
            handler=monitoring.readiness,
            summary="Tell whether mail can be served now: 503 if not",
            public=True,
            response=Readiness,
        ),
        Route(
            method="GET",
            path="/metrics",
            handler=monitoring.metrics,
            summary="Return metrics for Prometheus",
            public=True,
            media_type="text/plain",
            refuses=(403, 404),
        ),
    )
