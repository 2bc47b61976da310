"""What the REST API shows of a stored message: its octets read as fields."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from mailcore import message as mime
from mailcore.message import Buffer, Envelope, Part
from mailcore_agentpost.http.types import Address
from mailcore_agentpost.mail.digest import is_attachment, leaves

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
    senders = _addresses(envelope.from_)
    return Heading(
        sender=senders[0] if senders else None,
        to=_addresses(envelope.to),
        cc=_addresses(envelope.cc),
        bcc=_addresses(envelope.bcc),
        subject=mime.decode_header(envelope.subject or b""),
    )


def read_text(data: Buffer) -> Text:
    """Find and decode the bodies of a message; never an error."""
    plain = html = None
    attachments = False
    for part in leaves(mime.parse_structure(data)):
        if is_attachment(part):
            attachments = True
        elif part.type != "text":
            continue
        elif part.subtype == "plain" and plain is None:
            plain = _decode(data, part)
        elif part.subtype == "html" and html is None:
            html = _decode(data, part)
    return Text(plain, html, attachments)


def _decode(data: Buffer, part: Part) -> str:
    raw = data[part.body : min(part.end, part.body + MAX_TEXT)]
    charset = mime.get_parameter(part.parameters, "charset")
    return mime.decode_text(mime.decode_body(raw, part.encoding), charset)


def _addresses(addresses: Iterable[mime.Address]) -> list[Address]:
    """Return those that are addresses: the marks of groups (RFC 9051 §7.5.2) are not."""
    return [
        Address(
            email=b"@".join((address.mailbox, address.host)).decode("utf-8", "replace"),
            name=mime.decode_header(address.name or b""),
        )
        for address in addresses
        if address.mailbox and address.host
    ]
