"""What a key may do to the webhooks of its organization."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import partial

from mailcore_agentpost.http.service import NotThere
from mailcore_agentpost.mail import audit, events, webhooks
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import AuditAction, DeliveryRow, EventType, KeyRow, WebhookRow
from mailcore_agentpost.webhooks.signing import new_secret

_BY_HAND = "turned off by hand"


class WebhookService:
    """Webhooks, as REST manages them. Raises NotThere for those of another organization.

    A key that is restricted to an inbox sees the webhooks of that inbox only.

    Arguments:
        store: where they are kept.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def create(
        self,
        key: KeyRow,
        *,
        url: str,
        event_types: Sequence[EventType],
        inbox: str | None,
        description: str,
    ) -> tuple[WebhookRow, str]:
        """Add a webhook; return it with its secret."""
        secret = new_secret()

        def work(transaction: Transaction) -> WebhookRow:
            row = webhooks.insert_webhook(
                transaction,
                organization=key.org_id,
                url=url,
                event_types=event_types,
                inbox=inbox,
                description=description,
                secret=secret,
                now=time.time(),
            )
            _note(transaction, "webhook.created", key, row)
            return row

        return await self._store.write(work), secret

    async def list(self, key: KeyRow, *, after: str, limit: int) -> Sequence[WebhookRow]:
        """Return webhooks by ascending id."""
        found = await self._store.read(
            partial(webhooks.list_webhooks, organization=key.org_id, after=after, limit=limit)
        )
        return [row for row in found if key.inbox_id in (None, row.inbox_id)]

    async def get(self, key: KeyRow, webhook: str) -> WebhookRow:
        """Return a webhook."""
        found = await self._store.read(
            partial(webhooks.find_webhook, organization=key.org_id, webhook=webhook)
        )
        if found is None or key.inbox_id not in (None, found.inbox_id):
            raise NotThere("webhook")
        return found

    async def update(
        self,
        key: KeyRow,
        webhook: str,
        *,
        url: str | None = None,
        event_types: Sequence[EventType] | None = None,
        description: str | None = None,
        enabled: bool | None = None,
    ) -> WebhookRow:
        """Change what is given, and return the webhook."""
        row = await self.get(key, webhook)
        disabled = row.disabled
        if enabled is not None:
            disabled = None if enabled else row.disabled or _BY_HAND
        await self._store.write(
            partial(
                webhooks.update_webhook,
                webhook=webhook,
                url=row.url if url is None else url,
                event_types=row.event_types if event_types is None else event_types,
                description=row.description if description is None else description,
                disabled=disabled,
            )
        )
        return await self.get(key, webhook)

    async def delete(self, key: KeyRow, webhook: str) -> None:
        """Remove a webhook and its deliveries."""
        row = await self.get(key, webhook)

        def work(transaction: Transaction) -> None:
            webhooks.delete_webhook(transaction, webhook=webhook)
            _note(transaction, "webhook.deleted", key, row)

        await self._store.write(work)

    async def rotate(self, key: KeyRow, webhook: str) -> tuple[WebhookRow, str]:
        """Give a webhook another secret; for a day both sign."""
        row = await self.get(key, webhook)
        secret = new_secret()
        await self._store.write(
            partial(webhooks.replace_secret, webhook=webhook, secret=secret, now=time.time())
        )
        return row, secret

    async def test(self, key: KeyRow, webhook: str) -> DeliveryRow:
        """Record an event of no message, and queue it for this webhook only."""
        row = await self.get(key, webhook)
        now = time.time()

        def work(transaction: Transaction) -> DeliveryRow:
            event = events.record(
                transaction,
                "webhook.test",
                organization=key.org_id,
                now=now,
                inbox=row.inbox_id,
                text="It works.",
            )
            return webhooks.queue_one(transaction, webhook, event, now)

        return await self._store.write(work)

    async def deliveries(
        self, key: KeyRow, webhook: str, *, before: str | None, limit: int
    ) -> Sequence[DeliveryRow]:
        """Return deliveries by descending id."""
        await self.get(key, webhook)
        return await self._store.read(
            partial(webhooks.list_deliveries, webhook=webhook, before=before, limit=limit)
        )

    async def replay(self, key: KeyRow, webhook: str, delivery: str) -> DeliveryRow:
        """Begin a delivery again."""
        await self.get(key, webhook)
        find = partial(webhooks.find_delivery, webhook=webhook, delivery=delivery)
        if await self._store.read(find) is None:
            raise NotThere("delivery")
        await self._store.write(partial(webhooks.replay, delivery=delivery, now=time.time()))
        found = await self._store.read(find)
        assert found is not None
        return found


def _note(transaction: Transaction, action: AuditAction, key: KeyRow, row: WebhookRow) -> None:
    audit.note(
        transaction,
        action,
        organization=key.org_id,
        actor=key.id,
        subject=row.id,
        now=datetime.now(UTC),
        url=row.url,
    )
