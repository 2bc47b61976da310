"""``client.drafts``."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET, UnsetType

from mailcore_agentpost.client.endpoints.messages import cited, sending
from mailcore_agentpost.client.request import (
    People,
    Request,
    listing,
    nothing,
    path,
    recipients,
)
from mailcore_agentpost.client.request import (
    to as decoded,
)
from mailcore_agentpost.http.types import (
    AttachmentRef,
    CreateDraft,
    Draft,
    DraftPage,
    Message,
    UpdateDraft,
)


def create(
    inbox_id: str,
    *,
    to: People = (),
    cc: People = (),
    bcc: People = (),
    subject: str = "",
    text_body: str | None = None,
    html_body: str | None = None,
    in_reply_to: str | None = None,
    thread_id: str | None = None,
    labels: Sequence[str] = (),
    attachments: Sequence[str | AttachmentRef] = (),
) -> Request[Draft]:
    """Make a draft; mail clients see it in Drafts.

    Arguments:
        in_reply_to: the id of the message that it answers.
        thread_id: instead: the thread whose latest message it answers.
    """
    body = CreateDraft(
        to=recipients(to),
        cc=recipients(cc),
        bcc=recipients(bcc),
        subject=subject,
        text_body=text_body,
        html_body=html_body,
        in_reply_to=in_reply_to,
        thread_id=thread_id,
        labels=[*labels],
        attachments=cited(attachments),
    )
    where = path("inboxes", inbox_id, "drafts")
    return Request(method="POST", path=where, decode=decoded(Draft), body=body)


def list_page(inbox_id: str, *, limit: int = 50, cursor: str | None = None) -> Request[DraftPage]:
    """Return one page of drafts, the one that was made last first."""
    return listing(DraftPage, path("inboxes", inbox_id, "drafts"), limit, cursor)


def get(draft_id: str) -> Request[Draft]:
    """Return one draft with its text."""
    return Request(method="GET", path=path("drafts", draft_id), decode=decoded(Draft))


def update(
    draft_id: str,
    *,
    to: People | UnsetType = UNSET,
    cc: People | UnsetType = UNSET,
    bcc: People | UnsetType = UNSET,
    subject: str | UnsetType = UNSET,
    text_body: str | UnsetType | None = UNSET,
    html_body: str | UnsetType | None = UNSET,
    in_reply_to: str | UnsetType | None = UNSET,
    labels: Sequence[str] | UnsetType = UNSET,
    attachments: Sequence[str | AttachmentRef] | UnsetType = UNSET,
) -> Request[Draft]:
    """Change what is given, and return the draft.

    Arguments:
        attachments: those that it has from now on: keys of uploads, sections of what it has.
    """
    body = UpdateDraft(
        to=UNSET if isinstance(to, UnsetType) else recipients(to),
        cc=UNSET if isinstance(cc, UnsetType) else recipients(cc),
        bcc=UNSET if isinstance(bcc, UnsetType) else recipients(bcc),
        subject=subject,
        text_body=text_body,
        html_body=html_body,
        in_reply_to=in_reply_to,
        labels=UNSET if isinstance(labels, UnsetType) else [*labels],
        attachments=UNSET if isinstance(attachments, UnsetType) else cited(attachments),
    )
    where = path("drafts", draft_id)
    return Request(method="PATCH", path=where, decode=decoded(Draft), body=body)


def delete(draft_id: str) -> Request[None]:
    """Move a draft to Trash."""
    return Request(method="DELETE", path=path("drafts", draft_id), decode=nothing)


def send(draft_id: str, *, idempotency_key: str | None = None) -> Request[Message]:
    """Send a draft; return the message that it has become."""
    return sending(path("drafts", draft_id, "send"), None, idempotency_key)
