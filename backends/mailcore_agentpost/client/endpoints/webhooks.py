"""``client.webhooks``."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import UNSET

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import (
    CreateWebhook,
    NewWebhook,
    UpdateWebhook,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookPage,
)
from mailcore_agentpost.types import EventType


def create(
    url: str,
    *,
    event_types: Sequence[EventType] = (),
    inbox_id: str | None = None,
    description: str = "",
) -> Request[NewWebhook]:
    """Have events posted to an address. ``.secret`` verifies them, and is shown this once.

    Arguments:
        event_types: empty for all but ``message.updated``.
        inbox_id: of one inbox only.
    """
    body = CreateWebhook(
        url=url, event_types=[*event_types], inbox_id=inbox_id, description=description
    )
    return Request(method="POST", path=path("webhooks"), decode=to(NewWebhook), body=body)


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[WebhookPage]:
    """Return one page of webhooks, oldest first."""
    return listing(WebhookPage, path("webhooks"), limit, cursor)


def get(webhook_id: str) -> Request[Webhook]:
    """Return one webhook."""
    return Request(method="GET", path=path("webhooks", webhook_id), decode=to(Webhook))


def update(
    webhook_id: str,
    *,
    url: str | None = None,
    event_types: Sequence[EventType] | None = None,
    description: str | None = None,
    enabled: bool | None = None,
) -> Request[Webhook]:
    """Change what is given, and return the webhook."""
    body = UpdateWebhook(
        url=UNSET if url is None else url,
        event_types=UNSET if event_types is None else [*event_types],
        description=UNSET if description is None else description,
        enabled=UNSET if enabled is None else enabled,
    )
    where = path("webhooks", webhook_id)
    return Request(method="PATCH", path=where, decode=to(Webhook), body=body)


def delete(webhook_id: str) -> Request[None]:
    """Remove a webhook."""
    return Request(method="DELETE", path=path("webhooks", webhook_id), decode=nothing)


def rotate(webhook_id: str) -> Request[NewWebhook]:
    """Give a webhook another secret; the old one signs along for a day."""
    where = path("webhooks", webhook_id, "rotate")
    return Request(method="POST", path=where, decode=to(NewWebhook))


def test(webhook_id: str) -> Request[WebhookDelivery]:
    """Send a test event."""
    where = path("webhooks", webhook_id, "test")
    return Request(method="POST", path=where, decode=to(WebhookDelivery))


def deliveries(
    webhook_id: str, *, limit: int = 50, cursor: str | None = None
) -> Request[WebhookDeliveryPage]:
    """Return one page of what was sent to a webhook, newest first."""
    where = path("webhooks", webhook_id, "deliveries")
    return listing(WebhookDeliveryPage, where, limit, cursor)


def replay(webhook_id: str, delivery_id: str) -> Request[WebhookDelivery]:
    """Send a delivery again."""
    where = path("webhooks", webhook_id, "deliveries", delivery_id, "replay")
    return Request(method="POST", path=where, decode=to(WebhookDelivery))
