"""Events: listed, and told live to whoever keeps a WebSocket open."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.describing import describe
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.types import EventPage, EventQuery
from mailcore_agentpost.types import KeyRow


class EventHandlers:
    """Answers ``/events``."""

    def __init__(self, log: EventLog) -> None:
        self._log = log

    async def list_events(self, call: Call[KeyRow]) -> EventPage:
        """Return a page of events, oldest first."""
        query = call.query
        rows = await self._log.read(
            call.key,
            after=query.after,
            limit=query.limit + 1,
            inbox=query.inbox_id,
            types=query.type,
        )
        shown = rows[: query.limit]
        return EventPage(has_more=len(rows) > query.limit, data=await describe(self._log, shown))


def routes(events: EventHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="GET",
            path=f"{V1}/events",
            handler=events.list_events,
            summary="List what happened",
            scope="messages:read",
            query=EventQuery,
            response=EventPage,
        ),
    )
