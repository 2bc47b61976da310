"""What IMAP wants to know of a message without reading it again: made once, kept as octets.

The octets are the object: ENVELOPE and BODYSTRUCTURE lie in them in the notation that IMAP sends,
and reading a summary costs one look at its table.
"""

from __future__ import annotations

import struct
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta, timezone
from functools import cached_property
from typing import Final

from mailcore.imap.subjects import base_subject
from mailcore.imap.types import Section
from mailcore.imap.wire.cursor import Cursor
from mailcore.imap.wire.encode_structure import encode_bodies, encode_envelope
from mailcore.imap.wire.parse_structure import parse_body
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.message import (
    Address,
    Buffer,
    Envelope,
    Part,
    decode_header,
    field_values,
    find_part,
    is_attachment,
    leaves,
    make_envelope,
    message_ids,
    parse_date,
    parse_structure,
    preview,
    resolve_section,
)

#: Raised with every change of the layout or of what the encoder writes: older ones are made anew.
VERSION: Final = 2

# version, octets of the message, sent date (seconds since 1970, zone in minutes), then where each
# field ends, counted from the end of this table.
_FIELDS: Final = 13
_TABLE: Final = struct.Struct(f"<BQqh{_FIELDS}I")
_TABLE_END: Final = _TABLE.size
_NO_DATE: Final = -(2**63)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_PARTS: Final = 3
_HEADERS: Final = {"FROM": 4, "TO": 5, "CC": 6, "BCC": 7, "SUBJECT": 8}
_NAMES: Final = tuple(name.lower().encode() for name in _HEADERS)
# Message-IDs that are kept of what a message refers to: a bound on the work of THREAD.
_REFERENCES: Final = 200
# Brackets within each other in a structure that our own encoder wrote, from limits that may be any.
_DEPTH: Final = 10_000
_LEAF, _MULTIPART, _MESSAGE = range(3)


class Summary:
    """What was derived from one message.

    Arguments:
        data: what :meth:`to_bytes` returned.

    Raises:
        ValueError: made by another version, or damaged: make it anew from the message.
    """

    def __init__(self, data: bytes) -> None:
        try:
            version, size, self._sent, self._zone, *ends = _TABLE.unpack_from(data)
        except struct.error:
            raise ValueError("not a summary") from None
        if version != VERSION or len(data) != _TABLE.size + ends[-1]:
            raise ValueError("a summary of another version")
        #: Octets of the message.
        self.size: int = size
        self._data = data
        self._ends = (0, *ends)

    @classmethod
    def from_bytes(cls, data: bytes) -> Summary:
        """Read what :meth:`to_bytes` returned; raises ValueError as the class does."""
        return cls(data)

    def to_bytes(self) -> bytes:
        """Return the form to keep."""
        return self._data

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Summary) and other._data == self._data

    def __hash__(self) -> int:
        return hash(self._data)

    def __repr__(self) -> str:
        return f"<Summary of {self.size} octets: {self.subject!r}>"

    def _field(self, index: int) -> bytes:
        ends = self._ends
        return self._data[_TABLE_END + ends[index] : _TABLE_END + ends[index + 1]]

    @property
    def envelope(self) -> bytes:
        """The value of ENVELOPE as IMAP sends it."""
        return self._data[_TABLE_END : _TABLE_END + self._ends[1]]

    @property
    def bodystructure(self) -> bytes:
        """The value of BODYSTRUCTURE as IMAP sends it."""
        ends = self._ends
        return self._data[_TABLE_END + ends[1] : _TABLE_END + ends[2]]

    @property
    def body(self) -> bytes:
        """The value of BODY as IMAP sends it: BODYSTRUCTURE without its extension data."""
        return self._field(2)

    @property
    def from_(self) -> str:
        """The From field, decoded; "" if there is none. The next four are alike."""
        return self.header("FROM") or ""

    @property
    def to(self) -> str:
        return self.header("TO") or ""

    @property
    def cc(self) -> str:
        return self.header("CC") or ""

    @property
    def bcc(self) -> str:
        return self.header("BCC") or ""

    @property
    def subject(self) -> str:
        return self.header("SUBJECT") or ""

    def header(self, name: str) -> str | None:
        """Return the decoded fields of that name, one a line; None if the message has none.

        Arguments:
            name: one of From, To, Cc, Bcc and Subject, in any case.

        Raises:
            KeyError: a field that a summary does not hold.
        """
        field = self._field(_HEADERS[name.upper()])
        return field[1:].decode() if field else None

    @property
    def message_id(self) -> str | None:
        """The Message-ID as ``<left@right>``, or None."""
        return self._field(9).decode() or None

    @property
    def references(self) -> tuple[str, ...]:
        """The identifiers of References, or else of In-Reply-To (RFC 5256 §2.2)."""
        return tuple(self._field(10).decode().split())

    @cached_property
    def _order(self) -> list[str]:
        return self._field(12).decode().split("\0")

    @property
    def from_mailbox(self) -> str:
        """The mailbox of the first From address, "" if there is none (RFC 5256 §3)."""
        return self._order[0]

    @property
    def to_mailbox(self) -> str:
        """That of the first To address."""
        return self._order[1]

    @property
    def cc_mailbox(self) -> str:
        """That of the first Cc address."""
        return self._order[2]

    @property
    def display_from(self) -> str:
        """The name of the first From address as people see it (RFC 5957 §3)."""
        return self._order[3]

    @property
    def display_to(self) -> str:
        """That of the first To address."""
        return self._order[4]

    @property
    def base_subject(self) -> str:
        """The subject without what answering and forwarding add (RFC 5256 §2.1)."""
        return self._order[5]

    @property
    def is_reply(self) -> bool:
        """Whether they have added something."""
        return self._order[6] == "1"

    @property
    def preview(self) -> str:
        """The beginning of the text, on one line (RFC 8970)."""
        return self._field(11).decode()

    @property
    def sent(self) -> datetime | None:
        """The Date field, with its zone; None if there is none that can be read."""
        if self._sent == _NO_DATE:
            return None
        zone = timezone(timedelta(minutes=self._zone)) if self._zone else UTC
        return (_EPOCH + timedelta(seconds=self._sent)).astimezone(zone)

    @property
    def has_attachments(self) -> bool:
        """Whether there is a part that is neither text nor shown within it."""
        structure = parse_body(Cursor(self.bodystructure, 0, _DEPTH))
        return any(map(is_attachment, leaves(structure)))

    def with_fields_in_front(self, octets: int) -> Summary:
        """Return the summary of the message with more header fields in front.

        Arguments:
            octets: of these fields, none of which may be one that a summary tells of: Received and
                Return-Path are none.
        """
        size = self.size + octets
        encoded = [self._field(index) for index in range(_FIELDS)]
        encoded[_PARTS] = _pack_parts(self._structure, size, octets)
        return Summary(_table(size, self._sent, self._zone, encoded) + b"".join(encoded))

    @property
    def header_end(self) -> int:
        """One past the last octet of the header, blank line included."""
        return self._structure.body

    def resolve(self, section: Section) -> tuple[int, int] | None:
        """Return start and end of a section in the message, or None where it has no such section.

        For HEADER.FIELDS it is the whole header that they are to be chosen from.
        """
        return resolve_section(self._structure, section.path, section.text)

    def part(self, path: tuple[int, ...]) -> Part | None:
        """Return where a part lies, or None where there is none; its fields are not known here.

        Arguments:
            path: part numbers, from 1; () for the message itself.
        """
        return find_part(self._structure, path) if path else self._structure

    @cached_property
    def _structure(self) -> Part:
        return _unpack_parts(self._field(_PARTS), self.size)


def structure_of(data: Buffer, limits: Limits = DEFAULT_LIMITS) -> Part:
    """Return the structure of a message, looked at as deep and as wide as the limits allow."""
    return parse_structure(
        data,
        max_depth=limits.mime_depth,
        max_parts=limits.mime_parts,
        max_header=limits.header_block,
    )


def fields_of(data: Buffer, limits: Limits, structure: Part) -> dict[bytes, list[bytes]]:
    """Return the fields of a message's header, as far as the limits allow, by name."""
    return field_values(data[: min(structure.body, limits.header_block)])


def summarize(
    data: Buffer,
    limits: Limits = DEFAULT_LIMITS,
    structure: Part | None = None,
    fields: Mapping[bytes, Sequence[bytes]] | None = None,
) -> Summary:
    """Make the summary of a message; whatever the message is, never an error.

    Arguments:
        data: the octets of the message: bytes, or a mapped file.
        limits: how deep and how wide its structure is looked at.
        structure: of :func:`structure_of`, if it is known already.
        fields: of :func:`fields_of`, likewise.
    """
    part = structure_of(data, limits) if structure is None else structure
    found = fields_of(data, limits, part) if fields is None else fields
    envelope = make_envelope(found)
    sent = parse_date(envelope.date) if envelope.date is not None else None
    body, bodystructure = encode_bodies(part)
    encoded = (
        encode_envelope(envelope),
        bodystructure,
        body,
        _pack_parts(part, len(data)),
        *(_text(_lines(found.get(name, ()))) for name in _NAMES),
        _text("".join(message_ids(envelope.message_id or b"")[:1])),
        _text("\n".join(_references(found, envelope))),
        _text(preview(data, part)),
        _text("\0".join(_order(envelope))),
    )
    return Summary(_table(len(data), *_moment(sent), encoded) + b"".join(encoded))


def _moment(sent: datetime | None) -> tuple[int, int]:
    if sent is None:
        return _NO_DATE, 0
    seconds = (sent - _EPOCH) // timedelta(seconds=1)
    return seconds, (sent.utcoffset() or timedelta()) // timedelta(minutes=1)


def _table(size: int, seconds: int, zone: int, fields: Sequence[bytes]) -> bytes:
    end, ends = 0, []
    for field in fields:
        end += len(field)
        ends.append(end)
    return _TABLE.pack(VERSION, size, seconds, zone, *ends)


def _references(fields: Mapping[bytes, Sequence[bytes]], envelope: Envelope) -> tuple[str, ...]:
    found = message_ids(b" ".join(fields.get(b"references", ())))
    if len(found) > _REFERENCES:
        # The first names the conversation, the last are those that are likely to be here.
        found = (*found[:1], *found[1 - _REFERENCES :])
    return found or message_ids(envelope.in_reply_to or b"")[:1]


def _order(envelope: Envelope) -> list[str]:
    """Return what SORT and THREAD compare, none of it with a NUL."""
    firsts = [addresses[0] if addresses else None for addresses in _people(envelope)]
    mailboxes = ["" if one is None else _decoded(one.mailbox) for one in firsts]
    subject = base_subject(_decoded(envelope.subject))
    found = [*mailboxes, *map(_display_name, firsts[:2]), subject.text, "1" * subject.is_reply]
    return [text.replace("\0", "") for text in found]


def _people(envelope: Envelope) -> tuple[tuple[Address, ...], ...]:
    return envelope.from_, envelope.to, envelope.cc


def _display_name(address: Address | None) -> str:
    """Return the name of an address; of one without, or of a group, what stands for it."""
    if address is None:
        return ""
    if address.host is None:
        return _decoded(address.mailbox)
    name = _decoded(address.name).strip()
    return name or _decoded(b"@".join((address.mailbox or b"", address.host)))


def _decoded(value: bytes | None) -> str:
    return "" if value is None else decode_header(value)


def _lines(values: Sequence[bytes]) -> str:
    # One before each, so that a field that is there but empty can be told from none.
    return "".join("\n" + decode_header(value) for value in values)


def _text(text: str) -> bytes:
    return text.encode("utf-8", "replace")


# ------------------------------------------------------------------------ where the parts lie
# Four numbers a part, in preorder: start, body, end, and kind with the count of its children.


def _pack_parts(part: Part, size: int, moved: int = 0) -> bytes:
    numbers: list[int] = []
    waiting = [part]
    while waiting:
        current = waiting.pop()
        kind = _LEAF
        if current.envelope is not None:
            kind = _MESSAGE
        elif current.type == "multipart":
            kind = _MULTIPART
        places = (current.start + moved, current.body + moved, current.end + moved)
        numbers += (*places, len(current.children) << 2 | kind)
        waiting.extend(reversed(current.children))
    numbers[0] = part.start
    return struct.pack(f"<{len(numbers)}{_number(size)}", *numbers)


def _unpack_parts(packed: bytes, size: int) -> Part:
    code = _number(size)
    numbers = struct.unpack(f"<{len(packed) // struct.calcsize(code)}{code}", packed)
    # Backwards through the preorder, so that the children of a part lie ready on the pile.
    pile: list[Part] = []
    for index in range(len(numbers) - 4, -1, -4):
        start, body, end, word = numbers[index : index + 4]
        count, kind = word >> 2, word & 3
        children = tuple(reversed(pile[len(pile) - count :])) if count else ()
        del pile[len(pile) - count :]
        pile.append(
            Part(
                start,
                body,
                end,
                0,
                type="multipart" if kind == _MULTIPART else "",
                envelope=Envelope() if kind == _MESSAGE else None,
                children=children,
            )
        )
    return pile.pop()


def _number(size: int) -> str:
    return "I" if size < 2**32 else "Q"
