"""Webhooks and their deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import msgspec

from mailcore_agentpost.http.types.base import DisplayName, Page, RequestBody, ResponseBody
from mailcore_agentpost.types import EventType

Url = Annotated[
    str,
    msgspec.Meta(
        max_length=2048,
        pattern=r"^https?://(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9._-]+)(:[0-9]{1,5})?([/?][!-~]*)?\Z",
    ),
]


class CreateWebhook(RequestBody, frozen=True):
    """Have events posted to an address, as the JSON that ``/events`` shows.

    Arguments:
        url: ``https://…``, without credentials. An answer of 2xx takes the event.
        event_types: empty for all but ``message.updated``.
        inbox_id: of one inbox only.
    """

    url: Url
    event_types: list[EventType] = []
    inbox_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    description: DisplayName = ""


class UpdateWebhook(RequestBody, frozen=True):
    """Change a webhook; absent fields stay as they are.

    Arguments:
        enabled: turn it off, or on again.
    """

    url: Url | msgspec.UnsetType = msgspec.UNSET
    event_types: list[EventType] | msgspec.UnsetType = msgspec.UNSET
    description: DisplayName | msgspec.UnsetType = msgspec.UNSET
    enabled: bool | msgspec.UnsetType = msgspec.UNSET


class Webhook(ResponseBody, frozen=True):
    """A webhook without its secret.

    Arguments:
        disabled_reason: why it is off.
        failures: attempts that failed in a row; 50 turn it off.
    """

    id: str
    url: str
    event_types: list[EventType]
    inbox_id: str | None
    description: str
    enabled: bool
    disabled_reason: str | None
    failures: int
    created_at: datetime


class NewWebhook(Webhook, frozen=True):
    """A webhook with the secret that signs what it gets; shown this once.

    Arguments:
        secret: ``whsec_…``. ``X-AgentPost-Signature`` is the hexadecimal HMAC-SHA256, keyed with
            this text, of ``{X-AgentPost-Timestamp}.{body}``. ``Webhook-Signature`` is as Standard
            Webhooks describes it.
    """

    secret: str


class WebhookPage(Page, frozen=True):
    """A page of webhooks, oldest first."""

    data: list[Webhook]


class WebhookDelivery(ResponseBody, frozen=True):
    """One event on its way to one webhook.

    Arguments:
        attempts: so far.
        response_status: of the last answer.
        error: what went wrong last.
        next_at: when it is tried again.
    """

    id: str
    webhook_id: str
    event_id: str
    event_type: EventType
    status: Literal["pending", "delivered", "failed"]
    attempts: int
    response_status: int | None
    error: str | None
    next_at: datetime | None
    attempted_at: datetime | None
    created_at: datetime


class WebhookDeliveryPage(Page, frozen=True):
    """A page of deliveries, newest first."""

    data: list[WebhookDelivery]
