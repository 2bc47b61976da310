"""Suppressions: addresses that nothing is sent to."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    CreateSuppression,
    PageQuery,
    Suppression,
    SuppressionPage,
)
from mailcore_agentpost.types import KeyRow, SuppressionRow


class SuppressionHandlers:
    """Answers ``/suppressions``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def add_suppression(self, call: Call[KeyRow]) -> Suppression:
        """Send nothing to an address; it holds from the next recipient on."""
        return _shown(await self._service.add_suppression(call.key, call.body.email))

    async def list_suppressions(self, call: Call[KeyRow]) -> SuppressionPage:
        """Return a page of suppressions, by address."""
        limit = call.query.limit
        rows = await self._service.suppressions(
            call.key, after=decode_cursor(call.query.cursor), limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.address)
        return SuppressionPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[_shown(row) for row in page.rows],
        )

    async def get_suppression(self, call: Call[KeyRow]) -> Suppression:
        """Return why nothing is sent to an address."""
        return _shown(await self._service.suppression(call.key, call.path["email"]))

    async def remove_suppression(self, call: Call[KeyRow]) -> None:
        """Send to an address again."""
        await self._service.remove_suppression(call.key, call.path["email"])


def _shown(row: SuppressionRow) -> Suppression:
    return Suppression(
        email=row.address,
        reason=row.reason,
        message_id=row.message_id,
        created_at=row.created_at,
    )


def routes(suppressions: SuppressionHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    one = f"{V1}/suppressions/{{email}}"
    return (
        Route(
            method="POST",
            path=f"{V1}/suppressions",
            handler=suppressions.add_suppression,
            summary="Send nothing to an address",
            scope="rules:write",
            body=CreateSuppression,
            response=Suppression,
            status=201,
        ),
        Route(
            method="GET",
            path=f"{V1}/suppressions",
            handler=suppressions.list_suppressions,
            summary="List the addresses that nothing is sent to",
            scope="rules:read",
            query=PageQuery,
            response=SuppressionPage,
        ),
        Route(
            method="GET",
            path=one,
            handler=suppressions.get_suppression,
            summary="Return why nothing is sent to an address",
            scope="rules:read",
            response=Suppression,
        ),
        Route(
            method="DELETE",
            path=one,
            handler=suppressions.remove_suppression,
            summary="Send to an address again",
            scope="rules:write",
            status=204,
        ),
    )
