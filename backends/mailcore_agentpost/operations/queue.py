"""Mail on its way to the outside, as far as it is a key's to see and to change."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from mailcore_agentpost.http.service import NotThere
from mailcore_agentpost.mail import queue
from mailcore_agentpost.mail.queue import Queued
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import KeyRow


class QueueService:
    """The queue of an organization, or of the one inbox that a key is restricted to.

    Arguments:
        store: the backend's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store

    async def list(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[Queued]:
        """Return who is still to be sent what, the oldest first."""
        return await self._store.read(
            partial(
                queue.list_queued,
                organization=key.org_id,
                inbox=key.inbox_id,
                after=after or "",
                limit=limit,
            )
        )

    async def retry(self, key: KeyRow, row_id: str) -> Queued:
        """Have an attempt made now; raises NotThere."""

        def work(transaction: Transaction) -> Queued:
            queue.retry(transaction, [_find(transaction, key, row_id)], key.id, time.time())
            return _find(transaction, key, row_id)

        return await self._store.write(work)

    async def drop(self, key: KeyRow, row_id: str) -> None:
        """Give a row up, without a notice to its sender; raises NotThere."""
        await self._store.write(
            lambda transaction: queue.drop(
                transaction, [_find(transaction, key, row_id)], key.id, time.time()
            )
        )


def _find(transaction: Transaction, key: KeyRow, row_id: str) -> Queued:
    row = queue.find_queued(transaction.connection, key.org_id, row_id)
    if row is None or key.inbox_id not in (None, row.inbox):
        raise NotThere("queued message")
    return row
