"""The bodies of the REST API. The server decodes and encodes them; the Python client does too.

Requests refuse unknown fields, so that a misspelled one is told and not passed over. Answers do
not: a client that was built earlier reads the answers of a later server.
"""

from __future__ import annotations

from mailcore_agentpost.http.types.base import (
    Cursor,
    DisplayName,
    Health,
    Label,
    Limit,
    Page,
    PageQuery,
    Readiness,
    RequestBody,
    ResponseBody,
)
from mailcore_agentpost.http.types.events import (
    Event,
    EventPage,
    EventQuery,
    SocketQuery,
)
from mailcore_agentpost.http.types.inboxes import (
    ClientId,
    CreateInbox,
    Inbox,
    InboxPage,
    UpdateInbox,
    Username,
)
from mailcore_agentpost.http.types.keys import (
    CreateKey,
    Key,
    KeyPage,
    NewKey,
)
from mailcore_agentpost.http.types.messages import (
    AddLabels,
    Address,
    BodyText,
    EmailAddress,
    Message,
    MessagePage,
    MessageQuery,
    MessageSummary,
    Recipient,
    Reply,
    SendMessage,
    Subject,
    UpdateMessage,
    WaitQuery,
)
from mailcore_agentpost.http.types.parts import (
    Attachment,
    FolderCounts,
    FolderList,
    MimePart,
    View,
)
from mailcore_agentpost.http.types.rules import (
    CreateFilterRule,
    FilterRule,
    FilterRulePage,
)
from mailcore_agentpost.http.types.sessions import (
    Session,
    SessionPage,
    SessionWithTranscript,
    TranscriptLine,
    TranscriptQuery,
)
from mailcore_agentpost.http.types.threads import (
    Thread,
    ThreadPage,
    ThreadSummary,
)
from mailcore_agentpost.http.types.webhooks import (
    CreateWebhook,
    NewWebhook,
    UpdateWebhook,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookPage,
)

__all__ = [
    "AddLabels",
    "Address",
    "Attachment",
    "BodyText",
    "ClientId",
    "CreateFilterRule",
    "CreateInbox",
    "CreateKey",
    "CreateWebhook",
    "Cursor",
    "DisplayName",
    "EmailAddress",
    "Event",
    "EventPage",
    "EventQuery",
    "FilterRule",
    "FilterRulePage",
    "FolderCounts",
    "FolderList",
    "Health",
    "Inbox",
    "InboxPage",
    "Key",
    "KeyPage",
    "Label",
    "Limit",
    "Message",
    "MessagePage",
    "MessageQuery",
    "MessageSummary",
    "MimePart",
    "NewKey",
    "NewWebhook",
    "Page",
    "PageQuery",
    "Readiness",
    "Recipient",
    "Reply",
    "RequestBody",
    "ResponseBody",
    "SendMessage",
    "Session",
    "SessionPage",
    "SessionWithTranscript",
    "SocketQuery",
    "Subject",
    "Thread",
    "ThreadPage",
    "ThreadSummary",
    "TranscriptLine",
    "TranscriptQuery",
    "UpdateInbox",
    "UpdateMessage",
    "UpdateWebhook",
    "Username",
    "View",
    "WaitQuery",
    "Webhook",
    "WebhookDelivery",
    "WebhookDeliveryPage",
    "WebhookPage",
]
