"""The envelope structure of a message (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailcore.message.addresses import Address, parse_addresses
from mailcore.message.headers import headers, unfold

_STRINGS = frozenset({b"date", b"subject", b"in-reply-to", b"message-id"})
_ADDRESSES = frozenset({b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc"})
# RFC 5322 §4.5.3: several destination fields mean the same as one with all their addresses.
_DESTINATIONS = frozenset({b"to", b"cc", b"bcc"})


@dataclass(frozen=True, slots=True)
class Envelope:
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
    raw: dict[bytes, bytes] = {}
    for header_field in headers(header):
        name = header_field.name.lower()
        if name not in _STRINGS and name not in _ADDRESSES:
            continue
        if name not in raw:
            raw[name] = header_field.value
        elif name in _DESTINATIONS:
            raw[name] += b"," + header_field.value
    strings = {name: unfold(raw[name]) for name in _STRINGS & raw.keys()}
    addresses = {name: parse_addresses(raw[name]) for name in _ADDRESSES & raw.keys()}
    return _envelope(strings, addresses)


def _envelope(
    strings: Mapping[bytes, bytes], addresses: Mapping[bytes, tuple[Address, ...]]
) -> Envelope:
    from_ = addresses.get(b"from", ())
    return Envelope(
        date=strings.get(b"date"),
        subject=strings.get(b"subject"),
        from_=from_,
        sender=addresses.get(b"sender") or from_,
        reply_to=addresses.get(b"reply-to") or from_,
        to=addresses.get(b"to", ()),
        cc=addresses.get(b"cc", ()),
        bcc=addresses.get(b"bcc", ()),
        in_reply_to=strings.get(b"in-reply-to"),
        message_id=strings.get(b"message-id"),
    )
