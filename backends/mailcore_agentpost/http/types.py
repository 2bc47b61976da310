"""The bodies of the REST API. The server decodes and encodes them; the Python client does too.

Requests refuse unknown fields, so that a misspelled one is told and not passed over. Answers do
not: a client that was built earlier reads the answers of a later server.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import msgspec

from mailcore_agentpost.types import Direction, EventType, Scope

Limit = Annotated[int, msgspec.Meta(ge=1, le=100, description="How many at most.")]
Cursor = Annotated[
    str, msgspec.Meta(max_length=512, description="The next_cursor of the page before.")
]
# A name that starts with a letter or digit can start no spreadsheet formula in an export.
Username = Annotated[
    str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9._-]{0,46}[a-z0-9])?\Z", max_length=48)
]
DisplayName = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
ClientId = Annotated[str, msgspec.Meta(min_length=1, max_length=128)]
# RFC 5321 §4.1.2 without quoted local parts and address literals; so nothing in it can end a header
# or begin another address.
EmailAddress = Annotated[
    str,
    msgspec.Meta(
        max_length=320,
        pattern=r'^[^\x00-\x20\x7f()<>\[\]:;@\\,"]{1,64}@[^\x00-\x20\x7f()<>\[\]:;@\\,"]{1,255}\Z',
    ),
]
# NUL is the one character that no text part can carry.
BodyText = Annotated[str, msgspec.Meta(pattern=r"\A[^\x00]*\Z")]
Subject = Annotated[str, msgspec.Meta(max_length=998, pattern=r"^[^\x00-\x1f\x7f]*\Z")]
Label = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_.:-]{0,63}\Z")]


class _RequestBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Base of what a client sends."""


class _ResponseBody(msgspec.Struct, frozen=True):
    """Base of what the server answers."""


class PageQuery(_RequestBody, frozen=True):
    """The parameters of a list."""

    limit: Limit = 50
    cursor: Cursor | None = None


class _Page(_ResponseBody, frozen=True):
    has_more: bool
    next_cursor: str | None


# ------------------------------------------------------------------------------------- inboxes


class CreateInbox(_RequestBody, frozen=True):
    """Make an inbox. A repeated ``client_id`` gives the same inbox again.

    Arguments:
        username: what the address begins with; chosen for you if absent.
        display_name: the name in From.
        client_id: a name of your own for it, so that a repeated request makes no second inbox.
    """

    username: Username | None = None
    display_name: DisplayName = ""
    client_id: ClientId | None = None


class UpdateInbox(_RequestBody, frozen=True):
    """Change an inbox; absent fields stay as they are."""

    display_name: DisplayName | msgspec.UnsetType = msgspec.UNSET
    send_paused: bool | msgspec.UnsetType = msgspec.UNSET


class Inbox(_ResponseBody, frozen=True):
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


class InboxPage(_Page, frozen=True):
    """A page of inboxes, oldest first."""

    data: list[Inbox]


# ------------------------------------------------------------------------------------ messages


class Recipient(_RequestBody, frozen=True):
    """Somebody to send to."""

    email: EmailAddress
    name: DisplayName = ""


class Address(_ResponseBody, frozen=True):
    """Somebody named in a message, however oddly."""

    email: str
    name: str = ""


class SendMessage(_RequestBody, frozen=True):
    """Send a message from an inbox; ``Idempotency-Key`` makes a repetition harmless for 24 hours.

    Arguments:
        to, cc, bcc: recipients, at most 50 together.
        text_body, html_body: at least one of them; with both, clients choose.
        labels: of the copy in Sent.
    """

    to: list[Recipient] = []
    cc: list[Recipient] = []
    bcc: list[Recipient] = []
    subject: Subject = ""
    text_body: BodyText | None = None
    html_body: BodyText | None = None
    labels: list[Label] = []


class Reply(_RequestBody, frozen=True):
    """Answer a message: recipients, subject and thread follow from it.

    Arguments:
        text_body, html_body: at least one of them; nothing is quoted for you.
        labels: of the copy in Sent.
    """

    text_body: BodyText | None = None
    html_body: BodyText | None = None
    labels: list[Label] = []


class MessageSummary(_ResponseBody, frozen=True):
    """A message as lists show it.

    Arguments:
        folder: ``INBOX``, ``Sent``, ``Drafts``, ``Trash`` or one that a mail client made.
        unread, starred, replied: the flags of IMAP: not ``\\Seen``, ``\\Flagged``, ``\\Answered``.
        size: octets of the raw message.
    """

    id: str
    inbox_id: str
    thread_id: str | None
    direction: Direction
    folder: str
    from_address: Address | None
    to_addresses: list[Address]
    cc_addresses: list[Address]
    bcc_addresses: list[Address]
    subject: str
    labels: list[str]
    unread: bool
    starred: bool
    replied: bool
    has_attachments: bool
    size: int
    created_at: datetime


class Message(MessageSummary, frozen=True):
    """A message with its text.

    Arguments:
        text_body, html_body: the first part of that type, decoded; None if there is none.
    """

    text_body: str | None
    html_body: str | None


class MessagePage(_Page, frozen=True):
    """A page of messages, newest first."""

    data: list[MessageSummary]


class MessageQuery(PageQuery, frozen=True):
    """Which messages to list; without a folder all but those in Trash and Drafts."""

    folder: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    direction: Direction | None = None
    unread: bool | None = None
    label: Label | None = None


class UpdateMessage(_RequestBody, frozen=True):
    """Change the flags of a message; absent fields stay as they are."""

    unread: bool | msgspec.UnsetType = msgspec.UNSET
    starred: bool | msgspec.UnsetType = msgspec.UNSET


class AddLabels(_RequestBody, frozen=True):
    """Labels to add to a message."""

    labels: Annotated[list[Label], msgspec.Meta(min_length=1, max_length=50)]


class WaitQuery(_RequestBody, frozen=True, rename={"sender": "from"}):
    """Which message to wait for.

    Arguments:
        timeout: seconds; then the answer is 204.
        sender: ``from``: in the address or name of the sender, in any letter case.
        subject: in the subject, in any letter case.
        after: the id of a message: only later ones count. Without it, all that are unread do.
    """

    timeout: Annotated[float, msgspec.Meta(ge=0, le=60)] = 30
    sender: Annotated[str, msgspec.Meta(max_length=320)] | None = None
    subject: Annotated[str, msgspec.Meta(max_length=998)] | None = None
    after: Annotated[str, msgspec.Meta(max_length=64)] | None = None


# -------------------------------------------------------------------------------------- events


class EventQuery(_RequestBody, frozen=True):
    """Which events to list.

    Arguments:
        after: the id of an event; those after it are listed.
        type: of these types only.
        inbox_id: of this inbox only.
    """

    limit: Limit = 50
    after: Annotated[str, msgspec.Meta(max_length=64)] = ""
    type: list[EventType] = []
    inbox_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None


class Event(_ResponseBody, frozen=True):
    """Something that happened, in the same words for REST, WebSocket and webhooks.

    Arguments:
        data: ``inbox_id``, ``message_id``, ``message`` while it is there, and what its type adds:
            ``recipients``, ``reason``.
    """

    id: str
    type: EventType
    timestamp: datetime
    org_id: str
    env_id: str
    data: dict[str, Any]


class SocketQuery(_RequestBody, frozen=True):
    """A key for clients that can set no header field, like a browser's."""

    token: Annotated[str, msgspec.Meta(max_length=512)] | None = None


class EventPage(_ResponseBody, frozen=True):
    """Events, oldest first. The id of the last one is the ``after`` of the next page."""

    has_more: bool
    data: list[Event]


# ------------------------------------------------------------------------------------ API keys


class CreateKey(_RequestBody, frozen=True):
    """Make a key that can do at most what the key that asks can.

    Arguments:
        scopes: a subset of the asking key's.
        inbox_id: restricts it to one inbox.
        expires_at: from then on it is refused.
    """

    scopes: Annotated[list[Scope], msgspec.Meta(min_length=1)]
    name: DisplayName = ""
    inbox_id: str | None = None
    expires_at: datetime | None = None


class Key(_ResponseBody, frozen=True):
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


class KeyPage(_Page, frozen=True):
    """A page of keys, oldest first."""

    data: list[Key]


# -------------------------------------------------------------------------------- filter rules


class CreateFilterRule(_RequestBody, frozen=True):
    """Allow or block an address, a domain, or all domains below one; the most specific rule wins.

    Arguments:
        direction: which mail it judges.
        value: ``a@b.example``, ``b.example``; for ``subdomain_wildcard``: ``*.b.example``.
    """

    direction: Literal["send", "receive"]
    action: Literal["allow", "block"]
    match_type: Literal["address", "domain", "subdomain_wildcard"]
    value: Annotated[str, msgspec.Meta(min_length=1, max_length=320)]


class FilterRule(_ResponseBody, frozen=True):
    """A filter rule."""

    id: str
    direction: Literal["send", "receive"]
    action: Literal["allow", "block"]
    match_type: Literal["address", "domain", "subdomain_wildcard"]
    value: str
    created_at: datetime


class FilterRulePage(_Page, frozen=True):
    """A page of filter rules, oldest first."""

    data: list[FilterRule]


class Health(_ResponseBody, frozen=True):
    """The process answers."""

    status: Literal["ok"] = "ok"
