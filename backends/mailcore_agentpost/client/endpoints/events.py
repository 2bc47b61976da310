"""``client.events``."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore_agentpost.client.request import Request, path, to
from mailcore_agentpost.http.types import EventPage
from mailcore_agentpost.types import EventType


def list_page(
    *,
    after: str = "",
    types: Sequence[EventType] = (),
    inbox_id: str | None = None,
    limit: int = 50,
) -> Request[EventPage]:
    """Return events after one, oldest first."""

    def following(page: EventPage) -> Request[EventPage] | None:
        if not page.has_more:
            return None
        return list_page(after=page.data[-1].id, types=types, inbox_id=inbox_id, limit=limit)

    return Request(
        method="GET",
        path=path("events"),
        decode=to(EventPage),
        params={"after": after, "type": [*types], "inbox_id": inbox_id, "limit": limit},
        following=following,
    )
