"""Drafts: made, changed, sent."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from msgspec import UNSET

from mailcore_agentpost.drafting import Drafts
from mailcore_agentpost.http.answering import references
from mailcore_agentpost.http.attaching import attached
from mailcore_agentpost.http.composing import Context, compose
from mailcore_agentpost.http.drafting import (
    answered_id,
    attached_parts,
    draft_recipients,
    draft_summary,
    ready,
    revise,
    whole_draft,
)
from mailcore_agentpost.http.handlers.messages import whole_message
from mailcore_agentpost.http.idempotency import fingerprint, idempotency_key
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.paging import cut, decode_cursor
from mailcore_agentpost.http.problems import invalid
from mailcore_agentpost.http.rates import send_telling_rates
from mailcore_agentpost.http.reading import ANSWERED
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.service import NotThere, Service
from mailcore_agentpost.http.types import (
    CreateDraft,
    Draft,
    DraftPage,
    DraftSummary,
    Message,
    PageQuery,
    Recipient,
    SendMessage,
    UpdateDraft,
)
from mailcore_agentpost.types import InboxRow, KeyRow, MessageRow, Outgoing
from mailcore_agentpost.uploading import Uploads


class DraftHandlers:
    """Answers ``/inboxes/{inbox_id}/drafts`` and ``/drafts``."""

    def __init__(self, service: Service, drafts: Drafts, uploads: Uploads) -> None:
        self._service = service
        self._drafts = drafts
        self._uploads = uploads

    async def create_draft(self, call: Call[KeyRow]) -> Draft:
        """Make a draft; mail clients see it in Drafts."""
        body: CreateDraft = call.body
        inbox = await self._service.inbox(call.key, call.path["inbox_id"])
        answered = await self._answered(call.key, inbox, body.in_reply_to, body.thread_id)
        octets = compose(
            Recipient(email=inbox.address, name=inbox.display_name),
            SendMessage(
                to=body.to,
                cc=body.cc,
                bcc=body.bcc,
                subject=body.subject,
                text_body=body.text_body,
                html_body=body.html_body,
            ),
            Context(
                references=() if answered is None else references(answered),
                attached=await attached(self._uploads, call.key, inbox, body.attachments),
            ),
        )
        return await self._whole(call.key, await self._drafts.create(inbox, octets, body.labels))

    async def list_drafts(self, call: Call[KeyRow]) -> DraftPage:
        """Return a page of drafts, the one that was made last first."""
        limit = call.query.limit
        inbox = call.path["inbox_id"]
        rows = await self._drafts.list_drafts(
            call.key, inbox, before=decode_cursor(call.query.cursor), limit=limit + 1
        )
        page = cut(rows, limit, lambda row: row.draft_id or "")
        return DraftPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=await self._summaries(inbox, page.rows),
        )

    async def get_draft(self, call: Call[KeyRow]) -> Draft:
        """Return a draft with its text."""
        return await self._whole(call.key, await self._draft(call))

    async def update_draft(self, call: Call[KeyRow]) -> Draft:
        """Change what is given of a draft."""
        change: UpdateDraft = call.body
        draft = await self._draft(call)
        inbox = await self._service.inbox(call.key, draft.inbox_id)
        refers: Sequence[str] | None = None
        if change.in_reply_to is not UNSET:
            answered = await self._answered(call.key, inbox, change.in_reply_to)
            refers = () if answered is None else references(answered)
        octets = await self._octets(call.key, draft)
        parts: Sequence[bytes] | None = None
        if change.attachments is not UNSET:
            parts = await attached(
                self._uploads, call.key, inbox, change.attachments, attached_parts(octets)
            )
        octets = revise(octets, change, refers, parts)
        labels = None if change.labels is UNSET else change.labels
        revised = await self._drafts.revise(inbox, draft, octets, labels)
        return await self._whole(call.key, revised)

    async def delete_draft(self, call: Call[KeyRow]) -> None:
        """Move a draft to Trash."""
        await self._drafts.discard(call.key, call.path["draft_id"])

    async def send_draft(self, call: Call[KeyRow]) -> Message:
        """Send a draft; it is a message then, and no draft any more."""
        key, asked = idempotency_key(call), fingerprint(call)
        if (before := await self._service.sent_before(call.key, key, asked)) is not None:
            return await whole_message(self._service, call.key, before)
        draft = await self._draft(call)
        octets = await self._octets(call.key, draft)
        row = await send_telling_rates(
            self._service,
            call,
            draft.inbox_id,
            Outgoing(
                octets=ready(octets),
                recipients=_recipients(octets),
                labels=[flag for flag in draft.flags if not flag.startswith("\\")],
                idempotency_key=key,
                fingerprint=asked,
                draft=draft,
            ),
        )
        for original in (await self._originals(draft.inbox_id, [draft])).values():
            await self._service.change_flags(
                call.key, original.id, add=frozenset({ANSWERED}), remove=frozenset()
            )
        return await whole_message(self._service, call.key, row)

    async def _draft(self, call: Call[KeyRow]) -> MessageRow:
        return await self._drafts.draft(call.key, call.path["draft_id"])

    async def _octets(self, key: KeyRow, draft: MessageRow) -> bytes:
        return await self._service.read(key, draft.id, 0, draft.size)

    async def _answered(
        self, key: KeyRow, inbox: InboxRow, message: str | None, thread: str | None = None
    ) -> MessageRow | None:
        """Return the message that a draft answers: the one named, or the latest of a thread."""
        if message is not None:
            row = await self._service.message(key, message)
        elif thread is not None:
            row = (await self._service.thread(key, thread))[-1]
        else:
            return None
        if row.inbox_id != inbox.id:
            raise NotThere("message in this inbox")
        return row

    async def _originals(self, inbox: str, rows: Sequence[MessageRow]) -> dict[str, MessageRow]:
        """Return the messages that drafts answer, by the ids of the drafts' messages."""
        wanted = {row.id: found for row in rows if (found := answered_id(row)) is not None}
        known = await self._drafts.answered(inbox, [*wanted.values()])
        return {row: known[found] for row, found in wanted.items() if found in known}

    async def _summaries(self, inbox: str, rows: Sequence[MessageRow]) -> list[DraftSummary]:
        originals = await self._originals(inbox, rows)
        return [draft_summary(row, originals.get(row.id)) for row in rows]

    async def _whole(self, key: KeyRow, row: MessageRow) -> Draft:
        (summary,) = await self._summaries(row.inbox_id, [row])
        return whole_draft(summary, await self._octets(key, row))


def _recipients(octets: bytes) -> list[str]:
    """Return the envelope of a draft; a mail client may have left anything in it.

    Raises:
        Problem: 422, it is to nobody, or to somebody whom no mail can be sent to.
    """
    people = draft_recipients(octets)
    if not people:
        raise invalid("This draft is to nobody.", "to")
    for one in people:
        try:
            msgspec.convert({"email": one.email}, Recipient)
        except msgspec.ValidationError:
            raise invalid(f"{one.email!r} is no address that can be sent to.", "to") from None
    return list(dict.fromkeys(one.email for one in people))


def routes(drafts: DraftHandlers, limits: HTTPLimits) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    of_inbox = f"{V1}/inboxes/{{inbox_id}}/drafts"
    one = f"{V1}/drafts/{{draft_id}}"
    return (
        Route(
            method="POST",
            path=of_inbox,
            handler=drafts.create_draft,
            summary="Make a draft",
            scope="messages:write",
            body=CreateDraft,
            body_limit=limits.message_body,
            response=Draft,
            status=201,
            refuses=(409,),
        ),
        Route(
            method="GET",
            path=of_inbox,
            handler=drafts.list_drafts,
            summary="List the drafts of an inbox",
            scope="messages:read",
            query=PageQuery,
            response=DraftPage,
        ),
        Route(
            method="GET",
            path=one,
            handler=drafts.get_draft,
            summary="Return a draft with its text",
            scope="messages:read",
            response=Draft,
        ),
        Route(
            method="PATCH",
            path=one,
            handler=drafts.update_draft,
            summary="Change a draft",
            scope="messages:write",
            body=UpdateDraft,
            body_limit=limits.message_body,
            response=Draft,
            refuses=(409,),
        ),
        Route(
            method="DELETE",
            path=one,
            handler=drafts.delete_draft,
            summary="Move a draft to Trash",
            scope="messages:write",
            status=204,
        ),
        Route(
            method="POST",
            path=f"{one}/send",
            handler=drafts.send_draft,
            summary="Send a draft",
            scope="messages:write",
            response=Message,
            status=201,
            idempotent=True,
            refuses=(409, 413, 429),
        ),
    )
