"""All of it together, as the HTTP door gets it."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore_agentpost.operations.metrics import Monitoring
from mailcore_agentpost.operations.sessions import SessionService
from mailcore_agentpost.settings import MetricsFor


@dataclass(frozen=True, slots=True)
class Operations:
    """What the HTTP door shows of the workings of the server.

    Arguments:
        sessions: the live connections.
        monitoring: health and metrics.
        metrics_for: who may read the metrics.
    """

    sessions: SessionService
    monitoring: Monitoring
    metrics_for: MetricsFor = "loopback"
