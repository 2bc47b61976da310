"""What the REST API shows of a stored message: its octets read as fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from mailcore import message as mime
from mailcore.message import Buffer, Envelope, Part, is_attachment, leaves
from mailcore_agentpost.http.types import Address, Authentication
from mailcore_agentpost.types import MessageRow

SEEN, FLAGGED, ANSWERED = "\\Seen", "\\Flagged", "\\Answered"

# Octets of one body that are decoded for JSON; what is longer is in /raw.
MAX_TEXT = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Heading:
    """What the header of a message says."""

    sender: Address | None
    to: list[Address]
    cc: list[Address]
    bcc: list[Address]
    subject: str


@dataclass(frozen=True, slots=True)
class Text:
    """The first text of each kind that is no attachment."""

    plain: str | None
    html: str | None
    has_attachments: bool


def heading(envelope: Envelope) -> Heading:
    """Decode an envelope for people."""
    senders = addresses(envelope.from_)
    return Heading(
        sender=senders[0] if senders else None,
        to=addresses(envelope.to),
        cc=addresses(envelope.cc),
        bcc=addresses(envelope.bcc),
        subject=mime.decode_header(envelope.subject or b""),
    )


def summary_fields(row: MessageRow) -> dict[str, Any]:
    """Return the fields of a MessageSummary."""
    head = heading(mime.parse_envelope(row.header))
    return {
        "id": row.id,
        "inbox_id": row.inbox_id,
        "thread_id": row.thread_id,
        "direction": row.direction,
        "folder": row.folder,
        "from_address": head.sender,
        "to_addresses": head.to,
        "cc_addresses": head.cc,
        "bcc_addresses": head.bcc,
        "subject": head.subject,
        "labels": sorted(flag for flag in row.flags if not flag.startswith("\\")),
        "unread": SEEN not in row.flags,
        "starred": FLAGGED in row.flags,
        "replied": ANSWERED in row.flags,
        "has_attachments": row.has_attachments,
        "size": row.size,
        "created_at": row.created_at,
        "authentication": row.authentication and Authentication(**row.authentication),
    }


def read_text(data: Buffer, structure: Part, most: int = MAX_TEXT) -> Text:
    """Find and decode the bodies of a message, so many octets of each; never an error."""
    plain = html = None
    attachments = False
    for part in leaves(structure):
        if is_attachment(part):
            attachments = True
        elif part.type != "text":
            continue
        elif part.subtype == "plain" and plain is None:
            plain = _decode(data, part, most)
        elif part.subtype == "html" and html is None:
            html = _decode(data, part, most)
    return Text(plain, html, attachments)


def _decode(data: Buffer, part: Part, most: int) -> str:
    raw = data[part.body : min(part.end, part.body + most)]
    charset = mime.get_parameter(part.parameters, "charset")
    return mime.decode_text(mime.decode_body(raw, part.encoding), charset)


def addresses(found: Iterable[mime.Address]) -> list[Address]:
    """Return those that are addresses: the marks of groups (RFC 9051 §7.5.2) are not."""
    return [
        Address(
            email=b"@".join((address.mailbox, address.host)).decode("utf-8", "replace"),
            name=mime.decode_header(address.name or b""),
        )
        for address in found
        if address.mailbox and address.host
    ]
