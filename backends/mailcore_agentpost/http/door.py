"""The HTTP door of one server: the REST API put together over a service."""

from __future__ import annotations

import math
from collections.abc import Iterable
from time import perf_counter
from typing import Any

import trio

from mailcore.backend import Peer, Unavailable
from mailcore.live import Tally
from mailcore_agentpost.cases import UNAVAILABLE
from mailcore_agentpost.drafting import Drafts
from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.api import routes
from mailcore_agentpost.http.bearer import bearer_token
from mailcore_agentpost.http.connection import serve_connection
from mailcore_agentpost.http.dispatch import Dispatcher
from mailcore_agentpost.http.exchange import Request, Response, Upgrade
from mailcore_agentpost.http.hosts import AllowedHosts
from mailcore_agentpost.http.limits import DEFAULT_HTTP_LIMITS, HTTPLimits
from mailcore_agentpost.http.problems import (
    Problem,
    missing_scope,
    not_found,
    unauthorized,
)
from mailcore_agentpost.http.routing import Route, Router
from mailcore_agentpost.http.service import NotThere, Refused, Service
from mailcore_agentpost.operations import Operations
from mailcore_agentpost.types import KeyRow
from mailcore_agentpost.uploading import Uploads
from mailcore_agentpost.webhooks.service import WebhookService


class HTTPDoor:
    """Serves accepted connections.

    Arguments:
        service: the store behind it.
        drafts: the same, for messages that are not sent yet.
        uploads: the same, for attachments that no message has yet.
        events: what happens in it.
        webhooks: who is to be told of that.
        operations: what is shown of the workings of the server.
        imap, smtp: host and port that mail clients are told; None for a door that is shut.
        tally: counts the answers; None to not count them.
        hosts: names that ``Host`` may hold, besides ``localhost`` and address literals.
    """

    def __init__(
        self,
        service: Service,
        drafts: Drafts,
        uploads: Uploads,
        events: EventLog,
        webhooks: WebhookService,
        operations: Operations,
        *,
        imap: tuple[str, int] | None,
        smtp: tuple[str, int] | None,
        tally: Tally | None = None,
        hosts: Iterable[str] = (),
        limits: HTTPLimits = DEFAULT_HTTP_LIMITS,
    ) -> None:
        self._service = service
        self._hosts = AllowedHosts(hosts)
        self._limits = limits
        table = routes(
            service, drafts, uploads, events, webhooks, operations, limits, imap=imap, smtp=smtp
        )
        #: Every route, for whoever asks what there is.
        self.router = Router(table)
        self._dispatcher = Dispatcher(self.router, self._authorize, translate, limits)
        self._tally = tally or Tally()
        self._failures = operations.failures

    async def serve(self, stream: trio.abc.Stream, peer: Peer, closing: trio.Event) -> None:
        """Serve one connection until it ends or, once ``closing`` is set, drains."""
        await serve_connection(
            stream,
            peer,
            self._answer,
            closing=closing,
            hosts=self._hosts,
            limits=self._limits,
        )

    async def _answer(self, request: Request) -> Response | Upgrade:
        """Answer a request, and count the answer."""
        began, status, reason = perf_counter(), 500, "internal_error"
        try:
            answer = await self._dispatcher(request)
            status = answer.status if isinstance(answer, Response) else 101
            reason = ""
            return answer
        except Problem as problem:
            status, reason = problem.status, problem.code
            raise
        finally:
            command = self.router.name(request.method, request.path)
            seconds = perf_counter() - began
            self._tally.answered("http", command, str(status), reason, seconds)

    async def _authorize(self, request: Request, route: Route) -> KeyRow:
        try:
            key = await self._service.authenticate(bearer_token(request))
        except Refused as refused:
            self._failures.note("", request.peer.host, refused.code)
            raise
        if route.scope is not None and route.scope not in key.scopes:
            raise missing_scope(route.scope)
        return key


def translate(error: Exception) -> Problem | None:
    """Turn what a service raises into a problem; None for what is a fault."""
    if isinstance(error, NotThere):
        return not_found(str(error) or "object")
    if isinstance(error, Unavailable):
        case = UNAVAILABLE
        return Problem(case.status, case.code, f"{case.text}.", fix=case.fix)
    if not isinstance(error, Refused):
        return None
    if error.status == 401:
        return unauthorized(error.detail, error.code)
    headers = {}
    if error.retry_after is not None:
        headers["Retry-After"] = str(max(1, math.ceil(error.retry_after)))
    members: dict[str, Any] = {"recipients": [*error.recipients]} if error.recipients else {}
    return Problem(
        error.status, error.code, error.detail, fix=error.fix, headers=headers, **members
    )
