"""Messages: list, read, flag, trash."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence

from msgspec import UNSET

from mailcore.message import parse_structure
from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.labels import named_label
from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.parts import attachments
from mailcore_agentpost.http.reading import FLAGGED, SEEN, read_text, summary_fields
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    AddLabels,
    Message,
    MessagePage,
    MessageQuery,
    MessageSummary,
    UpdateMessage,
)
from mailcore_agentpost.types import KeyRow, MessageFilter, MessageRow

_CHUNK = 64 * 1024
# A quotation mark without its second one is a character like others.
_WORD = re.compile(r'"([^"]*)"|(\S+)')


class MessageHandlers:
    """Answers ``/inboxes/{inbox_id}/messages`` and ``/messages``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def list_messages(self, call: Call[KeyRow]) -> MessagePage:
        """Return a page of messages, newest first."""
        query = call.query
        rows = await self._service.messages(
            call.key,
            call.path["inbox_id"],
            where=_filter(query),
            before=decode_cursor(query.cursor),
            limit=query.limit + 1,
        )
        page = cut(rows, query.limit, lambda row: row.id)
        return MessagePage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[MessageSummary(**summary_fields(row)) for row in page.rows],
        )

    async def get_message(self, call: Call[KeyRow]) -> Message:
        """Return a message with its text."""
        row = await self._service.message(call.key, call.path["message_id"])
        return await whole_message(self._service, call.key, row)

    async def get_raw_message(self, call: Call[KeyRow]) -> Response:
        """Return the octets of a message, in chunks."""
        row = await self._service.message(call.key, call.path["message_id"])
        return Response(
            body=self._chunks(call.key, row),
            length=row.size,
            headers={
                "Content-Type": "message/rfc822",
                "Content-Disposition": f'attachment; filename="{row.id}.eml"',
            },
        )

    async def update_message(self, call: Call[KeyRow]) -> Message:
        """Change the flags that are given."""
        add: set[str] = set()
        remove: set[str] = set()
        if call.body.unread is not UNSET:
            (remove if call.body.unread else add).add(SEEN)
        if call.body.starred is not UNSET:
            (add if call.body.starred else remove).add(FLAGGED)
        return await self._change_flags(call, add=add, remove=remove)

    async def add_labels(self, call: Call[KeyRow]) -> Message:
        """Add labels; IMAP shows them as keywords."""
        return await self._change_flags(call, add={*call.body.labels}, remove=set())

    async def remove_label(self, call: Call[KeyRow]) -> None:
        """Take one label off."""
        await self._change_flags(call, add=set(), remove={named_label(call)})

    async def delete_message(self, call: Call[KeyRow]) -> None:
        """Move a message to Trash."""
        await self._service.trash(call.key, call.path["message_id"])

    async def restore_message(self, call: Call[KeyRow]) -> Message:
        """Move a message out of Trash."""
        row = await self._service.restore(call.key, call.path["message_id"])
        return await whole_message(self._service, call.key, row)

    async def _change_flags(self, call: Call[KeyRow], add: set[str], remove: set[str]) -> Message:
        row = await self._service.change_flags(
            call.key, call.path["message_id"], add=frozenset(add), remove=frozenset(remove)
        )
        return await whole_message(self._service, call.key, row)

    async def _chunks(self, key: KeyRow, row: MessageRow) -> AsyncIterator[bytes]:
        for start in range(0, row.size, _CHUNK):
            yield await self._service.read(key, row.id, start, min(start + _CHUNK, row.size))


def _filter(query: MessageQuery) -> MessageFilter:
    return MessageFilter(
        folder=query.folder,
        direction=query.direction,
        unread=query.unread,
        starred=query.starred,
        has_attachments=query.has_attachments,
        label=query.label,
        thread=query.thread_id,
        since=query.since,
        until=query.until,
        sender=query.sender,
        to=query.to,
        subject=query.subject,
        words=_words(query.q or ""),
    )


def _words(text: str) -> list[str]:
    """Split what is looked for at its white space, but not within double quotes."""
    return [quoted or plain for quoted, plain in _WORD.findall(text) if quoted or plain]


async def whole_message(service: Service, key: KeyRow, row: MessageRow) -> Message:
    """Return a message with its text."""
    data = await service.read(key, row.id, 0, row.size)
    structure = parse_structure(data)
    text = read_text(data, structure)
    return Message(
        **summary_fields(row),
        text_body=text.plain,
        html_body=text.html,
        attachments=attachments(structure),
    )


def routes(messages: MessageHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="GET",
            path=f"{V1}/inboxes/{{inbox_id}}/messages",
            handler=messages.list_messages,
            summary="List the messages of an inbox",
            scope="messages:read",
            query=MessageQuery,
            response=MessagePage,
        ),
        Route(
            method="GET",
            path=f"{V1}/messages/{{message_id}}",
            handler=messages.get_message,
            summary="Return a message with its text",
            scope="messages:read",
            response=Message,
        ),
        Route(
            method="GET",
            path=f"{V1}/messages/{{message_id}}/raw",
            handler=messages.get_raw_message,
            summary="Return the octets of a message",
            scope="messages:read",
            media_type="message/rfc822",
        ),
        Route(
            method="PATCH",
            path=f"{V1}/messages/{{message_id}}",
            handler=messages.update_message,
            summary="Change the flags of a message",
            scope="messages:write",
            body=UpdateMessage,
            response=Message,
        ),
        Route(
            method="DELETE",
            path=f"{V1}/messages/{{message_id}}",
            handler=messages.delete_message,
            summary="Move a message to Trash",
            scope="messages:write",
            status=204,
        ),
        Route(
            method="POST",
            path=f"{V1}/messages/{{message_id}}/restore",
            handler=messages.restore_message,
            summary="Move a message out of Trash",
            scope="messages:write",
            response=Message,
        ),
        Route(
            method="POST",
            path=f"{V1}/messages/{{message_id}}/labels",
            handler=messages.add_labels,
            summary="Add labels to a message",
            scope="messages:write",
            body=AddLabels,
            response=Message,
        ),
        Route(
            method="DELETE",
            path=f"{V1}/messages/{{message_id}}/labels/{{label}}",
            handler=messages.remove_label,
            summary="Take a label off a message",
            scope="messages:write",
            status=204,
        ),
    )
