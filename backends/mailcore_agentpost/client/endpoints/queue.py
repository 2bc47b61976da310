"""``client.queue``: mail on its way to the outside."""

from __future__ import annotations

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import QueuedMessage, QueuePage


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[QueuePage]:
    """Return one page of the queue, the oldest first."""
    return listing(QueuePage, path("queue"), limit, cursor)


def retry(queued_id: str) -> Request[QueuedMessage]:
    """Have an attempt made now."""
    return Request(method="POST", path=path("queue", queued_id, "retry"), decode=to(QueuedMessage))


def drop(queued_id: str) -> Request[None]:
    """Give up on a recipient; its sender gets no notice."""
    return Request(method="DELETE", path=path("queue", queued_id), decode=nothing)
