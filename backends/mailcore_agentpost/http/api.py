"""The route table of the REST API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mailcore import __version__
from mailcore_agentpost.drafting import Drafts
from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http import static, websocket
from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.handlers import (
    attachments,
    drafts,
    events,
    inboxes,
    keys,
    messages,
    monitoring,
    parts,
    rules,
    sending,
    sessions,
    suppressions,
    threads,
    waiting,
    webhooks,
)
from mailcore_agentpost.http.handlers import operations as operating
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.openapi import openapi_document
from mailcore_agentpost.http.routing import Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.operations import Operations
from mailcore_agentpost.uploading import Uploads
from mailcore_agentpost.webhooks.service import WebhookService


def routes(
    service: Service,
    drafting: Drafts,
    uploads: Uploads,
    log: EventLog,
    hooks: WebhookService,
    operations: Operations,
    limits: HTTPLimits,
    *,
    imap: tuple[str, int] | None,
    smtp: tuple[str, int] | None,
) -> tuple[Route, ...]:
    """Return every route. The document at ``/openapi.json`` is made of this table.

    Arguments:
        imap, smtp: host and port that mail clients are told; None for a door that is shut.
    """
    table = (
        *inboxes.routes(inboxes.InboxHandlers(service, imap, smtp)),
        *messages.routes(messages.MessageHandlers(service)),
        *parts.routes(parts.PartHandlers(service)),
        *attachments.routes(attachments.AttachmentHandlers(uploads, limits), limits),
        *sending.routes(sending.SendHandlers(service, uploads), limits),
        *drafts.routes(drafts.DraftHandlers(service, drafting, uploads), limits),
        *waiting.routes(waiting.WaitHandlers(service, log, limits)),
        *threads.routes(threads.ThreadHandlers(service)),
        *events.routes(events.EventHandlers(log)),
        *websocket.routes(websocket.WebSockets(log, service.authenticate, limits)),
        *webhooks.routes(webhooks.WebhookHandlers(service, hooks)),
        *keys.routes(keys.KeyHandlers(service)),
        *sessions.routes(sessions.SessionHandlers(operations.sessions)),
        *operating.routes(operating.OperationsHandlers(operations)),
        *rules.routes(rules.RuleHandlers(service)),
        *suppressions.routes(suppressions.SuppressionHandlers(service)),
        *static.routes(static.StaticFiles()),
        *monitoring.routes(
            monitoring.MonitoringHandlers(operations.monitoring, operations.metrics_for)
        ),
    )
    return (*table, openapi_route(table))


def openapi_route(table: Sequence[Route]) -> Route:
    """Return the route that serves the description of the others."""
    document = msgspec.json.encode(openapi_document(table, version=__version__))

    async def get_openapi(call: Call[None]) -> Response:
        return Response(body=document, headers={"Content-Type": "application/json"})

    return Route(
        method="GET",
        path="/openapi.json",
        handler=get_openapi,
        summary="Describe this API (OpenAPI 3.1)",
        public=True,
        media_type="application/json",
    )
