"""The audit trail, the queue of mail to the outside, and what the policy would say."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Literal, cast

from mailcore_agentpost.http.handlers.rules import rule_body
from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.types import (
    AuditEntry,
    AuditPage,
    AuditQuery,
    Check,
    CheckQuery,
    DoorAnswer,
    PageQuery,
    QueuedMessage,
    QueuePage,
)
from mailcore_agentpost.mail.queue import Queued
from mailcore_agentpost.operations import Operations
from mailcore_agentpost.types import KeyRow


class OperationsHandlers:
    """Answers ``/audit``, ``/queue`` and ``/filter-rules/check``."""

    def __init__(self, operations: Operations) -> None:
        self._operations = operations

    async def list_audit(self, call: Call[KeyRow]) -> AuditPage:
        """Return a page of the audit trail, the latest first."""
        query = call.query
        rows = await self._operations.audit.list(
            call.key,
            before=decode_cursor(query.cursor),
            limit=query.limit + 1,
            action=query.action,
        )
        page = cut(rows, query.limit, lambda row: row.id)
        return AuditPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[
                AuditEntry(
                    id=row.id,
                    at=row.at,
                    actor=row.actor,
                    action=row.action,
                    subject=row.subject,
                    peer=row.peer,
                    count=row.count,
                    detail=dict(row.detail),
                )
                for row in page.rows
            ],
        )

    async def list_queue(self, call: Call[KeyRow]) -> QueuePage:
        """Return a page of the queue, the oldest first."""
        limit = call.query.limit
        rows = await self._operations.queue.list(
            call.key, after=decode_cursor(call.query.cursor), limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.id)
        return QueuePage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[_queued(row) for row in page.rows],
        )

    async def retry_queued(self, call: Call[KeyRow]) -> QueuedMessage:
        """Have an attempt made now."""
        return _queued(await self._operations.queue.retry(call.key, call.path["queued_id"]))

    async def drop_queued(self, call: Call[KeyRow]) -> None:
        """Give up on a recipient."""
        await self._operations.queue.drop(call.key, call.path["queued_id"])

    async def check_policy(self, call: Call[KeyRow]) -> Check:
        """Judge an address; nothing is sent."""
        verdict = await self._operations.check.judge(
            call.key, call.query.direction, call.query.address
        )
        return Check(
            allowed=verdict.allowed,
            rule=None if verdict.rule is None else rule_body(verdict.rule),
            suppressed=verdict.suppressed,
            answers=[
                DoorAnswer(door=cast(Literal["rest", "smtp"], door), says=says)
                for door, says in verdict.answers
            ],
        )


def _queued(row: Queued) -> QueuedMessage:
    return QueuedMessage(
        id=row.id,
        inbox_id=row.inbox,
        message_id=row.message,
        sender=row.sender,
        recipient=row.recipient,
        attempts=row.attempts,
        last_reply=row.last_reply,
        next_at=datetime.fromtimestamp(row.next_at, UTC),
        created_at=datetime.fromtimestamp(row.created_at, UTC),
    )


def routes(operations: OperationsHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    one = f"{V1}/queue/{{queued_id}}"
    return (
        Route(
            method="GET",
            path=f"{V1}/filter-rules/check",
            handler=operations.check_policy,
            summary="Tell what each door would say to an address; nothing is sent",
            scope="rules:read",
            query=CheckQuery,
            response=Check,
        ),
        Route(
            method="GET",
            path=f"{V1}/audit",
            handler=operations.list_audit,
            summary="List who did what: keys, rules, inboxes, failed logins",
            scope="keys:write",
            query=AuditQuery,
            response=AuditPage,
        ),
        Route(
            method="GET",
            path=f"{V1}/queue",
            handler=operations.list_queue,
            summary="List mail that is on its way to the outside",
            scope="messages:read",
            query=PageQuery,
            response=QueuePage,
        ),
        Route(
            method="POST",
            path=f"{one}/retry",
            handler=operations.retry_queued,
            summary="Try to deliver now",
            scope="messages:write",
            response=QueuedMessage,
        ),
        Route(
            method="DELETE",
            path=one,
            handler=operations.drop_queued,
            summary="Give up on a recipient; its sender gets no notice",
            scope="messages:write",
            status=204,
        ),
    )
