"""What an answer follows from: whom it is to, what it refers to, what it is called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

import msgspec

from mailcore.message import find_header, message_ids, parse_addresses, parse_envelope
from mailcore_agentpost.http.reading import Heading, addresses, heading
from mailcore_agentpost.http.types import Address, Recipient
from mailcore_agentpost.mail.inboxes import without_tag
from mailcore_agentpost.types import InboxRow, MessageRow

# Of a long conversation the first message and the latest are named (RFC 5322 §3.6.4 asks for all,
# and everybody cuts).
_MAX_REFERENCES = 20


def row_heading(row: MessageRow) -> Heading:
    """Return what the header of a message says."""
    return heading(parse_envelope(row.header))


def answered(
    row: MessageRow, inbox: InboxRow, everybody: bool
) -> tuple[list[Recipient], list[Recipient]]:
    """Return whom an answer is to, and who gets a copy (RFC 5322 §3.6.3)."""
    head = row_heading(row)
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


def references(row: MessageRow) -> Sequence[str]:
    """Return what an answer refers to (RFC 5322 §3.6.4)."""
    own = message_ids(find_header(row.header, "message-id") or b"")
    if not own:
        return ()
    before = message_ids(find_header(row.header, "references") or b"") or message_ids(
        find_header(row.header, "in-reply-to") or b""
    )
    found = list(dict.fromkeys((*before, own[0])))
    return [*found[:1], *found[max(1, len(found) - _MAX_REFERENCES + 1) :]]


def prefixed(prefix: str, subject: str) -> str:
    """Return a subject with "Re: " or "Fwd: " in front, unless it is there."""
    if subject.lower().startswith(prefix.lower().rstrip()):
        return subject
    return prefix + subject
