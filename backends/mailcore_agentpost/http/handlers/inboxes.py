"""Inboxes and their credentials."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from mailcore_agentpost.http.bearer import bearer_token
from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.export import credentials_csv, credentials_response
from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.problems import Problem
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    CreateInbox,
    Inbox,
    InboxPage,
    PageQuery,
    UpdateInbox,
)
from mailcore_agentpost.types import InboxRow, KeyRow

_PAGE = 500


class InboxHandlers:
    """Answers ``/inboxes``.

    Arguments:
        service: whose inboxes.
        imap, smtp: host and port that clients connect to; None for a door that is shut.
    """

    def __init__(
        self, service: Service, imap: tuple[str, int] | None, smtp: tuple[str, int] | None
    ) -> None:
        self._service = service
        self._imap = imap
        self._smtp = smtp

    async def create_inbox(self, call: Call[KeyRow]) -> Inbox:
        """Make an inbox, or return the one made with this ``client_id`` before."""
        row = await self._service.create_inbox(
            call.key,
            username=call.body.username,
            display_name=call.body.display_name,
            client_id=call.body.client_id,
        )
        return _inbox(row)

    async def list_inboxes(self, call: Call[KeyRow]) -> InboxPage:
        """Return a page of inboxes, oldest first."""
        limit = call.query.limit
        rows = await self._service.inboxes(
            call.key, after=decode_cursor(call.query.cursor), limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.id)
        return InboxPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[_inbox(row) for row in page.rows],
        )

    async def get_inbox(self, call: Call[KeyRow]) -> Inbox:
        """Return an inbox."""
        return _inbox(await self._service.inbox(call.key, call.path["inbox_id"]))

    async def update_inbox(self, call: Call[KeyRow]) -> Inbox:
        """Change what is given of an inbox."""
        display_name, send_paused = call.body.display_name, call.body.send_paused
        row = await self._service.update_inbox(
            call.key,
            call.path["inbox_id"],
            display_name=None if display_name is UNSET else display_name,
            send_paused=None if send_paused is UNSET else send_paused,
        )
        return _inbox(row)

    async def delete_inbox(self, call: Call[KeyRow]) -> None:
        """Delete an inbox with its messages."""
        await self._service.delete_inbox(call.key, call.path["inbox_id"])

    async def export_credentials(self, call: Call[KeyRow]) -> Response:
        """Return every inbox's credentials as CSV."""
        if self._imap is None or self._smtp is None:
            raise Problem(
                503,
                "doors_shut",
                "This server runs without IMAP or SMTP submission.",
                fix="Start it with both doors open.",
            )
        addresses: list[str] = []
        after: str | None = None
        while rows := await self._service.inboxes(call.key, after=after, limit=_PAGE):
            addresses += [row.address for row in rows]
            after = rows[-1].id
        secret = bearer_token(call.request)
        return credentials_response(credentials_csv(addresses, self._imap, self._smtp, secret))


def _inbox(row: InboxRow) -> Inbox:
    return Inbox(
        id=row.id,
        email=row.address,
        display_name=row.display_name,
        client_id=row.client_id,
        send_paused=row.send_paused,
        created_at=row.created_at,
    )


def routes(inboxes: InboxHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="POST",
            path=f"{V1}/inboxes",
            handler=inboxes.create_inbox,
            summary="Make an inbox",
            scope="inboxes:write",
            body=CreateInbox,
            response=Inbox,
            status=201,
        ),
        Route(
            method="GET",
            path=f"{V1}/inboxes",
            handler=inboxes.list_inboxes,
            summary="List inboxes",
            scope="inboxes:read",
            query=PageQuery,
            response=InboxPage,
        ),
        Route(
            method="GET",
            path=f"{V1}/inboxes/credentials/export",
            handler=inboxes.export_credentials,
            summary="Export IMAP and SMTP credentials as CSV",
            scope="inboxes:read",
            media_type="text/csv",
        ),
        Route(
            method="GET",
            path=f"{V1}/inboxes/{{inbox_id}}",
            handler=inboxes.get_inbox,
            summary="Return an inbox",
            scope="inboxes:read",
            response=Inbox,
        ),
        Route(
            method="PATCH",
            path=f"{V1}/inboxes/{{inbox_id}}",
            handler=inboxes.update_inbox,
            summary="Change an inbox",
            scope="inboxes:write",
            body=UpdateInbox,
            response=Inbox,
        ),
        Route(
            method="DELETE",
            path=f"{V1}/inboxes/{{inbox_id}}",
            handler=inboxes.delete_inbox,
            summary="Delete an inbox with its messages",
            scope="inboxes:write",
            status=204,
        ),
    )
