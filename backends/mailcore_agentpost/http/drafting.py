"""A draft that is changed by REST: what is not changed stays, octet for octet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from msgspec import UNSET

from mailcore.message import (
    Part,
    find_header,
    headers,
    is_attachment,
    message_ids,
    parse_envelope,
    parse_structure,
)
from mailcore_agentpost.http.answering import row_heading
from mailcore_agentpost.http.composing import (
    FieldValue,
    compose_body,
    compose_fields,
    people,
    reply_fields,
)
from mailcore_agentpost.http.parts import attachments, numbered
from mailcore_agentpost.http.reading import addresses, read_text
from mailcore_agentpost.http.types import Address, Draft, DraftSummary, UpdateDraft
from mailcore_agentpost.ids import made_at
from mailcore_agentpost.mail.drafts import FIELD
from mailcore_agentpost.types import MessageRow

_CONTENT: Final = b"content-"
_VERSION: Final = b"mime-version"


def revise(
    octets: bytes,
    change: UpdateDraft,
    references: Sequence[str] | None,
    attached: Sequence[bytes] | None,
) -> bytes:
    """Return the octets of a draft with some of it changed, and without a Date.

    Arguments:
        references: what it answers, the nearest last; () for nothing, None for what it did.
        attached: parts that are attached to it; None for those that are.
    """
    structure = parse_structure(octets)
    fields = _changed_fields(change, references)
    body = octets[structure.body : structure.end]
    dropped = {name.lower().encode() for name in fields} | {b"date"}
    described = b""
    if attached is not None or change.text_body is not UNSET or change.html_body is not UNSET:
        text = read_text(octets, structure, most=len(octets))
        described = b"MIME-Version: 1.0\r\n" + compose_body(
            text.plain if change.text_body is UNSET else change.text_body,
            text.html if change.html_body is UNSET else change.html_body,
            [
                *(
                    octets[part.start : part.end]
                    for part in kept_parts(structure)
                    if attached is None or not is_attachment(part)
                ),
                *(attached or ()),
            ],
        )
        body = b""
    kept = [
        octets[field.start : field.end]
        for field in headers(octets[: structure.body])
        if field.name.lower() not in dropped
        and not (described and _describes_body(field.name.lower()))
    ]
    written = compose_fields({name: value for name, value in fields.items() if value})
    head = b"".join(one if one.endswith(b"\n") else one + b"\r\n" for one in kept) + written
    return head + (described or b"\r\n" + body)


def _describes_body(name: bytes) -> bool:
    return name.startswith(_CONTENT) or name == _VERSION


def _changed_fields(change: UpdateDraft, references: Sequence[str] | None) -> dict[str, FieldValue]:
    """Return the fields that are written anew; an empty one is left out of the draft."""
    fields: dict[str, FieldValue] = {}
    for name, some in (("To", change.to), ("Cc", change.cc), ("Bcc", change.bcc)):
        if some is not UNSET:
            fields[name] = people(some)
    if change.subject is not UNSET:
        fields["Subject"] = change.subject
    if references is not None:
        fields |= {"In-Reply-To": "", "References": "", **reply_fields(references)}
    return fields


def kept_parts(root: Part) -> list[Part]:
    """Return all leaves but the text and the HTML that :func:`read_text` finds."""
    kept: list[Part] = []
    shown: set[str] = set()
    if not root.children:
        return [] if root.type == "text" and not is_attachment(root) else [root]
    for _, part in numbered(root):
        subtype = part.subtype
        if part.type != "text" or is_attachment(part) or subtype in shown:
            kept.append(part)
        elif subtype in ("plain", "html"):
            shown.add(subtype)
        else:
            kept.append(part)
    return kept


def attached_parts(octets: bytes) -> dict[str, bytes]:
    """Return what is attached to a draft, by section number."""
    structure = parse_structure(octets)
    if not structure.children:
        return {}
    return {
        section: octets[part.start : part.end]
        for section, part in numbered(structure)
        if is_attachment(part)
    }


def answered_id(row: MessageRow) -> str | None:
    """Return the Message-ID that a draft answers."""
    found = message_ids(find_header(row.header, "in-reply-to") or b"")
    return found[0] if found else None


def draft_summary(row: MessageRow, in_reply_to: MessageRow | None) -> DraftSummary:
    """Return what lists show of a draft."""
    assert row.draft_id is not None
    head = row_heading(row)
    return DraftSummary(
        id=row.draft_id,
        inbox_id=row.inbox_id,
        message_id=row.id,
        thread_id=row.thread_id,
        in_reply_to=None if in_reply_to is None else in_reply_to.id,
        to_addresses=head.to,
        cc_addresses=head.cc,
        bcc_addresses=head.bcc,
        subject=head.subject,
        labels=sorted(flag for flag in row.flags if not flag.startswith("\\")),
        has_attachments=row.has_attachments,
        created_at=made_at(row.draft_id),
        updated_at=row.created_at,
    )


def whole_draft(summary: DraftSummary, octets: bytes) -> Draft:
    """Return a draft with its text."""
    structure = parse_structure(octets)
    text = read_text(octets, structure)
    shown = {name: getattr(summary, name) for name in DraftSummary.__struct_fields__}
    return Draft(
        **shown,
        text_body=text.plain,
        html_body=text.html,
        attachments_meta=attachments(structure),
    )


def draft_recipients(octets: bytes) -> list[Address]:
    """Return whom a draft is to, in all three fields."""
    envelope = parse_envelope(octets[: parse_structure(octets).body])
    return addresses((*envelope.to, *envelope.cc, *envelope.bcc))


def ready(octets: bytes) -> bytes:
    """Return what is sent of a draft: without its mark and with a Date still to come."""
    fields = headers(octets[: parse_structure(octets).body])
    start, pieces = 0, []
    for field in fields:
        if field.name.lower() in (FIELD.lower(), b"date"):
            pieces.append(octets[start : field.start])
            start = field.end
    return b"".join((*pieces, octets[start:]))
