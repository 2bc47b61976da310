"""Messages: sent, shown, changed, waited for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec

from mailcore_agentpost.http.types.attachments import AttachmentRefs
from mailcore_agentpost.http.types.base import (
    DisplayName,
    Label,
    Moment,
    Page,
    PageQuery,
    RequestBody,
    ResponseBody,
)
from mailcore_agentpost.http.types.parts import Attachment
from mailcore_agentpost.types import Direction

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


class Recipient(RequestBody, frozen=True):
    """Somebody to send to."""

    email: EmailAddress
    name: DisplayName = ""


class Address(ResponseBody, frozen=True):
    """Somebody named in a message, however oddly."""

    email: str
    name: str = ""


class SendMessage(RequestBody, frozen=True):
    """Send a message from an inbox; ``Idempotency-Key`` makes a repetition harmless for 24 hours.

    Arguments:
        to, cc, bcc: recipients, at most 50 together.
        text_body, html_body: at least one of them; with both, clients choose.
        labels: of the copy in Sent.
        attachments: uploads that go along.
    """

    to: list[Recipient] = []
    cc: list[Recipient] = []
    bcc: list[Recipient] = []
    subject: Subject = ""
    text_body: BodyText | None = None
    html_body: BodyText | None = None
    labels: list[Label] = []
    attachments: AttachmentRefs = []


class Reply(RequestBody, frozen=True):
    """Answer a message: recipients, subject and thread follow from it.

    Arguments:
        text_body, html_body: at least one of them; nothing is quoted for you.
        labels: of the copy in Sent.
        attachments: uploads that go along.
    """

    text_body: BodyText | None = None
    html_body: BodyText | None = None
    labels: list[Label] = []
    attachments: AttachmentRefs = []


class Authentication(ResponseBody, frozen=True):
    """What was found out about the sender, in the words of RFC 8601: ``pass``, ``fail``, ``none``.

    Arguments:
        spf: whether the client may send for the domain of MAIL FROM.
        dkim: whether a domain signed the message; ``pass`` if one of several signatures is valid.
        dmarc: whether one of these speaks for the domain of the From field: only that is what
            people see.
    """

    spf: str
    dkim: str
    dmarc: str


class MessageSummary(ResponseBody, frozen=True):
    """A message as lists show it.

    Arguments:
        folder: ``INBOX``, ``Sent``, ``Drafts``, ``Trash`` or one that a mail client made.
        unread, starred, replied: the flags of IMAP: not ``\\Seen``, ``\\Flagged``, ``\\Answered``.
        size: octets of the raw message.
        authentication: of what came from outside; None where it was not checked.
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
    authentication: Authentication | None


class Message(MessageSummary, frozen=True):
    """A message with its text.

    Arguments:
        text_body, html_body: the first part of that type, decoded; None if there is none.
        attachments: what else there is.
    """

    text_body: str | None
    html_body: str | None
    attachments: list[Attachment]


class MessagePage(Page, frozen=True):
    """A page of messages, newest first."""

    data: list[MessageSummary]


Text = Annotated[str, msgspec.Meta(min_length=1, max_length=1000)]


class MessageQuery(PageQuery, frozen=True, rename={"sender": "from"}):
    """Which messages to list; without a folder all but those in Trash and Drafts.

    Arguments:
        since, until: when they came in or were sent; ``until`` is not within.
        sender: ``from``: in the From field, in any letter case; ``to`` and ``subject`` likewise.
        q: words, or phrases in double quotes, that are all somewhere in header or text.
    """

    folder: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    direction: Direction | None = None
    unread: bool | None = None
    starred: bool | None = None
    has_attachments: bool | None = None
    label: Label | None = None
    thread_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    since: Moment | None = None
    until: Moment | None = None
    sender: Text | None = None
    to: Text | None = None
    subject: Text | None = None
    q: Text | None = None


class UpdateMessage(RequestBody, frozen=True):
    """Change the flags of a message; absent fields stay as they are."""

    unread: bool | msgspec.UnsetType = msgspec.UNSET
    starred: bool | msgspec.UnsetType = msgspec.UNSET


class AddLabels(RequestBody, frozen=True):
    """Labels to add to a message."""

    labels: Annotated[list[Label], msgspec.Meta(min_length=1, max_length=50)]


class WaitQuery(RequestBody, frozen=True, rename={"sender": "from"}):
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
