"""One attempt to hand a message to a destination: over its servers in turn, or the simulator."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from mailcore.log import log_event
from mailcore.net import Outcome, RecipientResult, SendError, Timeouts, Where, connect_smtp
from mailcore.net.sending import describe, outcome_of, recipient_of, sender_of
from mailcore.sasl import PlainCredentials
from mailcore.smtp import MailParameters, Reply
from mailcore_agentpost.delivery import simulator
from mailcore_agentpost.delivery.routes import NoRoute, Routes
from mailcore_agentpost.mail.queue import Queued

logger: Final = logging.getLogger("mailcore.agentpost")

_BROKEN: Final = Reply.of(451, "4.4.2", "The connection broke")
_NO_LOGIN: Final = Reply.of(451, "4.7.0", "The smarthost does not let us in")


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a message for one recipient.

    Arguments:
        reply: the last that was heard, or what we say for a server that says nothing.
        host: who said so; "" for us.
    """

    row: Queued
    outcome: Outcome
    reply: Reply
    host: str = ""


class Attempts:
    """Makes attempts.

    Arguments:
        routes: finds servers.
        credentials: for a smarthost.
        timeouts: of each server.
    """

    def __init__(
        self,
        routes: Routes,
        credentials: PlainCredentials | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self._routes = routes
        self._credentials = credentials
        self._timeouts = timeouts

    async def make(self, rows: Sequence[Queued], message: bytes) -> list[Result]:
        """Send a message to recipients at one destination. Never raises for what is out there."""
        if rows[0].destination == simulator.DOMAIN:
            return [_simulated(row) for row in rows]
        try:
            servers = await self._routes.find(rows[0].destination)
        except NoRoute as no_route:
            return _same(rows, no_route.reply)
        told = _same(rows, _BROKEN)
        for server in servers:
            told = await self._send(server, rows, message)
            if any(one.reply is not _BROKEN for one in told):
                return told
            if any(one.outcome is Outcome.UNKNOWN for one in told):
                # It may have the message; another server would be one copy more.
                return told
        return told

    async def _send(self, server: Where, rows: Sequence[Queued], message: bytes) -> list[Result]:
        host = server.server_name or server.host
        try:
            sender = sender_of(rows[0].sender)
            recipients = [recipient_of(row.recipient) for row in rows]
        except ValueError as error:
            return _same(rows, Reply.of(553, "5.1.3", f"Bad address: {error}"))
        try:
            async with await connect_smtp(
                server, credentials=self._credentials, timeouts=self._timeouts
            ) as client:
                results = await client.send(
                    message, sender, recipients, parameters=MailParameters(envid=rows[0].message)
                )
        except SendError as error:
            logger.info("no mail to %s: %s", host, error)
            # RFC 5321 §3.1: a server that greets with a refusal may have another beside it, or be
            # itself again later.
            if error.reply is None:
                return _same(rows, _BROKEN)
            return _same(rows, _NO_LOGIN if error.permanent else error.reply, host)
        return [_result(row, one, host) for row, one in zip(rows, results, strict=True)]


def _result(row: Queued, result: RecipientResult, host: str) -> Result:
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
    return Result(row, result.outcome, reply, "" if result.local else host)


def _same(rows: Sequence[Queued], reply: Reply, host: str = "") -> list[Result]:
    return [Result(row, outcome_of(reply), reply, host) for row in rows]


def _simulated(row: Queued) -> Result:
    reply = simulator.reply_of(row.recipient, row.attempts + 1)
    return Result(row, outcome_of(reply), reply, simulator.DOMAIN)
