"""The task that works the queue off."""

from __future__ import annotations

import logging
import random
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

import trio

from mailcore.backend import Unavailable
from mailcore.limits import DEFAULT_LIMITS, MIB, Limits
from mailcore.net import Outcome
from mailcore.net.sending import describe
from mailcore.smtp import Reply, with_crlf
from mailcore_agentpost.delivery import simulator
from mailcore_agentpost.delivery.attempt import Attempts, Result
from mailcore_agentpost.delivery.schedule import delay_after
from mailcore_agentpost.delivery.settlement import Settlement, settle
from mailcore_agentpost.delivery.signing import Signer
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.mail import queue
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.mail.fields import return_path
from mailcore_agentpost.mail.inboxes import find_recipient
from mailcore_agentpost.mail.queue import Queued
from mailcore_agentpost.mail.suppressions import suppress
from mailcore_agentpost.sending import DELIVERED, Copy, receive_message, tell_sender
from mailcore_agentpost.settings import Relay
from mailcore_agentpost.store import Store, Transaction

_EXPIRED: Final = Reply.of(554, "5.4.7", "Delivery time expired")
_GONE: Final = Reply.of(550, "5.1.1", "There is no such inbox here any more")

logger: Final = logging.getLogger("mailcore.agentpost")

_AT_A_TIME: Final = 50
# Octets of messages that are being sent: each lies in memory, and its signature needs it there.
_OCTETS_AT_A_TIME: Final = 64 * MIB
# What is kept of a message for the time after it was sent: notifications return no more.
_KEPT: Final = MIB + 1
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
        self._octets = 0
        self._news = trio.Event()

    def leaves(self, address: str) -> bool:
        """Tell whether mail to an address outside is queued, or only kept and shown."""
        return self._relay.mode != "local" or simulator.is_simulated(address)

    async def run(self) -> None:
        """Deliver until cancelled; an attempt that is cut off so is made again at its time."""
        token = trio.lowlevel.current_trio_token()
        leave = self._hub.work_off("mail", lambda: token.run_sync_soon(self.wake))
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
        while sum(self._connections.values()) < in_all and self._octets < _OCTETS_AT_A_TIME:
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
            self._octets += rows[0].size
            nursery.start_soon(self._deliver, rows)
        return float("inf")  # each that ends wakes this task

    async def _deliver(self, rows: Sequence[Queued]) -> None:
        try:
            now = self._clock()
            wishes = rows[0].wishes
            next_at = now + delay_after(rows[0].attempts + 1, self._draw)
            if wishes.deliver_by is not None and not wishes.late(now):
                next_at = min(next_at, wishes.deliver_by)
            here = rows[0].destination == queue.HERE
            # Only final delivery adds Return-Path (RFC 5321 §4.4).
            start = 0 if here else len(return_path(rows[0].sender))
            message = await self._store.write(
                partial(queue.begin, rows=rows, next_at=next_at, start=start)
            )
            if wishes.returns and wishes.late(now):
                results = [Result(row, Outcome.REFUSED, _EXPIRED) for row in rows]
                await self._settle(results, message)
            elif here:
                results = await self._store.read(partial(_residents, rows=rows))
                await self._settle(results, message, Copy(message, digest(message, self._limits)))
            else:
                kept = message[:_KEPT]
                message = await self._signed(rows[0], message)
                async with self._attempts.make(rows, message) as results:
                    await self._settle(results, kept)
        except Unavailable:
            await trio.sleep(_PAUSE)
        finally:
            self._busy.difference_update(row.id for row in rows)
            self._octets -= rows[0].size
            self._connections[rows[0].destination] -= 1
            self._connections += Counter()  # forget those at zero
            self.wake()

    async def _signed(self, row: Queued, message: bytes) -> bytes:
        if self._signer is None or row.destination == simulator.DOMAIN:
            return message
        # A signature covers the octets that are sent (RFC 6376 §5.3).
        domain = row.sender.rpartition("@")[2]
        return await trio.to_thread.run_sync(self._signer.sign, with_crlf(message), domain)

    async def _settle(
        self, results: Sequence[Result], message: bytes, arriving: Copy | None = None
    ) -> None:
        """Write down what became of a message, in one transaction.

        Arguments:
            message: as it was sent.
            arriving: what was held, and is put into inboxes here now.
        """
        now = self._clock()
        settlement = settle(
            results,
            message,
            now,
            reporter=self._reporter,
            give_up_after=self._relay.give_up_after,
            delay_notice_after=self._relay.delay_notice_after,
        )
        copies = [
            Copy(data, digest(data, self._limits))
            for data in (return_path("") + one for one in settlement.notices)
        ]

        def write(transaction: Transaction) -> None:
            if arriving is not None:
                _arrive(transaction, settlement.sent, arriving, now)
            _note(transaction, settlement, now)
            for copy in copies:
                row = results[0].row
                tell_sender(transaction, row.organization, row.inbox, copy, now)

        await self._store.write(write)


def _note(transaction: Transaction, settlement: Settlement, now: float) -> None:
    _note_sent(transaction, settlement.sent, now)
    _note_failed(transaction, settlement.failed, now)
    for result, noticed in settlement.waiting:
        queue.postpone(transaction, result.row, describe(result.reply), noticed=noticed)


def _residents(connection: sqlite3.Connection, rows: Sequence[Queued]) -> list[Result]:
    """Return what becomes of mail for inboxes here."""
    return [
        Result(row, Outcome.REFUSED, _GONE)
        if find_recipient(connection, row.recipient) is None
        else Result(row, Outcome.SENT, DELIVERED)
        for row in rows
    ]


def _arrive(transaction: Transaction, results: Sequence[Result], copy: Copy, now: float) -> None:
    """Put mail into inboxes, before it is taken off the queue: its octets are kept by that."""
    for one in results:
        inbox = find_recipient(transaction.connection, one.row.recipient)
        if inbox is not None and queue.is_queued(transaction, one.row):
            receive_message(transaction, inbox, one.row.body, copy, now)


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
