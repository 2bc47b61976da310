"""The Python client of AgentPost's REST API.

from mailcore_agentpost.client import AgentPost

with AgentPost(api_key="ap_sk_…", base_url="http://127.0.0.1:8025") as client:
    csv_text = client.inboxes.export_credentials()
"""

from __future__ import annotations

from mailcore_agentpost.client.agentpost import AgentPost
from mailcore_agentpost.client.credentials import Credential, CredentialExport
from mailcore_agentpost.client.errors import (
    AgentPostError,
    APIError,
    AuthenticationError,
    Conflict,
    ConnectionFailed,
    InvalidRequest,
    NotFound,
    PermissionDenied,
    RateLimited,
    ServerError,
)
from mailcore_agentpost.http.types import (
    Address,
    Event,
    EventPage,
    FilterRule,
    FilterRulePage,
    Inbox,
    InboxPage,
    Key,
    KeyPage,
    Message,
    MessagePage,
    MessageSummary,
    NewKey,
    Recipient,
)

__all__ = [
    "APIError",
    "Address",
    "AgentPost",
    "AgentPostError",
    "AuthenticationError",
    "Conflict",
    "ConnectionFailed",
    "Credential",
    "CredentialExport",
    "Event",
    "EventPage",
    "FilterRule",
    "FilterRulePage",
    "Inbox",
    "InboxPage",
    "InvalidRequest",
    "Key",
    "KeyPage",
    "Message",
    "MessagePage",
    "MessageSummary",
    "NewKey",
    "NotFound",
    "PermissionDenied",
    "RateLimited",
    "Recipient",
    "ServerError",
]
