"""Events."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from mailcore_agentpost.http.types.base import Limit, RequestBody, ResponseBody
from mailcore_agentpost.types import EventType


class EventQuery(RequestBody, frozen=True):
    """Which events to list.

    Arguments:
        after: the id of an event; those after it are listed.
        type: of these types only.
        inbox_id: of this inbox only.
    """

    limit: Limit = 50
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""
    type: list[EventType] = []
    inbox_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Event(ResponseBody, frozen=True):
    """Something that happened, in the same words for REST, WebSocket and webhooks.

    Arguments:
        data: ``inbox_id``, ``message_id``, ``message`` while it is there, and what its type adds:
            ``recipients``, ``reason``.
    """

    id: str
    type: EventType
    timestamp: datetime
    org_id: str
    env_id: str
    data: dict[str, Any]


class EventPage(ResponseBody, frozen=True):
    """Events, oldest first. The id of the last one is the ``after`` of the next page."""

    has_more: bool
    data: list[Event]


class SocketQuery(RequestBody, frozen=True):
    """A key for clients that can set no header field, like a browser's."""

    token: Annotated[str, msgspec.Meta(max_length=512)] | None = None
