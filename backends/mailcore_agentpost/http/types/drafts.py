"""Drafts: messages that are not sent yet."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from mailcore_agentpost.http.types.attachments import AttachmentRefs
from mailcore_agentpost.http.types.base import Label, Page, RequestBody, ResponseBody
from mailcore_agentpost.http.types.messages import Address, BodyText, Recipient, Subject
from mailcore_agentpost.http.types.parts import Attachment

_Id = Annotated[str, msgspec.Meta(max_length=64)]


class CreateDraft(RequestBody, frozen=True):
    """Make a draft. Nothing is asked of it before it is sent.

    Arguments:
        in_reply_to: the id of the message that it answers.
        thread_id: instead: the thread whose latest message it answers.
        labels: of the draft; what is sent has them too.
        attachments: uploads that go along.
    """

    to: list[Recipient] = []
    cc: list[Recipient] = []
    bcc: list[Recipient] = []
    subject: Subject = ""
    text_body: BodyText | None = None
    html_body: BodyText | None = None
    in_reply_to: _Id | None = None
    thread_id: _Id | None = None
    labels: list[Label] = []
    attachments: AttachmentRefs = []


class UpdateDraft(RequestBody, frozen=True):
    """Change a draft; absent fields stay as they are, whichever door they came in by.

    Arguments:
        in_reply_to: the id of the message that it answers; null for none.
        attachments: those that it has from now on: uploads, or by ``section`` what it has.
    """

    to: list[Recipient] | msgspec.UnsetType = msgspec.UNSET
    cc: list[Recipient] | msgspec.UnsetType = msgspec.UNSET
    bcc: list[Recipient] | msgspec.UnsetType = msgspec.UNSET
    subject: Subject | msgspec.UnsetType = msgspec.UNSET
    text_body: BodyText | msgspec.UnsetType | None = msgspec.UNSET
    html_body: BodyText | msgspec.UnsetType | None = msgspec.UNSET
    in_reply_to: _Id | msgspec.UnsetType | None = msgspec.UNSET
    labels: list[Label] | msgspec.UnsetType = msgspec.UNSET
    attachments: AttachmentRefs | msgspec.UnsetType = msgspec.UNSET


class DraftSummary(ResponseBody, frozen=True):
    """A draft as lists show it.

    Arguments:
        message_id: the message in Drafts that it is now; each change makes another one.
        in_reply_to: the message of this inbox that it answers, or None.
        labels: of what is sent.
    """

    id: str
    inbox_id: str
    message_id: str
    thread_id: str | None
    in_reply_to: str | None
    to_addresses: list[Address]
    cc_addresses: list[Address]
    bcc_addresses: list[Address]
    subject: str
    labels: list[str]
    has_attachments: bool
    created_at: datetime
    updated_at: datetime


class Draft(DraftSummary, frozen=True):
    """A draft with its text and what is attached to it."""

    text_body: str | None
    html_body: str | None
    attachments_meta: list[Attachment]


class DraftPage(Page, frozen=True):
    """A page of drafts, the one that was made last first."""

    data: list[DraftSummary]
