"""``client.audit``: who did what."""

from __future__ import annotations

from mailcore_agentpost.client.request import Request, listing, path
from mailcore_agentpost.http.types import AuditPage
from mailcore_agentpost.types import AuditAction


def list_page(
    *, action: AuditAction | None = None, limit: int = 50, cursor: str | None = None
) -> Request[AuditPage]:
    """Return one page of the audit trail, the latest first."""
    return listing(AuditPage, path("audit"), limit, cursor, action=action)
