"""What whoever runs a server, or uses it, may see and do of its workings."""

from mailcore_agentpost.operations.audit import AuditTrail
from mailcore_agentpost.operations.checking import PolicyCheck
from mailcore_agentpost.operations.failures import FailedLogins
from mailcore_agentpost.operations.metrics import Monitoring
from mailcore_agentpost.operations.operations import Operations
from mailcore_agentpost.operations.queue import QueueService
from mailcore_agentpost.operations.sessions import SessionService, Visible

__all__ = [
    "AuditTrail",
    "FailedLogins",
    "Monitoring",
    "Operations",
    "PolicyCheck",
    "QueueService",
    "SessionService",
    "Visible",
]
