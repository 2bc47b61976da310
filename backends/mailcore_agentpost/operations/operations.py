"""All of it together, as the HTTP door gets it."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore_agentpost.operations.audit import AuditTrail
from mailcore_agentpost.operations.checking import PolicyCheck
from mailcore_agentpost.operations.failures import FailedLogins
from mailcore_agentpost.operations.metrics import Monitoring
from mailcore_agentpost.operations.queue import QueueService
from mailcore_agentpost.operations.sessions import SessionService
from mailcore_agentpost.settings import MetricsFor


@dataclass(frozen=True, slots=True)
class Operations:
    """What the HTTP door shows of the workings of the server.

    Arguments:
        sessions: the live connections.
        monitoring: health and metrics.
        audit: who did what.
        queue: mail on its way to the outside.
        check: judges addresses.
        failures: are told of keys that open nothing.
        metrics_for: who may read the metrics.
    """

    sessions: SessionService
    monitoring: Monitoring
    audit: AuditTrail
    queue: QueueService
    check: PolicyCheck
    failures: FailedLogins
    metrics_for: MetricsFor = "loopback"
