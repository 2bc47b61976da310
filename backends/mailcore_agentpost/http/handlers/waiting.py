"""Waiting for a message: what a test or an agent does that expects an answer."""

from __future__ import annotations

from collections.abc import Sequence

import trio

from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.reading import summary_fields
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import MessageSummary, WaitQuery
from mailcore_agentpost.types import KeyRow, MessageFilter, MessageRow

# Messages that are looked through at a time.
_PAGE = 100


class WaitHandlers:
    """Answers ``/inboxes/{inbox_id}/messages/wait``."""

    def __init__(self, service: Service, log: EventLog, limits: HTTPLimits) -> None:
        self._service = service
        self._log = log
        self._limits = limits

    async def wait_for_message(self, call: Call[KeyRow]) -> MessageSummary | None:
        """Return the oldest inbound message that matches, as soon as there is one; or None."""
        key, inbox, query = call.key, call.path["inbox_id"], call.query
        await self._service.inbox(key, inbox)
        news = trio.Event()
        token = trio.lowlevel.current_trio_token()

        def wake() -> None:
            token.run_sync_soon(lambda: news.set())

        leave = self._log.listen(key, wake, lambda reason: wake())
        try:
            with trio.move_on_after(min(query.timeout, self._limits.wait)):
                while True:
                    news = trio.Event()
                    # A key that ended meanwhile is told by this as by any other request.
                    await self._service.inbox(key, inbox)
                    if (found := await self._find(key, inbox, query)) is not None:
                        return found
                    await news.wait()
            return None
        finally:
            leave()

    async def _find(self, key: KeyRow, inbox: str, query: WaitQuery) -> MessageSummary | None:
        """Return the oldest message that matches now."""
        where = MessageFilter(direction="inbound", unread=None if query.after else True)
        before, matching = None, None
        while True:
            rows = await self._service.messages(key, inbox, where=where, before=before, limit=_PAGE)
            for row in rows:
                if row.id <= (query.after or ""):
                    return matching
                matching = _match(row, query) or matching
            if len(rows) < _PAGE:
                return matching
            before = rows[-1].id


def _match(row: MessageRow, query: WaitQuery) -> MessageSummary | None:
    summary = MessageSummary(**summary_fields(row))
    sender = summary.from_address
    named = "" if sender is None else f"{sender.name} <{sender.email}>"
    for wanted, text in ((query.sender, named), (query.subject, summary.subject)):
        if wanted is not None and wanted.casefold() not in text.casefold():
            return None
    return summary


def routes(waiting: WaitHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="GET",
            path=f"{V1}/inboxes/{{inbox_id}}/messages/wait",
            handler=waiting.wait_for_message,
            summary="Wait for a message to arrive",
            scope="messages:read",
            query=WaitQuery,
            response=MessageSummary,
            nothing=True,
        ),
    )
