"""FETCH attributes in wire notation (RFC 9051 §7.5.2)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import BinaryPart, Section
from mailcore.imap.wire.dates import format_date_time
from mailcore.imap.wire.encode_structure import encode_body, encode_envelope
from mailcore.imap.wire.gmail import encode_labels
from mailcore.imap.wire.quoting import (
    astring,
    atom,
    flag_list,
    line_text,
    literal,
    number,
    object_id,
    raw,
    string,
)

_RFC822 = frozenset({"RFC822", "RFC822.HEADER", "RFC822.TEXT"})
_TEXTS = frozenset({"HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"})


# section         =  "[" [section-spec] "]"
def encode_section(section: Section) -> bytes:
    """Write a section with its brackets.

    Raises:
        LocalProtocolError: there is no such section.
    """
    words = [number(part) for part in section.path]
    if section.text is not None:
        if section.text not in _TEXTS:
            raise LocalProtocolError(f"not a section text: {section.text!r}")
        words.append(atom(section.text))
    names = b""
    if section.fields:
        names = b" (%b)" % b" ".join(astring(name.encode()) for name in section.fields)
    return b"[%b%b]" % (b".".join(words), names)


def encode_item(item: Section | BinaryPart | str, origin: int | None = None) -> bytes:
    """Write the name of an attribute whose value is a string of the message.

    Raises:
        LocalProtocolError: there is no such attribute.
    """
    at = b"" if origin is None else b"<%b>" % number(origin)
    if isinstance(item, BinaryPart):
        return b"BINARY%b%b" % (encode_section(Section(item.path)), at)
    if isinstance(item, Section):
        return b"BODY%b%b" % (encode_section(item), at)
    if item not in _RFC822:
        raise LocalProtocolError(f"not an attribute with a string: {item!r}")
    return item.encode("ascii")


def _body_section(attribute: r.BodySection) -> bytes:
    value = b"NIL" if attribute.data is None else literal(attribute.data)
    return b"%b %b" % (encode_item(attribute.section, attribute.origin), value)


def _binary_section(attribute: r.BinarySection) -> bytes:
    data = attribute.data
    value = b"NIL"
    if data is not None:
        # literal8        =  "~{" number64 "}" CRLF *OCTET
        value = b"~" * (b"\0" in data) + literal(data)
    return b"%b %b" % (encode_item(attribute.part, attribute.origin), value)


def _binary_size(attribute: r.BinarySize) -> bytes:
    part = encode_section(Section(attribute.part.path))
    return b"BINARY.SIZE%b %b" % (part, number(attribute.size))


def _body(attribute: r.BodyAttribute) -> bytes:
    name = b"BODYSTRUCTURE" if attribute.extended else b"BODY"
    return b"%b %b" % (name, encode_body(attribute.part, attribute.extended))


def _unknown(attribute: r.UnknownAttribute) -> bytes:
    return b"%b %b" % (line_text(attribute.name), raw(attribute.value))


def _thread_id(attribute: r.ThreadId) -> bytes:
    return b"THREADID " + (b"NIL" if attribute.id is None else object_id(attribute.id))


def _save_date(attribute: r.SaveDate) -> bytes:
    return b"SAVEDATE " + (b"NIL" if attribute.date is None else format_date_time(attribute.date))


def _preview(attribute: r.Preview) -> bytes:
    text = attribute.text
    return b"PREVIEW " + (b"NIL" if text is None else string(text.encode()))


_ENCODERS: dict[type[r.FetchAttribute], Callable[[Any], bytes]] = {
    r.Uid: lambda attribute: b"UID %d" % attribute.uid,
    r.Flags: lambda attribute: b"FLAGS %b" % flag_list(attribute.flags),
    r.InternalDate: lambda attribute: b"INTERNALDATE %b" % format_date_time(attribute.date),
    r.Rfc822Size: lambda attribute: b"RFC822.SIZE %b" % number(attribute.size),
    r.ModSequence: lambda attribute: b"MODSEQ (%b)" % number(attribute.modseq),
    r.EmailId: lambda attribute: b"EMAILID " + object_id(attribute.id),
    r.ThreadId: _thread_id,
    r.SaveDate: _save_date,
    r.GmailMessageId: lambda attribute: b"X-GM-MSGID %b" % number(attribute.id),
    r.GmailThreadId: lambda attribute: b"X-GM-THRID %b" % number(attribute.id),
    r.GmailLabels: lambda attribute: b"X-GM-LABELS %b" % encode_labels(attribute.labels),
    r.Preview: _preview,
    r.EnvelopeAttribute: lambda attribute: b"ENVELOPE %b" % encode_envelope(attribute.envelope),
    r.BodyAttribute: _body,
    r.BodySection: _body_section,
    r.BinarySection: _binary_section,
    r.BinarySize: _binary_size,
    r.Rfc822: lambda attribute: b"%b %b" % (encode_item(attribute.name), literal(attribute.data)),
    r.Encoded: lambda attribute: attribute.data,
    r.UnknownAttribute: _unknown,
}


def encode_attributes(attributes: tuple[r.FetchAttribute, ...]) -> bytes:
    """Write attributes side by side.

    Raises:
        LocalProtocolError: one of them cannot be written.
    """
    return b" ".join([_ENCODERS[type(attribute)](attribute) for attribute in attributes])
