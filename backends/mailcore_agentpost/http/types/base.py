"""What the bodies of the REST API are made of."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str, msgspec.Meta(max_length=512, description="The next_cursor of the page before.")
]
DisplayName = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
Label = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}\Z")]

Moment = Annotated[datetime, msgspec.Meta(tz=True, description="With its zone (RFC 3339).")]


class RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a client sends."""


class ResponseBody(msgspec.Struct, frozen=True):
    """Base of what the server answers."""


class PageQuery(RequestBody, frozen=True):
    """The parameters of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class Page(ResponseBody, frozen=True):
    has_more: bool
    next_cursor: str | None


class Health(ResponseBody, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"


class Readiness(ResponseBody, frozen=True):
    """Whether mail can be served now.

    Arguments:
        problem: why not.
    """

    status: Literal["ready", "unavailable"] = "ready"
    problem: str | None = None
