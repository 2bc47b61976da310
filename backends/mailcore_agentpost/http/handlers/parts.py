"""What a message is made of: its tree, its attachments, its HTML for a browser to show."""

from __future__ import annotations

import secrets
from collections import OrderedDict
from collections.abc import Sequence
from urllib.parse import quote

import trio

from mailcore.message import decode_body, parse_structure
from mailcore_agentpost.http import parts
from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.problems import not_found
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import FolderCounts, FolderList, MimePart, View
from mailcore_agentpost.types import KeyRow

_LIFETIME = 30.0
_MOST_TICKETS = 1000
# The HTML of strangers: it loads nothing, runs nothing, and is not of this origin.
_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"


class PartHandlers:
    """Answers what is below ``/messages/{message_id}``, ``/view`` and an inbox's ``/folders``."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._tickets: OrderedDict[str, tuple[KeyRow, str, float]] = OrderedDict()

    async def list_folders(self, call: Call[KeyRow]) -> FolderList:
        """Return the folders of an inbox with their counts."""
        rows = await self._service.folders(call.key, call.path["inbox_id"])
        return FolderList(
            data=[
                FolderCounts(
                    name=row.name, special_use=row.special_use, total=row.total, unread=row.unread
                )
                for row in rows
            ]
        )

    async def get_structure(self, call: Call[KeyRow]) -> MimePart:
        """Return the MIME tree of a message."""
        return parts.tree(parse_structure(await self._octets(call.key, call.path["message_id"])))

    async def get_attachment(self, call: Call[KeyRow]) -> Response:
        """Return the octets of one part, decoded."""
        data = await self._octets(call.key, call.path["message_id"])
        part = parts.find_leaf(parse_structure(data), call.path["section"])
        if part is None:
            raise not_found("attachment")
        name = parts.filename(part) or f"part-{call.path['section']}"
        return Response(
            body=decode_body(data[part.body : part.end], part.encoding),
            headers={
                # Never as what it says that it is: a browser would run it as part of this site.
                "Content-Type": "application/octet-stream",
                "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name, safe='')}",
            },
        )

    async def make_view(self, call: Call[KeyRow]) -> View:
        """Return an address that shows the HTML of a message, once."""
        message = await self._service.message(call.key, call.path["message_id"])
        ticket = secrets.token_urlsafe(24)
        self._tickets[ticket] = (call.key, message.id, trio.current_time() + _LIFETIME)
        while len(self._tickets) > _MOST_TICKETS:
            self._tickets.popitem(last=False)
        return View(url=f"/view/{ticket}")

    async def show_view(self, call: Call[None]) -> Response:
        """Show the HTML of a message to a browser that can show no key."""
        key, message, deadline = self._tickets.pop(call.path["ticket"], (None, "", 0.0))
        if key is None or trio.current_time() > deadline:
            raise not_found("view")
        data = await self._octets(key, message)
        html = parts.html_page(data, parse_structure(data))
        if html is None:
            raise not_found("HTML in this message")
        return Response(
            body=html.encode("utf-8", "replace"),
            headers={
                "Content-Type": "text/html; charset=utf-8",
                "Content-Security-Policy": _POLICY,
                "Referrer-Policy": "no-referrer",
            },
        )

    async def _octets(self, key: KeyRow, message: str) -> bytes:
        row = await self._service.message(key, message)
        return await self._service.read(key, row.id, 0, row.size)


def routes(handlers: PartHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    message = f"{V1}/messages/{{message_id}}"
    return (
        Route(
            method="GET",
            path=f"{V1}/inboxes/{{inbox_id}}/folders",
            handler=handlers.list_folders,
            summary="List the folders of an inbox with their counts",
            scope="messages:read",
            response=FolderList,
        ),
        Route(
            method="GET",
            path=f"{message}/structure",
            handler=handlers.get_structure,
            summary="Return the MIME tree of a message",
            scope="messages:read",
            response=MimePart,
        ),
        Route(
            method="GET",
            path=f"{message}/attachments/{{section}}",
            handler=handlers.get_attachment,
            summary="Return an attachment, decoded",
            scope="messages:read",
            media_type="application/octet-stream",
        ),
        Route(
            method="POST",
            path=f"{message}/view",
            handler=handlers.make_view,
            summary="Make an address that shows the HTML of a message, once",
            scope="messages:read",
            response=View,
            status=201,
        ),
        Route(
            method="GET",
            path="/view/{ticket}",
            handler=handlers.show_view,
            summary="Show the HTML of a message",
            public=True,
            media_type="text/html",
        ),
    )
