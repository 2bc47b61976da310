"""Inboxes."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from mailcore_agentpost.http.types.base import DisplayName, Page, RequestBody, ResponseBody

# A name that starts with a letter or digit can start no spreadsheet formula in an export.
Username = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9._-]{0,46}[a-z0-9])?\Z", max_length=48)
]


ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]


class CreateInbox(RequestBody, frozen=True):
    """Make an inbox. A repeated ``client_id`` gives the same inbox again.

    Arguments:
        username: what the address begins with; chosen for you if absent.
        display_name: the name in From.
        client_id: a name of your own for it, so that a repeated request makes no second inbox.
    """

    username: Username | None = None
    display_name: DisplayName = ""
    client_id: ClientId | None = None


class UpdateInbox(RequestBody, frozen=True):
    """Change an inbox; absent fields stay as they are."""

    display_name: DisplayName | msgspec.UnsetType = msgspec.UNSET
    send_paused: bool | msgspec.UnsetType = msgspec.UNSET


class Inbox(ResponseBody, frozen=True):
    """An inbox.

    Arguments:
        send_paused: True while all sending from it is refused.
    """

    id: str
    email: str
    display_name: str
    client_id: str | None
    send_paused: bool
    created_at: datetime


class InboxPage(Page, frozen=True):
    """A page of inboxes, oldest first."""

    data: list[Inbox]
