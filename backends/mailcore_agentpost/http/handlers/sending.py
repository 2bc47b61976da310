"""Sending: a message of its own, an answer, a message that is passed on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import msgspec

from mailcore_agentpost.http.answering import answered, prefixed, references, row_heading
from mailcore_agentpost.http.attaching import attached
from mailcore_agentpost.http.composing import Context, attached_message, compose
from mailcore_agentpost.http.handlers.messages import whole_message
from mailcore_agentpost.http.idempotency import fingerprint, idempotency_key
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.problems import invalid
from mailcore_agentpost.http.rates import send_telling_rates
from mailcore_agentpost.http.reading import ANSWERED
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import Message, Recipient, Reply, SendMessage
from mailcore_agentpost.types import InboxRow, KeyRow, MessageRow, Outgoing
from mailcore_agentpost.uploading import Uploads


class SendHandlers:
    """Answers ``POST`` to an inbox's ``/messages``, and to a message's ``/reply`` and the like."""

    def __init__(self, service: Service, uploads: Uploads) -> None:
        self._service = service
        self._uploads = uploads

    async def send_message(self, call: Call[KeyRow]) -> Message:
        """Send a message; its copy is in Sent."""
        inbox = await self._service.inbox(call.key, call.path["inbox_id"])
        return await self._send(call, inbox, call.body, Context())

    async def reply(self, call: Call[KeyRow]) -> Message:
        """Answer whoever a message is from."""
        return await self._answer(call, everybody=False)

    async def reply_all(self, call: Call[KeyRow]) -> Message:
        """Answer whoever a message is from, and all others that it went to."""
        return await self._answer(call, everybody=True)

    async def forward_message(self, call: Call[KeyRow]) -> Message:
        """Pass a message on, as it is, with a text of one's own."""
        row, inbox = await self._original(call)
        request = msgspec.structs.replace(
            call.body, subject=call.body.subject or prefixed("Fwd: ", row_heading(row).subject)
        )
        octets = await self._service.read(call.key, row.id, 0, row.size)
        return await self._send(call, inbox, request, Context(attached=[attached_message(octets)]))

    async def _answer(self, call: Call[KeyRow], *, everybody: bool) -> Message:
        row, inbox = await self._original(call)
        body: Reply = call.body
        to, cc = answered(row, inbox, everybody)
        if not to:
            raise invalid("This message is from nobody who can be answered.", "message_id")
        request = SendMessage(
            to=to,
            cc=cc,
            subject=prefixed("Re: ", row_heading(row).subject),
            text_body=body.text_body,
            html_body=body.html_body,
            labels=body.labels,
            attachments=body.attachments,
        )
        sent = await self._send(call, inbox, request, Context(references=references(row)))
        await self._service.change_flags(
            call.key, row.id, add=frozenset({ANSWERED}), remove=frozenset()
        )
        return sent

    async def _original(self, call: Call[KeyRow]) -> tuple[MessageRow, InboxRow]:
        row = await self._service.message(call.key, call.path["message_id"])
        return row, await self._service.inbox(call.key, row.inbox_id)

    async def _send(
        self, call: Call[KeyRow], inbox: InboxRow, request: SendMessage, context: Context
    ) -> Message:
        people = [*request.to, *request.cc, *request.bcc]
        if not people:
            raise invalid("A message needs somebody to go to.", "to")
        key, asked = idempotency_key(call), fingerprint(call)
        # Before anything is looked up that may be gone since.
        if (before := await self._service.sent_before(call.key, key, asked)) is not None:
            return await whole_message(self._service, call.key, before)
        parts = await attached(self._uploads, call.key, inbox, request.attachments)
        context = replace(context, attached=[*context.attached, *parts])
        row = await send_telling_rates(
            self._service,
            call,
            inbox.id,
            Outgoing(
                octets=compose(
                    Recipient(email=inbox.address, name=inbox.display_name), request, context
                ),
                recipients=list(dict.fromkeys(one.email for one in people)),
                labels=request.labels,
                idempotency_key=key,
                fingerprint=asked,
            ),
        )
        return await whole_message(self._service, call.key, row)


def routes(sending: SendHandlers, limits: HTTPLimits) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    message = f"{V1}/messages/{{message_id}}"
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
            idempotent=True,
            refuses=(404, 409, 413, 429),
        )
        for path, handler, body, summary in (
            (
                f"{V1}/inboxes/{{inbox_id}}/messages",
                sending.send_message,
                SendMessage,
                "Send a message",
            ),
            (f"{message}/reply", sending.reply, Reply, "Answer the sender of a message"),
            (f"{message}/reply-all", sending.reply_all, Reply, "Answer everybody in a message"),
            (f"{message}/forward", sending.forward_message, SendMessage, "Pass a message on"),
        )
    )
