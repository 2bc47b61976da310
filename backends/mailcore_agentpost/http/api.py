"""The route table of the REST API."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from mailcore import __version__
from mailcore_agentpost.http.exchange import Response
from mailcore_agentpost.http.handlers.events import EventHandlers
from mailcore_agentpost.http.handlers.inboxes import InboxHandlers
from mailcore_agentpost.http.handlers.keys import KeyHandlers
from mailcore_agentpost.http.handlers.messages import MessageHandlers
from mailcore_agentpost.http.handlers.rules import RuleHandlers
from mailcore_agentpost.http.handlers.sending import SendHandlers
from mailcore_agentpost.http.handlers.waiting import WaitHandlers
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.openapi import openapi_document
from mailcore_agentpost.http.routing import Call, Route
from mailcore_agentpost.http.types import (
    AddLabels,
    CreateFilterRule,
    CreateInbox,
    CreateKey,
    EventPage,
    EventQuery,
    FilterRule,
    FilterRulePage,
    Health,
    Inbox,
    InboxPage,
    KeyPage,
    Message,
    MessagePage,
    MessageQuery,
    MessageSummary,
    NewKey,
    PageQuery,
    Reply,
    SendMessage,
    SocketQuery,
    UpdateInbox,
    UpdateMessage,
    WaitQuery,
)
from mailcore_agentpost.http.websocket import WebSockets

_V1 = "/api/v1"


def routes(
    inboxes: InboxHandlers,
    messages: MessageHandlers,
    sending: SendHandlers,
    keys: KeyHandlers,
    rules: RuleHandlers,
    events: EventHandlers,
    waiting: WaitHandlers,
    sockets: WebSockets,
    limits: HTTPLimits,
) -> tuple[Route, ...]:
    """Return every route. The document at ``/openapi.json`` is made of this table."""
    table = (
        *_inbox_routes(inboxes),
        *_message_routes(messages),
        *_send_routes(sending, limits),
        Route(
            method="GET",
            path=f"{_V1}/inboxes/{{inbox_id}}/messages/wait",
            handler=waiting.wait_for_message,
            summary="Wait for a message to arrive",
            scope="messages:read",
            query=WaitQuery,
            response=MessageSummary,
        ),
        *_event_routes(events, sockets),
        *_key_routes(keys),
        *_rule_routes(rules),
        Route(
            method="GET",
            path="/healthz",
            handler=health,
            summary="Tell whether the process answers",
            public=True,
            response=Health,
        ),
    )
    return (*table, openapi_route(table))


async def health(call: Call[None]) -> Health:
    """Say that the process answers."""
    return Health()


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


def _inbox_routes(inboxes: InboxHandlers) -> Sequence[Route]:
    return (
        Route(
            method="POST",
            path=f"{_V1}/inboxes",
            handler=inboxes.create_inbox,
            summary="Make an inbox",
            scope="inboxes:write",
            body=CreateInbox,
            response=Inbox,
            status=201,
        ),
        Route(
            method="GET",
            path=f"{_V1}/inboxes",
            handler=inboxes.list_inboxes,
            summary="List inboxes",
            scope="inboxes:read",
            query=PageQuery,
            response=InboxPage,
        ),
        Route(
            method="GET",
            path=f"{_V1}/inboxes/credentials/export",
            handler=inboxes.export_credentials,
            summary="Export IMAP and SMTP credentials as CSV",
            scope="inboxes:read",
            media_type="text/csv",
        ),
        Route(
            method="GET",
            path=f"{_V1}/inboxes/{{inbox_id}}",
            handler=inboxes.get_inbox,
            summary="Return an inbox",
            scope="inboxes:read",
            response=Inbox,
        ),
        Route(
            method="PATCH",
            path=f"{_V1}/inboxes/{{inbox_id}}",
            handler=inboxes.update_inbox,
            summary="Change an inbox",
            scope="inboxes:write",
            body=UpdateInbox,
            response=Inbox,
        ),
        Route(
            method="DELETE",
            path=f"{_V1}/inboxes/{{inbox_id}}",
            handler=inboxes.delete_inbox,
            summary="Delete an inbox with its messages",
            scope="inboxes:write",
            status=204,
        ),
    )


def _message_routes(messages: MessageHandlers) -> Sequence[Route]:
    return (
        Route(
            method="GET",
            path=f"{_V1}/inboxes/{{inbox_id}}/messages",
            handler=messages.list_messages,
            summary="List the messages of an inbox",
            scope="messages:read",
            query=MessageQuery,
            response=MessagePage,
        ),
        Route(
            method="GET",
            path=f"{_V1}/messages/{{message_id}}",
            handler=messages.get_message,
            summary="Return a message with its text",
            scope="messages:read",
            response=Message,
        ),
        Route(
            method="GET",
            path=f"{_V1}/messages/{{message_id}}/raw",
            handler=messages.get_raw_message,
            summary="Return the octets of a message",
            scope="messages:read",
            media_type="message/rfc822",
        ),
        Route(
            method="PATCH",
            path=f"{_V1}/messages/{{message_id}}",
            handler=messages.update_message,
            summary="Change the flags of a message",
            scope="messages:write",
            body=UpdateMessage,
            response=Message,
        ),
        Route(
            method="DELETE",
            path=f"{_V1}/messages/{{message_id}}",
            handler=messages.delete_message,
            summary="Move a message to Trash",
            scope="messages:write",
            status=204,
        ),
        Route(
            method="POST",
            path=f"{_V1}/messages/{{message_id}}/restore",
            handler=messages.restore_message,
            summary="Move a message out of Trash",
            scope="messages:write",
            response=Message,
        ),
        Route(
            method="POST",
            path=f"{_V1}/messages/{{message_id}}/labels",
            handler=messages.add_labels,
            summary="Add labels to a message",
            scope="messages:write",
            body=AddLabels,
            response=Message,
        ),
        Route(
            method="DELETE",
            path=f"{_V1}/messages/{{message_id}}/labels/{{label}}",
            handler=messages.remove_label,
            summary="Take a label off a message",
            scope="messages:write",
            status=204,
        ),
    )


def _send_routes(sending: SendHandlers, limits: HTTPLimits) -> Sequence[Route]:
    message = f"{_V1}/messages/{{message_id}}"
    return tuple(
        Route(
            method="POST",
            path=path,
            handler=handler,
            summary=summary,
            scope="messages:write",
            body=body,
            body_limit=limits.message_body,
            response=Message,
            status=201,
        )
        for path, handler, body, summary in (
            (
                f"{_V1}/inboxes/{{inbox_id}}/messages",
                sending.send_message,
                SendMessage,
                "Send a message",
            ),
            (f"{message}/reply", sending.reply, Reply, "Answer the sender of a message"),
            (f"{message}/reply-all", sending.reply_all, Reply, "Answer everybody in a message"),
            (f"{message}/forward", sending.forward_message, SendMessage, "Pass a message on"),
        )
    )


def _event_routes(events: EventHandlers, sockets: WebSockets) -> Sequence[Route]:
    return (
        Route(
            method="GET",
            path=f"{_V1}/events",
            handler=events.list_events,
            summary="List what happened",
            scope="messages:read",
            query=EventQuery,
            response=EventPage,
        ),
        Route(
            method="GET",
            path="/ws",
            handler=sockets.open,
            summary="Be told events over a WebSocket",
            public=True,
            query=SocketQuery,
            status=101,
        ),
    )


def _key_routes(keys: KeyHandlers) -> Sequence[Route]:
    return (
        Route(
            method="POST",
            path=f"{_V1}/api-keys",
            handler=keys.create_key,
            summary="Make an API key",
            scope="keys:write",
            body=CreateKey,
            response=NewKey,
            status=201,
        ),
        Route(
            method="GET",
            path=f"{_V1}/api-keys",
            handler=keys.list_keys,
            summary="List API keys",
            scope="keys:write",
            query=PageQuery,
            response=KeyPage,
        ),
        Route(
            method="DELETE",
            path=f"{_V1}/api-keys/{{key_id}}",
            handler=keys.revoke_key,
            summary="Revoke an API key and end its sessions",
            scope="keys:write",
            status=204,
        ),
    )


def _rule_routes(rules: RuleHandlers) -> Sequence[Route]:
    return (
        Route(
            method="POST",
            path=f"{_V1}/filter-rules",
            handler=rules.create_rule,
            summary="Add a filter rule",
            scope="rules:write",
            body=CreateFilterRule,
            response=FilterRule,
            status=201,
        ),
        Route(
            method="GET",
            path=f"{_V1}/filter-rules",
            handler=rules.list_rules,
            summary="List filter rules",
            scope="rules:read",
            query=PageQuery,
            response=FilterRulePage,
        ),
        Route(
            method="DELETE",
            path=f"{_V1}/filter-rules/{{rule_id}}",
            handler=rules.delete_rule,
            summary="Remove a filter rule",
            scope="rules:write",
            status=204,
        ),
    )
