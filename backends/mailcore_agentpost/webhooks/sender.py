"""The task that sends what is queued, and tries again what failed."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from functools import partial
from typing import Final

import httpcore
import msgspec
import trio

from mailcore import __version__
from mailcore.backend import Unavailable
from mailcore.limits import KIB
from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.describing import describe
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.mail import events, webhooks
from mailcore_agentpost.store import Store
from mailcore_agentpost.types import DeliveryRow, WebhookRow
from mailcore_agentpost.webhooks.signing import signature_headers
from mailcore_agentpost.webhooks.targets import GuardedBackend, PrivateTarget

logger: Final = logging.getLogger("mailcore.agentpost")

_TIMEOUT: Final = 30.0
_AT_A_TIME: Final = 20
_ANSWER: Final = 16 * KIB
_GONE: Final = 410
_BROKEN: Final = (
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
    OSError,
)
# Seconds after a failure of the store.
_PAUSE: Final = 5.0


class WebhookSender:
    """Sends deliveries.

    Arguments:
        store, hub: the backend's.
        log: describes events.
        allow_private: send to private addresses too.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        store: Store,
        hub: Hub,
        log: EventLog,
        *,
        allow_private: bool = False,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._store = store
        self._hub = hub
        self._log = log
        self._clock = clock
        self._backend = GuardedBackend(allow_private=allow_private)
        self._in_flight: set[str] = set()
        self._news = trio.Event()

    async def run(self) -> None:
        """Send until cancelled; what is in flight then is sent again at the next start."""
        token = trio.lowlevel.current_trio_token()
        leave = self._hub.work_off("webhooks", lambda: token.run_sync_soon(self.wake))
        try:
            async with (
                httpcore.AsyncConnectionPool(
                    max_connections=_AT_A_TIME, network_backend=self._backend
                ) as pool,
                trio.open_nursery() as nursery,
            ):
                while True:
                    self._news = trio.Event()
                    try:
                        wait = await self._start_due(nursery, pool)
                    except Unavailable:  # it is logged
                        wait = _PAUSE
                    with trio.move_on_after(wait):
                        await self._news.wait()
        finally:
            leave()

    def wake(self) -> None:
        """Look for deliveries now."""
        self._news.set()

    async def _start_due(self, nursery: trio.Nursery, pool: httpcore.AsyncConnectionPool) -> float:
        """Start what is due; return the seconds until there is something more to do."""
        # What ends while the rows are read is still in them as it was before.
        busy = frozenset(self._in_flight)
        wanted = partial(webhooks.due, now=self._clock(), limit=_AT_A_TIME)
        for delivery in await self._store.read(wanted):
            if delivery.id not in busy and len(self._in_flight) < _AT_A_TIME:
                self._in_flight.add(delivery.id)
                nursery.start_soon(self._deliver, pool, delivery)
        if self._in_flight:
            # Each that ends wakes this task.
            return float("inf")
        following = await self._store.read(webhooks.next_due)
        return float("inf") if following is None else max(following - self._clock(), 0.0)

    async def _deliver(self, pool: httpcore.AsyncConnectionPool, delivery: DeliveryRow) -> None:
        try:
            await self._attempt(pool, delivery)
        except Unavailable:
            await trio.sleep(_PAUSE)
        finally:
            self._in_flight.discard(delivery.id)
            self.wake()

    async def _attempt(self, pool: httpcore.AsyncConnectionPool, delivery: DeliveryRow) -> None:
        loaded = await self._store.read(partial(webhooks.load, delivery=delivery))
        body = delivery.body or await self._body(delivery)
        if loaded is None or body is None:
            await self._store.write(partial(webhooks.give_up, delivery=delivery.id))
            return
        webhook, keys, overlap_ends = loaded
        if self._clock() > overlap_ends:
            keys = keys[:1]
        timestamp = int(self._clock())
        headers = {
            "Content-Type": "application/json",
            "User-Agent": f"mailcore-agentpost/{__version__}",
            **signature_headers(delivery.id, timestamp, body, keys),
        }
        status, error = None, ""
        with trio.move_on_after(_TIMEOUT) as limit:
            status, error = await self._post(pool, webhook.url, headers, body)
        if limit.cancelled_caught:
            error = f"no answer within {_TIMEOUT:.0f} s"
        await self._note(delivery, webhook, status, error)

    async def _post(
        self,
        pool: httpcore.AsyncConnectionPool,
        url: str,
        headers: dict[str, str],
        body: bytes,
    ) -> tuple[int | None, str]:
        """Send; return the status of the answer, if there is one, and what went wrong."""
        fields = [(name.encode(), value.encode()) for name, value in headers.items()]
        try:
            async with pool.stream("POST", url, headers=fields, content=body) as response:
                size = 0
                async for chunk in response.aiter_stream():
                    size += len(chunk)
                    if size > _ANSWER:
                        break
        except PrivateTarget as refused:
            return None, f"{refused}; webhook_private_targets would allow it"
        except (ValueError, OverflowError) as unreadable:
            # What is wrong with one address must not end the task that serves all others.
            return None, f"the address can not be used: {unreadable}"
        except _BROKEN as broken:
            return None, str(broken) or type(broken).__name__
        # A redirect is no success, and is not followed: it could lead anywhere.
        ok = 200 <= response.status < 300
        return response.status, "" if ok else f"answered {response.status}"

    async def _body(self, delivery: DeliveryRow) -> bytes | None:
        """Make what is sent, and keep it: every attempt sends the same octets."""
        find = partial(events.find_event, webhook=delivery.webhook_id, event=delivery.event_id)
        event = await self._store.read(find)
        if event is None:
            return None
        (described,) = await describe(self._log, [event])
        body = msgspec.json.encode(described)
        await self._store.write(partial(webhooks.keep_body, delivery=delivery.id, body=body))
        return body

    async def _note(
        self, delivery: DeliveryRow, webhook: WebhookRow, status: int | None, error: str
    ) -> None:
        now = self._clock()
        if not error and status is not None:
            work = partial(webhooks.note_success, delivery=delivery, status=status, now=now)
        else:
            logger.info("webhook %s: %s: %s", webhook.id, delivery.event_id, error)
            work = partial(
                webhooks.note_failure,
                delivery=delivery,
                status=status,
                error=error,
                now=now,
                gone=status == _GONE,
            )
        await self._store.write(work)
