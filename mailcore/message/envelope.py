"""The envelope structure of a message (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from mailcore.message.addresses import Address, parse_addresses
from mailcore.message.headers import field_values, unfold


class Envelope(NamedTuple):
    """The fields of ENVELOPE in its order: unfolded octets, encoded words left as they are.

    An absent field is None or empty; a string field that is present but empty is ``b""``.
    """

    date: bytes | None = None
    subject: bytes | None = None
    from_: tuple[Address, ...] = ()
    sender: tuple[Address, ...] = ()
    reply_to: tuple[Address, ...] = ()
    to: tuple[Address, ...] = ()
    cc: tuple[Address, ...] = ()
    bcc: tuple[Address, ...] = ()
    in_reply_to: bytes | None = None
    message_id: bytes | None = None


def parse_envelope(header: bytes) -> Envelope:
    """Make the envelope of a message from its header; never an error.

    Sender and Reply-To default to From. Of a field that may stand only once, the first counts.

    Arguments:
        header: the octets of the header block.
    """
    return make_envelope(field_values(header))


def make_envelope(fields: Mapping[bytes, Sequence[bytes]]) -> Envelope:
    """Make the envelope of a message from its fields, as :func:`parse_envelope` does.

    Arguments:
        fields: what :func:`~mailcore.message.headers.field_values` returned.
    """
    from_ = _addresses(fields, b"from")
    return Envelope(
        date=_string(fields, b"date"),
        subject=_string(fields, b"subject"),
        from_=from_,
        sender=_addresses(fields, b"sender") or from_,
        reply_to=_addresses(fields, b"reply-to") or from_,
        to=_destinations(fields, b"to"),
        cc=_destinations(fields, b"cc"),
        bcc=_destinations(fields, b"bcc"),
        in_reply_to=_string(fields, b"in-reply-to"),
        message_id=_string(fields, b"message-id"),
    )


def _string(fields: Mapping[bytes, Sequence[bytes]], name: bytes) -> bytes | None:
    return unfold(fields[name][0]) if name in fields else None


def _addresses(fields: Mapping[bytes, Sequence[bytes]], name: bytes) -> tuple[Address, ...]:
    return parse_addresses(fields[name][0]) if name in fields else ()


def _destinations(fields: Mapping[bytes, Sequence[bytes]], name: bytes) -> tuple[Address, ...]:
    # RFC 5322 §4.5.3: several destination fields mean the same as one with all their addresses.
    return parse_addresses(b",".join(fields[name])) if name in fields else ()
