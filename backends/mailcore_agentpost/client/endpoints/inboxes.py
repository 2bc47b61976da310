"""``client.inboxes``."""

from __future__ import annotations

from msgspec import UNSET

from mailcore_agentpost.client.credentials import CredentialExport
from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import (
    CreateInbox,
    FolderList,
    Inbox,
    InboxPage,
    UpdateInbox,
)


def create(
    username: str | None = None, *, display_name: str = "", client_id: str | None = None
) -> Request[Inbox]:
    """Make an inbox. A repeated ``client_id`` gives the same inbox again."""
    body = CreateInbox(username=username, display_name=display_name, client_id=client_id)
    return Request(method="POST", path=path("inboxes"), decode=to(Inbox), body=body)


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[InboxPage]:
    """Return one page of inboxes, oldest first."""
    return listing(InboxPage, path("inboxes"), limit, cursor)


def get(inbox_id: str) -> Request[Inbox]:
    """Return one inbox."""
    return Request(method="GET", path=path("inboxes", inbox_id), decode=to(Inbox))


def update(
    inbox_id: str, *, display_name: str | None = None, send_paused: bool | None = None
) -> Request[Inbox]:
    """Change what is given, and return the inbox."""
    body = UpdateInbox(
        display_name=UNSET if display_name is None else display_name,
        send_paused=UNSET if send_paused is None else send_paused,
    )
    return Request(method="PATCH", path=path("inboxes", inbox_id), decode=to(Inbox), body=body)


def delete(inbox_id: str) -> Request[None]:
    """Delete an inbox and all its messages."""
    return Request(method="DELETE", path=path("inboxes", inbox_id), decode=nothing)


def folders(inbox_id: str) -> Request[FolderList]:
    """Return the folders of an inbox, with how many messages lie in each."""
    return Request(method="GET", path=path("inboxes", inbox_id, "folders"), decode=to(FolderList))


def export_credentials() -> Request[CredentialExport]:
    """Return what mail clients need to log in to every inbox, as CSV text.

    Every ``password`` in it is the API key of this client; ``.credentials`` are typed rows.
    """
    return Request(
        method="GET",
        path=path("inboxes", "credentials", "export"),
        decode=lambda answer: CredentialExport(answer.content.decode("utf-8")),
    )
