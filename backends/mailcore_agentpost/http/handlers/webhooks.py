"""Webhooks: made, changed, tested, and what became of each delivery."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    CreateWebhook,
    NewWebhook,
    PageQuery,
    UpdateWebhook,
    Webhook,
    WebhookDelivery,
    WebhookDeliveryPage,
    WebhookPage,
)
from mailcore_agentpost.types import DeliveryRow, KeyRow, WebhookRow
from mailcore_agentpost.webhooks.service import WebhookService


class WebhookHandlers:
    """Answers ``/webhooks``."""

    def __init__(self, service: Service, webhooks: WebhookService) -> None:
        self._service = service
        self._webhooks = webhooks

    async def create_webhook(self, call: Call[KeyRow]) -> NewWebhook:
        """Add a webhook; its secret is shown this once."""
        body: CreateWebhook = call.body
        inbox = body.inbox_id or call.key.inbox_id
        if inbox is not None:
            await self._service.inbox(call.key, inbox)
        row, secret = await self._webhooks.create(
            call.key,
            url=body.url,
            event_types=body.event_types,
            inbox=inbox,
            description=body.description,
        )
        return _new(row, secret)

    async def list_webhooks(self, call: Call[KeyRow]) -> WebhookPage:
        """Return a page of webhooks, oldest first."""
        limit = call.query.limit
        rows = await self._webhooks.list(
            call.key, after=decode_cursor(call.query.cursor) or "", limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.id)
        return WebhookPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[_webhook(row) for row in page.rows],
        )

    async def get_webhook(self, call: Call[KeyRow]) -> Webhook:
        """Return a webhook."""
        return _webhook(await self._webhooks.get(call.key, call.path["webhook_id"]))

    async def update_webhook(self, call: Call[KeyRow]) -> Webhook:
        """Change what is given."""
        given = {
            name: value
            for name, value in msgspec.structs.asdict(call.body).items()
            if value is not UNSET
        }
        row = await self._webhooks.update(call.key, call.path["webhook_id"], **given)
        return _webhook(row)

    async def delete_webhook(self, call: Call[KeyRow]) -> None:
        """Remove a webhook and its deliveries."""
        await self._webhooks.delete(call.key, call.path["webhook_id"])

    async def rotate_webhook_secret(self, call: Call[KeyRow]) -> NewWebhook:
        """Replace the secret; for a day the old one signs along."""
        return _new(*await self._webhooks.rotate(call.key, call.path["webhook_id"]))

    async def test_webhook(self, call: Call[KeyRow]) -> WebhookDelivery:
        """Send an event of no message."""
        return _delivery(await self._webhooks.test(call.key, call.path["webhook_id"]))

    async def list_deliveries(self, call: Call[KeyRow]) -> WebhookDeliveryPage:
        """Return a page of deliveries, newest first."""
        limit = call.query.limit
        rows = await self._webhooks.deliveries(
            call.key,
            call.path["webhook_id"],
            before=decode_cursor(call.query.cursor),
            limit=limit + 1,
        )
        page = cut(rows, limit, lambda row: row.id)
        return WebhookDeliveryPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[_delivery(row) for row in page.rows],
        )

    async def replay_delivery(self, call: Call[KeyRow]) -> WebhookDelivery:
        """Send a delivery again: the same id and octets."""
        row = await self._webhooks.replay(
            call.key, call.path["webhook_id"], call.path["delivery_id"]
        )
        return _delivery(row)


def _webhook(row: WebhookRow) -> Webhook:
    return Webhook(
        id=row.id,
        url=row.url,
        event_types=list(row.event_types),
        inbox_id=row.inbox_id,
        description=row.description,
        enabled=row.disabled is None,
        disabled_reason=row.disabled,
        failures=row.failures,
        created_at=row.created_at,
    )


def _new(row: WebhookRow, secret: str) -> NewWebhook:
    return NewWebhook(**msgspec.structs.asdict(_webhook(row)), secret=secret)


def _delivery(row: DeliveryRow) -> WebhookDelivery:
    return WebhookDelivery(
        id=row.id,
        webhook_id=row.webhook_id,
        event_id=row.event_id,
        event_type=row.event_type,
        status=row.status,
        attempts=row.attempts,
        response_status=row.response_status,
        error=row.error,
        next_at=row.next_at,
        attempted_at=row.attempted_at,
        created_at=row.created_at,
    )


def routes(webhooks: WebhookHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    one = f"{V1}/webhooks/{{webhook_id}}"
    read, write = "webhooks:read", "webhooks:write"
    return (
        Route(
            method="POST",
            path=f"{V1}/webhooks",
            handler=webhooks.create_webhook,
            summary="Have events posted to an address",
            scope=write,
            body=CreateWebhook,
            response=NewWebhook,
            status=201,
            refuses=(404,),
        ),
        Route(
            method="GET",
            path=f"{V1}/webhooks",
            handler=webhooks.list_webhooks,
            summary="List webhooks",
            scope=read,
            query=PageQuery,
            response=WebhookPage,
        ),
        Route(
            method="GET",
            path=one,
            handler=webhooks.get_webhook,
            summary="Return a webhook",
            scope=read,
            response=Webhook,
        ),
        Route(
            method="PATCH",
            path=one,
            handler=webhooks.update_webhook,
            summary="Change a webhook, or turn it on again",
            scope=write,
            body=UpdateWebhook,
            response=Webhook,
        ),
        Route(
            method="DELETE",
            path=one,
            handler=webhooks.delete_webhook,
            summary="Remove a webhook",
            scope=write,
            status=204,
        ),
        Route(
            method="POST",
            path=f"{one}/rotate",
            handler=webhooks.rotate_webhook_secret,
            summary="Replace the secret of a webhook",
            scope=write,
            response=NewWebhook,
        ),
        Route(
            method="POST",
            path=f"{one}/test",
            handler=webhooks.test_webhook,
            summary="Send a test event to a webhook",
            scope=write,
            response=WebhookDelivery,
            status=202,
        ),
        Route(
            method="GET",
            path=f"{one}/deliveries",
            handler=webhooks.list_deliveries,
            summary="List what was sent to a webhook",
            scope=read,
            query=PageQuery,
            response=WebhookDeliveryPage,
        ),
        Route(
            method="POST",
            path=f"{one}/deliveries/{{delivery_id}}/replay",
            handler=webhooks.replay_delivery,
            summary="Send a delivery again",
            scope=write,
            response=WebhookDelivery,
            status=202,
        ),
    )
