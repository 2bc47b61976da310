"""Events as the HTTP door sees them: those of a key's organization, past and to come."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from functools import partial

from mailcore.backend import AccountEnded, Hint
from mailcore_agentpost.hub import Hub, Watcher
from mailcore_agentpost.mail import events, listing
from mailcore_agentpost.store import Store
from mailcore_agentpost.types import EventRow, EventType, KeyRow, MessageRow


class EventLog:
    """Reads events, and wakes whoever waits for more.

    Arguments:
        store, hub: the backend's.
    """

    def __init__(self, store: Store, hub: Hub) -> None:
        self._store = store
        self._hub = hub

    async def read(
        self,
        key: KeyRow,
        *,
        after: str,
        limit: int,
        inbox: str | None = None,
        types: Collection[EventType] = (),
    ) -> Sequence[EventRow]:
        """Return events by ascending id, as :func:`events.list_events` does.

        A key that is restricted to an inbox sees the events of that one only.
        """
        if key.inbox_id is not None and inbox not in (None, key.inbox_id):
            return []
        return await self._store.read(
            partial(
                events.list_events,
                organization=key.org_id,
                after=after,
                limit=limit,
                inbox=key.inbox_id or inbox,
                types=types,
            )
        )

    async def latest(self, key: KeyRow) -> str:
        """Return the id of the last event of the organization; "" if there is none."""
        return await self._store.read(partial(events.latest, organization=key.org_id))

    async def messages(self, rows: Sequence[EventRow]) -> Mapping[str, MessageRow]:
        """Return those messages, by id, that some events are about and that are still there."""
        wanted = [row.message_id for row in rows if row.message_id is not None]

        if not wanted:
            return {}
        return await self._store.read(partial(listing.messages_by_id, messages=wanted))

    def listen(
        self, key: KeyRow, happened: Callable[[], None], ended: Callable[[str], None]
    ) -> Callable[[], None]:
        """Call back, from any thread, from now on; return the function that ends that.

        Arguments:
            happened: there are new events of the organization.
            ended: the key is not valid any more, for a reason.
        """

        def tell(hint: Hint) -> None:
            if isinstance(hint, AccountEnded):
                ended(hint.reason)

        watcher = Watcher(key.inbox_id or "", key.id, key.org_id, tell)
        leave = (
            self._hub.listen(key.org_id, lambda _: happened()),
            self._hub.add(watcher),
        )

        def remove() -> None:
            for one in leave:
                one()

        return remove
