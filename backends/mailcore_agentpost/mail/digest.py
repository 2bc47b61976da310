"""What is kept of a message beside its octets, made once."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Final

from mailcore.imap.summary import Summary, fields_of, structure_of, summarize
from mailcore.limits import KIB, Limits
from mailcore.message import (
    Buffer,
    is_attachment,
    leaves,
    message_ids,
)

_HEADER: Final = 64 * KIB
_ANCESTORS: Final = 20


@dataclass(frozen=True, slots=True)
class Digest:
    """What lists and threads are made of.

    Arguments:
        header: the header block, cut where it is longer than anybody reads.
        summary: what IMAP asks for (opaque).
        message_id: Message-ID as ``<left@right>``, or None.
        sent: Date in seconds since 1970, or None.
        ancestors: what it answers, the nearest first.
        has_attachments: whether there is a part that is neither text nor shown within it.
    """

    header: bytes = field(repr=False)
    summary: bytes = field(repr=False)
    message_id: str | None
    sent: float | None
    ancestors: tuple[str, ...]
    has_attachments: bool


def with_fields_in_front(known: Digest, fields: bytes) -> Digest:
    """Make the digest of a message that has more fields in front than the one that is known.

    Arguments:
        fields: what a digest tells of is not among them.
    """
    summary = Summary(known.summary).with_fields_in_front(len(fields))
    header = (fields + known.header)[:_HEADER]
    return replace(known, header=header, summary=summary.to_bytes())


def digest(data: Buffer, limits: Limits) -> Digest:
    """Make the digest of a message; never an error."""
    structure = structure_of(data, limits)
    fields = fields_of(data, limits, structure)
    summary = summarize(data, limits, structure, fields)
    header = bytes(data[: min(structure.body, _HEADER)])
    replied = message_ids(fields.get(b"in-reply-to", (b"",))[0])
    nearest = dict.fromkeys((*replied, *reversed(summary.references)))
    sent = summary.sent
    return Digest(
        header=header,
        summary=summary.to_bytes(),
        message_id=summary.message_id,
        sent=None if sent is None else sent.timestamp(),
        ancestors=tuple(nearest)[:_ANCESTORS],
        has_attachments=any(is_attachment(part) for part in leaves(structure)),
    )
