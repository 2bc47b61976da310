"""Threads: listed, read, labelled."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore_agentpost.http.labels import named_label
from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.reading import SEEN, summary_fields
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    AddLabels,
    MessageSummary,
    PageQuery,
    Thread,
    ThreadPage,
    ThreadSummary,
)
from mailcore_agentpost.types import KeyRow, MessageRow


class ThreadHandlers:
    """Answers ``/inboxes/{inbox_id}/threads`` and ``/threads``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def list_threads(self, call: Call[KeyRow]) -> ThreadPage:
        """Return a page of threads, the one with the latest message first."""
        query = call.query
        rows = await self._service.threads(
            call.key,
            call.path["inbox_id"],
            before=decode_cursor(query.cursor),
            limit=query.limit + 1,
        )
        page = cut(rows, query.limit, lambda row: row[0].latest_id)
        data = []
        for row, message in page.rows:
            latest = MessageSummary(**summary_fields(message))
            data.append(
                ThreadSummary(
                    id=row.id,
                    inbox_id=row.inbox_id,
                    subject=latest.subject,
                    message_count=row.count,
                    unread_count=row.unread,
                    latest_at=row.latest_at,
                    latest_message=latest,
                )
            )
        return ThreadPage(has_more=page.has_more, next_cursor=page.next_cursor, data=data)

    async def get_thread(self, call: Call[KeyRow]) -> Thread:
        """Return a thread with its messages."""
        return _whole(await self._service.thread(call.key, call.path["thread_id"]))

    async def label_thread(self, call: Call[KeyRow]) -> Thread:
        """Add labels to every message of a thread."""
        return await self._change(call, add=frozenset(call.body.labels), remove=frozenset())

    async def unlabel_thread(self, call: Call[KeyRow]) -> None:
        """Take one label off every message of a thread."""
        await self._change(call, add=frozenset(), remove=frozenset({named_label(call)}))

    async def _change(
        self, call: Call[KeyRow], *, add: frozenset[str], remove: frozenset[str]
    ) -> Thread:
        thread = call.path["thread_id"]
        await self._service.change_thread_flags(call.key, thread, add=add, remove=remove)
        return _whole(await self._service.thread(call.key, thread))


def _whole(messages: Sequence[MessageRow]) -> Thread:
    shown = [MessageSummary(**summary_fields(message)) for message in messages]
    latest = shown[-1]
    return Thread(
        id=messages[-1].thread_id or "",
        inbox_id=latest.inbox_id,
        subject=latest.subject,
        message_count=len(shown),
        unread_count=sum(SEEN not in message.flags for message in messages),
        latest_at=latest.created_at,
        latest_message=latest,
        messages=shown,
    )


def routes(threads: ThreadHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="GET",
            path=f"{V1}/inboxes/{{inbox_id}}/threads",
            handler=threads.list_threads,
            summary="List the threads of an inbox",
            scope="messages:read",
            query=PageQuery,
            response=ThreadPage,
        ),
        Route(
            method="GET",
            path=f"{V1}/threads/{{thread_id}}",
            handler=threads.get_thread,
            summary="Return a thread with its messages",
            scope="messages:read",
            response=Thread,
        ),
        Route(
            method="POST",
            path=f"{V1}/threads/{{thread_id}}/labels",
            handler=threads.label_thread,
            summary="Add labels to every message of a thread",
            scope="messages:write",
            body=AddLabels,
            response=Thread,
        ),
        Route(
            method="DELETE",
            path=f"{V1}/threads/{{thread_id}}/labels/{{label}}",
            handler=threads.unlabel_thread,
            summary="Take a label off every message of a thread",
            scope="messages:write",
            status=204,
        ),
    )
