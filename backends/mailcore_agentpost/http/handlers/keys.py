"""API keys."""

from __future__ import annotations

from collections.abc import Sequence
from typing import cast

from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    CreateKey,
    Key,
    KeyPage,
    NewKey,
    PageQuery,
)
from mailcore_agentpost.types import KeyRow, Scope


class KeyHandlers:
    """Answers ``/api-keys``."""

    def __init__(self, service: Service) -> None:
        self._service = service

    async def create_key(self, call: Call[KeyRow]) -> NewKey:
        """Make a key that can do at most what the asking key can."""
        body = call.body
        row, secret = await self._service.create_key(
            call.key,
            name=body.name,
            scopes=frozenset(body.scopes),
            inbox_id=body.inbox_id,
            expires_at=body.expires_at,
        )
        shown = _key(row)
        return NewKey(**{name: getattr(shown, name) for name in Key.__struct_fields__}, key=secret)

    async def list_keys(self, call: Call[KeyRow]) -> KeyPage:
        """Return a page of keys, oldest first."""
        limit = call.query.limit
        rows = await self._service.keys(
            call.key, after=decode_cursor(call.query.cursor), limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.id)
        return KeyPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[_key(row) for row in page.rows],
        )

    async def revoke_key(self, call: Call[KeyRow]) -> None:
        """Revoke a key; its live sessions end."""
        await self._service.revoke_key(call.key, call.path["key_id"])


def _key(row: KeyRow) -> Key:
    return Key(
        id=row.id,
        name=row.name,
        prefix=row.prefix,
        last_four=row.last_four,
        scopes=cast(list[Scope], sorted(row.scopes)),
        inbox_id=row.inbox_id,
        created_at=row.created_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )


def routes(keys: KeyHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="POST",
            path=f"{V1}/api-keys",
            handler=keys.create_key,
            summary="Make an API key",
            scope="keys:write",
            body=CreateKey,
            response=NewKey,
            status=201,
            refuses=(404,),
        ),
        Route(
            method="GET",
            path=f"{V1}/api-keys",
            handler=keys.list_keys,
            summary="List API keys",
            scope="keys:write",
            query=PageQuery,
            response=KeyPage,
        ),
        Route(
            method="DELETE",
            path=f"{V1}/api-keys/{{key_id}}",
            handler=keys.revoke_key,
            summary="Revoke an API key and end its sessions",
            scope="keys:write",
            status=204,
        ),
    )
