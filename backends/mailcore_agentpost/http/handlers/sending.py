"""Sending: a message of its own, an answer, a message that is passed on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from mailcore.message import find_header, message_ids, parse_addresses, parse_envelope
from mailcore_agentpost.http.composing import Context, compose
from mailcore_agentpost.http.handlers.messages import whole_message
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.problems import invalid
from mailcore_agentpost.http.reading import ANSWERED, Heading, addresses, heading
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import Service
from mailcore_agentpost.http.types import (
    Address,
    Message,
    Recipient,
    Reply,
    SendMessage,
)
from mailcore_agentpost.mail.inboxes import without_tag
from mailcore_agentpost.types import InboxRow, KeyRow, MessageRow, Outgoing

_MAX_IDEMPOTENCY_KEY = 255
# Of a long conversation the first message and the latest are named (RFC 5322 §3.6.4 asks for all,
# and everybody cuts).
_MAX_REFERENCES = 20


class SendHandlers:
    """Answers ``POST`` to an inbox's ``/messages``, and to a message's ``/reply`` and the like."""

    def __init__(self, service: Service) -> None:
        self._service = service

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
            call.body, subject=call.body.subject or _prefixed("Fwd: ", _heading(row).subject)
        )
        octets = await self._service.read(call.key, row.id, 0, row.size)
        return await self._send(call, inbox, request, Context(forwarded=octets))

    async def _answer(self, call: Call[KeyRow], *, everybody: bool) -> Message:
        row, inbox = await self._original(call)
        body: Reply = call.body
        to, cc = _answered(row, inbox, everybody)
        if not to:
            raise invalid("This message is from nobody who can be answered.", "message_id")
        request = SendMessage(
            to=to,
            cc=cc,
            subject=_prefixed("Re: ", _heading(row).subject),
            text_body=body.text_body,
            html_body=body.html_body,
            labels=body.labels,
        )
        sent = await self._send(call, inbox, request, Context(references=_references(row)))
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
        asked = msgspec.json.encode((call.request.path, call.body))
        row = await self._service.send(
            call.key,
            inbox.id,
            Outgoing(
                octets=compose(
                    Recipient(email=inbox.address, name=inbox.display_name), request, context
                ),
                recipients=list(dict.fromkeys(one.email for one in people)),
                labels=request.labels,
                idempotency_key=_idempotency_key(call),
                fingerprint=hashlib.sha256(asked).digest(),
            ),
        )
        return await whole_message(self._service, call.key, row)


def _heading(row: MessageRow) -> Heading:
    return heading(parse_envelope(row.header))


def _answered(
    row: MessageRow, inbox: InboxRow, everybody: bool
) -> tuple[list[Recipient], list[Recipient]]:
    """Return whom an answer is to, and who gets a copy (RFC 5322 §3.6.3)."""
    head = _heading(row)
    if row.direction == "outbound":
        # Going on with what one has said oneself.
        first: Sequence[Address] = head.to
    else:
        reply_to = addresses(parse_addresses(find_header(row.header, "reply-to") or b""))
        first = reply_to or ([head.sender] if head.sender is not None else [])
    to = _people(first)
    if not everybody:
        return to, []
    known = {one.email.lower() for one in to}
    others = [
        one
        for one in _people((*head.to, *head.cc))
        if one.email.lower() not in known and without_tag(one.email) != inbox.address
    ]
    return to, others


def _people(found: Iterable[Address]) -> list[Recipient]:
    """Return those that can be written to, each once."""
    people: dict[str, Recipient] = {}
    for one in found:
        with suppress(msgspec.ValidationError):
            recipient = msgspec.convert({"email": one.email, "name": one.name}, Recipient)
            people.setdefault(recipient.email.lower(), recipient)
    return [*people.values()]


def _references(row: MessageRow) -> Sequence[str]:
    """Return what an answer refers to (RFC 5322 §3.6.4)."""
    own = message_ids(find_header(row.header, "message-id") or b"")
    if not own:
        return ()
    before = message_ids(find_header(row.header, "references") or b"") or message_ids(
        find_header(row.header, "in-reply-to") or b""
    )
    found = list(dict.fromkeys((*before, own[0])))
    return [*found[:1], *found[max(1, len(found) - _MAX_REFERENCES + 1) :]]


def _prefixed(prefix: str, subject: str) -> str:
    if subject.lower().startswith(prefix.lower().rstrip()):
        return subject
    return prefix + subject


def _idempotency_key(call: Call[KeyRow]) -> str | None:
    key = call.request.header("idempotency-key")
    if key is not None and not (0 < len(key) <= _MAX_IDEMPOTENCY_KEY and key.isprintable()):
        raise invalid(
            f"An idempotency key has 1 to {_MAX_IDEMPOTENCY_KEY} characters.", "Idempotency-Key"
        )
    return key


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
