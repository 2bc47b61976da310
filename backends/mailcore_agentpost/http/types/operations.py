"""The audit trail, and mail on its way to the outside."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import msgspec

from mailcore_agentpost.http.types.base import Cursor, Limit, Page, RequestBody, ResponseBody
from mailcore_agentpost.types import AuditAction


class AuditQuery(RequestBody, frozen=True):
    """Which rows of the audit trail.

    Arguments:
        action: of this kind only.
    """

    limit: Limit = 50
    cursor: Cursor | None = None
    action: AuditAction | None = None


class AuditEntry(ResponseBody, frozen=True):
    """Something that somebody did, or tried.

    Arguments:
        actor: id of the key that did it; ``admin:NAME`` for whoever runs the server; else empty.
        subject: id or address of what it was done to.
        peer: address of the client, of failed logins.
        count: how often; failed logins of an hour are one row.
        detail: what else is to be said of it.
    """

    id: str
    at: datetime
    actor: str
    action: AuditAction
    subject: str
    peer: str
    count: Annotated[int, msgspec.Meta(ge=1)]
    detail: dict[str, Any]


class AuditPage(Page, frozen=True):
    """A page of the audit trail, the latest first."""

    data: list[AuditEntry]


class QueuedMessage(ResponseBody, frozen=True):
    """One recipient outside who does not have a message yet.

    Arguments:
        message_id: of the copy in Sent.
        sender: envelope sender; empty for a notification.
        attempts: that were begun.
        last_reply: what the last of them got.
        next_at: when the next is made.
    """

    id: str
    inbox_id: str
    message_id: str
    sender: str
    recipient: str
    attempts: int
    last_reply: str
    next_at: datetime
    created_at: datetime


class QueuePage(Page, frozen=True):
    """A page of the queue, the oldest first."""

    data: list[QueuedMessage]
