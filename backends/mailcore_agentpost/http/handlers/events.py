"""Events: listed, and told live to whoever keeps a WebSocket open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.reading import summary_fields
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.types import Event, EventPage, EventQuery, MessageSummary
from mailcore_agentpost.types import EventRow, KeyRow, MessageRow


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


async def describe(log: EventLog, rows: Sequence[EventRow]) -> list[Event]:
    """Make what every door shows of some events."""
    messages = await log.messages(rows)
    return [_event(row, messages) for row in rows]


def _event(row: EventRow, messages: Mapping[str, MessageRow]) -> Event:
    data: dict[str, Any] = {}
    if row.inbox_id is not None:
        data["inbox_id"] = row.inbox_id
    if row.message_id is not None:
        message = messages.get(row.message_id)
        data["message_id"] = row.message_id
        data["message"] = message and MessageSummary(**summary_fields(message))
    return Event(
        id=row.id,
        type=row.type,
        timestamp=row.at,
        org_id=row.org_id,
        # One environment for each organization.
        env_id=row.org_id.replace("org_", "env_", 1),
        data={**data, **row.detail},
    )


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
