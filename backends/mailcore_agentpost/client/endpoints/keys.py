"""``client.api_keys``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import CreateKey, KeyPage, NewKey
from mailcore_agentpost.types import Scope


def create(
    scopes: Sequence[Scope],
    *,
    name: str = "",
    inbox_id: str | None = None,
    expires_at: datetime | None = None,
) -> Request[NewKey]:
    """Make a key that can do at most what this client's can. ``.key`` is shown this once."""
    body = CreateKey(scopes=[*scopes], name=name, inbox_id=inbox_id, expires_at=expires_at)
    return Request(method="POST", path=path("api-keys"), decode=to(NewKey), body=body)


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[KeyPage]:
    """Return one page of keys, without their secrets, oldest first."""
    return listing(KeyPage, path("api-keys"), limit, cursor)


def revoke(key_id: str) -> Request[None]:
    """End a key, and every session that it opened."""
    return Request(method="DELETE", path=path("api-keys", key_id), decode=nothing)
