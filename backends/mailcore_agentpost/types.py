"""What the doors and the store tell each other of: keys, inboxes, messages, rules, events."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

Direction = Literal["inbound", "outbound"]
Scope = Literal[
    "messages:read",
    "messages:write",
    "inboxes:read",
    "inboxes:write",
    "webhooks:read",
    "webhooks:write",
    "rules:read",
    "rules:write",
    "keys:write",
]
EventType = Literal[
    "message.received",
    "message.sent",
    "message.delivered",
    "message.bounced",
    "message.complained",
    "message.rejected",
    "message.updated",
    "message.deleted",
    "domain.verified",
    "webhook.test",
]
RuleDirection = Literal["send", "receive"]
RuleAction = Literal["allow", "block"]
MatchType = Literal["address", "domain", "subdomain_wildcard"]
SuppressionReason = Literal["bounce", "complaint", "manual"]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRow:
    """A key without its secret."""

    id: str
    org_id: str
    name: str
    prefix: str
    last_four: str
    scopes: frozenset[str]
    inbox_id: str | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OrganizationRow:
    """An organization.

    Arguments:
        inboxes: how many it has.
    """

    id: str
    name: str
    status: Literal["active", "suspended"]
    inboxes: int
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class InboxRow:
    """An inbox."""

    id: str
    org_id: str
    address: str
    display_name: str
    client_id: str | None
    send_paused: bool
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """A message where it lies.

    Arguments:
        header: its header block, for lists that read no body.
        number: what the tables and the index call it.
        draft_id: what ties the revisions of a draft together; None for what was never in Drafts.
        authentication: what SPF, DKIM and DMARC say of it; None if they were not asked.
    """

    id: str
    inbox_id: str
    thread_id: str | None
    direction: Direction
    folder: str
    flags: frozenset[str]
    has_attachments: bool
    size: int
    created_at: datetime
    header: bytes
    number: int = 0
    draft_id: str | None = None
    authentication: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadRow:
    """An attachment that waits to be cited.

    Arguments:
        inbox_id: the only inbox that may cite it, or None.
        body: where its octets are; None until they have come.
    """

    id: str
    org_id: str
    inbox_id: str | None
    filename: str
    mime_type: str
    body: int | None
    size: int
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class FolderRow:
    """A folder, with how many messages lie in it."""

    name: str
    special_use: str | None
    total: int
    unread: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ThreadRow:
    """A thread of an inbox.

    Arguments:
        latest_id: its latest message.
        count, unread: messages in it.
    """

    id: str
    inbox_id: str
    latest_id: str
    count: int
    unread: int
    latest_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class EventRow:
    """Something that happened, told at every door in the order of ``id``.

    Arguments:
        inbox_id, message_id: what it is about; the message may be gone since. None if nothing.
        detail: what else is to be said of it, ready for JSON: ``recipients``, ``reason`` ...
    """

    id: str
    type: EventType
    org_id: str
    inbox_id: str | None
    message_id: str | None
    at: datetime
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRow:
    """A webhook without its secret. ``disabled`` says why it is off."""

    id: str
    org_id: str
    url: str
    event_types: Sequence[EventType]
    inbox_id: str | None
    description: str
    failures: int
    disabled: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeliveryRow:
    """One event on its way to one webhook. ``body`` is what the first attempt sent."""

    id: str
    webhook_id: str
    event_id: str
    event_type: EventType
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    response_status: int | None
    error: str | None
    body: bytes | None
    next_at: datetime | None
    attempted_at: datetime | None
    created_at: datetime


AuditAction = Literal[
    "organization.created",
    "organization.suspended",
    "organization.resumed",
    "inbox.created",
    "inbox.deleted",
    "inbox.paused",
    "inbox.resumed",
    "key.created",
    "key.revoked",
    "rule.created",
    "rule.deleted",
    "suppression.added",
    "suppression.removed",
    "webhook.created",
    "webhook.deleted",
    "queue.retried",
    "queue.dropped",
    "session.closed",
    "mail.imported",
    "login.failed",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Something that somebody did, or tried.

    Arguments:
        org_id: whose it was; None for nobody's.
        at: when; the last time, for what is counted.
        actor: id of the key that did it; ``admin:NAME`` at the command line; "" for nobody known.
        subject: id or address of what it was done to.
        peer: address of the client, where one is known.
        count: how often, for what is counted within an hour.
        detail: what else is to be said of it, ready for JSON.
    """

    id: str
    org_id: str | None
    at: datetime
    actor: str
    action: AuditAction
    subject: str
    peer: str
    count: int
    detail: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleRow:
    """A filter rule."""

    id: str
    direction: RuleDirection
    action: RuleAction
    match_type: MatchType
    value: str
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class SuppressionRow:
    """An address that an organization sends nothing to, and the message that this came of."""

    address: str
    reason: SuppressionReason
    message_id: str | None
    created_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """A bound on how much is sent, and how near it is.

    Arguments:
        name: of whom: key, inbox, organization.
        quota: messages in any ``window`` seconds.
        remaining: that may be sent at once.
        reset: seconds until there is room for one more than that; 0 while all are free.
    """

    name: str
    quota: int
    window: float
    remaining: int
    reset: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageFilter:
    """Which messages; None for any. Without a folder: all but those in Trash and Drafts.

    Arguments:
        thread: the id of their thread.
        since, until: when they came; ``until`` is not within.
        sender, to, subject: texts in these fields, in any letter case.
        words: each of them is anywhere in the message, in any letter case.
    """

    folder: str | None = None
    direction: Direction | None = None
    unread: bool | None = None
    starred: bool | None = None
    has_attachments: bool | None = None
    label: str | None = None
    thread: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    sender: str | None = None
    to: str | None = None
    subject: str | None = None
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Outgoing:
    """A message to send.

    Arguments:
        octets: without Date and Message-ID where the client gave none; with Bcc.
        recipients: the envelope.
        labels: of the copy in Sent.
        idempotency_key: repeated within 24 hours, the first message is returned and none is sent.
        fingerprint: of the request; another one under the same key is refused with 409.
        draft: what is sent, as it was read; it is gone with that.
    """

    octets: bytes
    recipients: Sequence[str]
    labels: Sequence[str]
    idempotency_key: str | None
    fingerprint: bytes
    draft: MessageRow | None = None
