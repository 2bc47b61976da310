"""``client.suppressions``."""

from __future__ import annotations

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import CreateSuppression, Suppression, SuppressionPage


def add(email: str) -> Request[Suppression]:
    """Send nothing to an address from now on."""
    body = CreateSuppression(email=email)
    return Request(method="POST", path=path("suppressions"), decode=to(Suppression), body=body)


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[SuppressionPage]:
    """Return one page of the addresses that nothing is sent to."""
    return listing(SuppressionPage, path("suppressions"), limit, cursor)


def get(email: str) -> Request[Suppression]:
    """Return why nothing is sent to an address."""
    return Request(method="GET", path=path("suppressions", email), decode=to(Suppression))


def remove(email: str) -> Request[None]:
    """Send to an address again."""
    return Request(method="DELETE", path=path("suppressions", email), decode=nothing)
