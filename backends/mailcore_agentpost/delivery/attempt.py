"""One attempt to hand a message to a destination: over its servers in turn, or the simulator."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Final

from mailcore.limits import KIB
from mailcore.log import log_event
from mailcore.message import find_header, header_block
from mailcore.net import Outcome, RecipientResult, SendError, Timeouts, Where, connect_smtp
from mailcore.net.sending import (
    LoginFailed,
    TlsFailed,
    describe,
    outcome_of,
    recipient_of,
    sender_of,
)
from mailcore.sasl import PlainCredentials
from mailcore.smtp import Extensions, MailParameters, RcptParameters, Reply
from mailcore_agentpost.delivery import simulator
from mailcore_agentpost.delivery.routes import Demand, NoRoute, Routes
from mailcore_agentpost.mail.queue import Queued
from mailcore_agentpost.mail.wishes import Wishes
from mailcore_agentpost.verp import with_message

logger: Final = logging.getLogger("mailcore.agentpost")

_BROKEN: Final = Reply.of(451, "4.4.2", "The connection broke")
_NO_TLS: Final = Reply.of(451, "4.7.5", "No TLS with the server that can be trusted")
_NO_TIME_KEPT: Final = Reply.of(554, "5.3.3", "The next server does not keep to a time")
_NO_REQUIRETLS: Final = Reply.of(554, "5.7.30", "The next server does not keep to REQUIRETLS")
_NO_LOGIN: Final = Reply.of(451, "4.7.0", "The smarthost does not let us in")
#: After these the next server of the domain is tried at once (RFC 8689 §4.2.1, RFC 8461 §5).
_ANOTHER: Final = (_BROKEN, _NO_TLS, _NO_REQUIRETLS)
_HEADER_OCTETS: Final = 64 * KIB


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message for one recipient.

    Arguments:
        reply: the last that was heard, or what we say for a server that says nothing.
        host: who said so; "" for us.
        extensions: what that server offers.
    """

    row: Queued
    outcome: Outcome
    reply: Reply
    host: str = ""
    extensions: Extensions = field(default_factory=Extensions)

    @property
    def relayed(self) -> bool:
        """Whether the sender is to be told that another server has it now.

        Where that server tells nothing itself (RFC 3461 §5.2.2 b), or has not heard of the time
        that it has (RFC 2852 §4.1.4).
        """
        wishes = self.row.wishes
        if wishes.tells("SUCCESS") and "DSN" not in self.extensions:
            return True
        untimed = wishes.deliver_by is not None and "DELIVERBY" not in self.extensions
        return (untimed or wishes.trace) and not wishes.silent


class Attempts:
    """Makes attempts.

    Arguments:
        routes: finds servers.
        credentials: for a smarthost.
        timeouts: of each server.
        verp: whether the return path tells which message comes back.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        routes: Routes,
        credentials: PlainCredentials | None = None,
        timeouts: Timeouts | None = None,
        *,
        verp: bool = True,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._verp = verp
        self._clock = clock
        self._routes = routes
        self._credentials = credentials
        self._timeouts = timeouts

    @asynccontextmanager
    async def make(self, rows: Sequence[Queued], message: bytes) -> AsyncIterator[list[Result]]:
        """Send a message to recipients at one destination. Never raises for what is out there.

        The server is left when the caller is done with the results: once they are on the disk it
        hears QUIT, and whoever has heard that has the message for good, and once.
        """
        async with AsyncExitStack() as connected:
            yield await self._make(rows, message, connected)

    async def _make(
        self, rows: Sequence[Queued], message: bytes, connected: AsyncExitStack
    ) -> list[Result]:
        if rows[0].destination == simulator.DOMAIN:
            return [_simulated(row) for row in rows]
        try:
            demand = _demand(rows[0].wishes, message)
            servers = await self._routes.find(rows[0].destination, demand)
        except NoRoute as no_route:
            return _same(rows, no_route.reply)
        told = _same(rows, _BROKEN)
        for server in servers:
            await connected.aclose()
            told = await self._send(server, rows, message, connected)
            if any(one.reply not in _ANOTHER for one in told):
                return told
            if any(one.outcome is Outcome.UNKNOWN for one in told):
                # It may have the message; another server would be one copy more.
                return told
        return told

    async def _send(
        self, server: Where, rows: Sequence[Queued], message: bytes, connected: AsyncExitStack
    ) -> list[Result]:
        host = server.server_name or server.host
        path = rows[0].sender
        try:
            sender = sender_of(with_message(path, rows[0].message) if self._verp else path)
            recipients = [recipient_of(row.recipient) for row in rows]
        except ValueError as error:
            return _same(rows, Reply.of(553, "5.1.3", f"Bad address: {error}"))
        try:
            client = await connect_smtp(
                server, credentials=self._credentials, timeouts=self._timeouts
            )
        except SendError as error:
            logger.info("no mail to %s: %s", host, error)
            # RFC 5321 §3.1: a server that greets with a refusal may have another beside it, or be
            # itself again later.
            if isinstance(error, TlsFailed):
                return _same(rows, _NO_TLS)
            if error.reply is None:
                return _same(rows, _BROKEN)
            if isinstance(error, LoginFailed):
                return _same(rows, _NO_LOGIN, host)
            return _same(rows, _for_now(error.reply), host)
        await connected.enter_async_context(client)
        offers = client.extensions
        asked = _parameters(rows[0].wishes, offers, self._clock())
        if isinstance(asked, Reply):
            return _same(rows, asked, host)
        everybody = [
            replace(one, parameters=_of_recipient(row.wishes, offers))
            for one, row in zip(recipients, rows, strict=True)
        ]
        results = await client.send(message, sender, everybody, parameters=asked)
        return [_result(row, one, host, offers) for row, one in zip(rows, results, strict=True)]


def _for_now(reply: Reply) -> Reply:
    """Return a refusal to talk at all, as one that may pass."""
    if not reply.permanent:
        return reply
    return Reply.of(451, "4.3.2", f"The server does not talk to us: {describe(reply)}")


def _demand(wishes: Wishes, message: bytes) -> Demand:
    if wishes.require_tls:
        return "verified"
    # RFC 8689 §5: for mail that is to arrive whatever is wrong with TLS, a report of that perhaps.
    field = find_header(header_block(message, _HEADER_OCTETS), "tls-required")
    return "any" if field is not None and field.lower() == b"no" else "usual"


def _parameters(wishes: Wishes, offers: Extensions, now: float) -> MailParameters | Reply:
    """Return what the next server is asked for, or why it can not have the message."""
    if wishes.require_tls and "REQUIRETLS" not in offers:
        return _NO_REQUIRETLS
    by = wishes.by(now)
    if by is not None and by.returns:
        # RFC 2852 §4.1.4.1: it must offer that, and be content with the time that is left.
        least = next(iter(offers.keywords.get("DELIVERBY", ("0",))), "0")
        if "DELIVERBY" not in offers or by.seconds < max(int(least) if least.isdecimal() else 0, 1):
            return _NO_TIME_KEPT
    return MailParameters(
        ret=wishes.ret,
        envid=wishes.envid,
        require_tls=wishes.require_tls,
        deliver_by=by if "DELIVERBY" in offers else None,
        priority=wishes.priority if "MT-PRIORITY" in offers else None,
    )


def _of_recipient(wishes: Wishes, offers: Extensions) -> RcptParameters:
    notify = wishes.notify
    if wishes.deliver_by is not None and "DELIVERBY" not in offers and not wishes.silent:
        # RFC 2852 §4.1.4.2: who does not hear of the time is at least to tell of a delay.
        notify = tuple(dict.fromkeys((*(notify or ("FAILURE",)), "DELAY")))
    return RcptParameters(notify=notify, orcpt=wishes.orcpt)


def _result(row: Queued, result: RecipientResult, host: str, offers: Extensions) -> Result:
    reply = result.reply or _BROKEN
    log_event(
        logger,
        "attempt",
        message=row.message,
        to=row.destination,
        server=host,
        attempt=row.attempts + 1,
        outcome=result.outcome.name.lower(),
        reply=describe(reply),
    )
    return Result(row, result.outcome, reply, "" if result.local else host, offers)


def _same(rows: Sequence[Queued], reply: Reply, host: str = "") -> list[Result]:
    return [Result(row, outcome_of(reply), reply, host) for row in rows]


def _simulated(row: Queued) -> Result:
    reply = simulator.reply_of(row.recipient, row.attempts + 1)
    return Result(row, outcome_of(reply), reply, simulator.DOMAIN)
