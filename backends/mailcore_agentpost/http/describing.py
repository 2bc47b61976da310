"""Events in the words that REST, WebSocket and webhooks share."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.reading import summary_fields
from mailcore_agentpost.http.types import Event, MessageSummary
from mailcore_agentpost.types import EventRow, MessageRow


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
