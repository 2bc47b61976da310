"""API keys."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from mailcore_agentpost.http.types.base import DisplayName, Moment, Page, RequestBody, ResponseBody
from mailcore_agentpost.types import Scope


class CreateKey(RequestBody, frozen=True):
    """Make a key that can do at most what the key that asks can.

    Arguments:
        scopes: a subset of the asking key's.
        inbox_id: restricts it to one inbox.
        expires_at: from then on it is refused.
    """

    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]
    name: DisplayName = ""
    inbox_id: str | None = None
    expires_at: Moment | None = None


class Key(ResponseBody, frozen=True):
    """A key without its secret.

    Arguments:
        prefix, last_four: what tells one key from another.
    """

    id: str
    name: str
    prefix: str
    last_four: str
    scopes: list[Scope]
    inbox_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewKey(Key, frozen=True):
    """A key just made. ``key`` is the secret, and is shown this once."""

    key: str


class KeyPage(Page, frozen=True):
    """A page of keys, oldest first."""

    data: list[Key]
