"""The task that works the queue off."""

from __future__ import annotations

import logging
import random
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import trio

from mailcore.backend import Unavailable
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net import Outcome
from mailcore.net.sending import describe
from mailcore.smtp import with_crlf
from mailcore_agentpost.delivery import simulator
from mailcore_agentpost.delivery.attempt import Attempts, Result
from mailcore_agentpost.delivery.notices import Failure, notice
from mailcore_agentpost.delivery.schedule import delay_after
from mailcore_agentpost.delivery.signing import Signer
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.mail import queue
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.mail.inboxes import find_inbox
from mailcore_agentpost.mail.messages import write_body
from mailcore_agentpost.mail.queue import Queued
from mailcore_agentpost.mail.suppressions import suppress
from mailcore_agentpost.sending import Copy, receive_message, return_path
from mailcore_agentpost.settings import Relay
from mailcore_agentpost.store import Store, Transaction

logger: Final = logging.getLogger("mailcore.agentpost")

_AT_A_TIME: Final = 50
# Seconds after a failure of the store.
_PAUSE: Final = 5.0
# The address does not exist, or its domain takes no mail: sending again harms our name only.
_HARD: Final = frozenset({"5.1.1", "5.1.2", "5.1.3", "5.1.6", "5.1.10", "5.2.1"})


class Courier:
    """Delivers what is queued.

    Arguments:
        store, hub: the backend's.
        relay: the settings.
        attempts: hands a message to a destination.
        signer: signs what leaves, for the domain of its sender; None to sign nothing.
        reporter: our name, in notifications.
        limits: of the summaries of notifications.
        clock: seconds since 1970.
        draw: where jitter comes from.
    """

    def __init__(
        self,
        store: Store,
        hub: Hub,
        relay: Relay,
        attempts: Attempts,
        *,
        signer: Signer | None = None,
        reporter: str,
        limits: Limits = DEFAULT_LIMITS,
        clock: Callable[[], float] = time.time,
        draw: random.Random | None = None,
    ) -> None:
        self._store = store
        self._hub = hub
        self._relay = relay
        self._attempts = attempts
        self._signer = signer
        self._reporter = reporter
        self._limits = limits
        self._clock = clock
        self._draw = draw or random.Random()
        self._busy: set[str] = set()
        self._connections: Counter[str] = Counter()
        self._news = trio.Event()

    def leaves(self, address: str) -> bool:
        """Tell whether mail to an address outside is queued, or only kept and shown."""
        return self._relay.mode != "local" or simulator.is_simulated(address)

    async def run(self) -> None:
        """Deliver until cancelled; an attempt that is cut off so is made again at its time."""
        token = trio.lowlevel.current_trio_token()
        leave = self._hub.listen(None, lambda _: token.run_sync_soon(self.wake))
        try:
            async with trio.open_nursery() as nursery:
                while True:
                    self._news = trio.Event()
                    try:
                        wait = await self._start_due(nursery)
                    except Unavailable:  # it is logged
                        wait = _PAUSE
                    with trio.move_on_after(wait):
                        await self._news.wait()
        finally:
            leave()

    def wake(self) -> None:
        """Look at the queue now."""
        self._news.set()

    async def _start_due(self, nursery: trio.Nursery) -> float:
        """Start what is due; return the seconds until there is something more to do."""
        most = self._relay.per_destination
        # All that goes to a smarthost goes to one destination.
        in_all = most if self._relay.mode == "smarthost" else _AT_A_TIME
        while sum(self._connections.values()) < in_all:
            full = [name for name, count in self._connections.items() if count >= most]
            busy = list(self._busy)
            rows = await self._store.read(
                partial(queue.due, now=self._clock(), busy=busy, full=full)
            )
            if not rows:
                following = await self._store.read(partial(queue.next_due, busy=busy, full=full))
                return float("inf") if following is None else max(following - self._clock(), 0.0)
            self._busy.update(row.id for row in rows)
            self._connections[rows[0].destination] += 1
            nursery.start_soon(self._deliver, rows)
        return float("inf")  # each that ends wakes this task

    async def _deliver(self, rows: Sequence[Queued]) -> None:
        try:
            now = self._clock()
            next_at = now + delay_after(rows[0].attempts + 1, self._draw)
            stored = await self._store.write(partial(queue.begin, rows=rows, next_at=next_at))
            # Only final delivery adds Return-Path (RFC 5321 §4.4), and this is none.
            message = stored.removeprefix(return_path(rows[0].sender))
            results = await self._attempts.make(rows, await self._signed(rows[0], message))
            await self._settle(results, message)
        except Unavailable:
            await trio.sleep(_PAUSE)
        finally:
            self._busy.difference_update(row.id for row in rows)
            self._connections[rows[0].destination] -= 1
            self._connections += Counter()  # forget those at zero
            self.wake()

    async def _signed(self, row: Queued, message: bytes) -> bytes:
        if self._signer is None or row.destination == simulator.DOMAIN:
            return message
        # A signature covers the octets that are sent (RFC 6376 §5.3).
        domain = row.sender.rpartition("@")[2]
        return await trio.to_thread.run_sync(self._signer.sign, with_crlf(message), domain)

    async def _settle(self, results: Sequence[Result], message: bytes) -> None:
        now = self._clock()
        relay = self._relay
        sent, failed, late, waiting = [], [], [], []
        for result in results:
            age = now - result.row.created_at
            if result.outcome is Outcome.SENT:
                sent.append(result)
            elif result.outcome is Outcome.REFUSED or age >= relay.give_up_after:
                failed.append(result)
            elif not result.row.noticed and age >= relay.delay_notice_after:
                late.append(result)
            else:
                waiting.append(result)
        bounce = self._notice("failed", failed, message, now) if failed else None
        delay = self._notice("delayed", late, message, now) if late else None

        def write(transaction: Transaction) -> None:
            _note_sent(transaction, sent, now)
            _note_failed(transaction, failed, now)
            for result in (*late, *waiting):
                queue.postpone(
                    transaction, result.row, describe(result.reply), noticed=result in late
                )
            for copy in filter(None, (bounce, delay)):
                _tell_sender(transaction, results[0].row, copy, now)

        await self._store.write(write)

    def _notice(
        self, action: str, results: Sequence[Result], message: bytes, now: float
    ) -> Copy | None:
        row = results[0].row
        if not row.sender:
            return None  # RFC 5321 §6.1: nobody is told of what became of a notification
        data = return_path("") + notice(
            "delayed" if action == "delayed" else "failed",
            [Failure(one.row.recipient, one.reply, one.host) for one in results],
            to=row.sender,
            reporter=self._reporter,
            message=row.message,
            original=message,
            arrived=row.created_at,
            now=now,
        )
        return Copy(data, digest(data, self._limits))


def _note_sent(transaction: Transaction, results: Sequence[Result], now: float) -> None:
    done = [one for one in results if queue.finish(transaction, one.row, "delivered")]
    if not done:
        return
    _record(transaction, "message.delivered", done, now)
    complaints = [one for one in done if simulator.complains(one.row.recipient)]
    if complaints:
        _record(transaction, "message.complained", complaints, now)


def _note_failed(transaction: Transaction, results: Sequence[Result], now: float) -> None:
    done = [one for one in results if queue.finish(transaction, one.row, "bounced")]
    if not done:
        return
    _record(transaction, "message.bounced", done, now)
    for one in done:
        hard = one.reply.enhanced in _HARD and one.reply.permanent
        if hard and not simulator.is_simulated(one.row.recipient):
            suppress(
                transaction,
                one.row.organization,
                one.row.recipient,
                reason="bounce",
                message=one.row.message,
                now=now,
            )


def _record(transaction: Transaction, kind: str, results: Sequence[Result], now: float) -> None:
    row = results[0].row
    record(
        transaction,
        kind,  # type: ignore[arg-type]
        organization=row.organization,
        now=now,
        inbox=row.inbox,
        message=row.message,
        recipients=[one.row.recipient for one in results],
        replies=[describe(one.reply) for one in results],
    )


def _tell_sender(transaction: Transaction, row: Queued, copy: Copy, now: float) -> None:
    """Put a notification into the inbox that the message came from, if that is still there."""
    inbox = find_inbox(transaction.connection, row.organization, row.inbox)
    if inbox is not None:
        receive_message(transaction, inbox, write_body(transaction, copy.data), copy, now)
