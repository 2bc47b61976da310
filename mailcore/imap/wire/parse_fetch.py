"""FETCH responses, whole or as far as a body that streams (RFC 9051 §7.5.2).

A new attribute is a row in :data:`ATTRIBUTES`.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from mailcore.imap import responses as r
from mailcore.imap.types import BinaryPart, Section
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.dates import parse_date_time
from mailcore.imap.wire.fetch import binary_part, section
from mailcore.imap.wire.flags import flag
from mailcore.imap.wire.gmail import labels
from mailcore.imap.wire.parse_structure import parse_body, parse_envelope
from mailcore.imap.wire.strings import nstring, text
from mailcore.imap.wire.values import any_value, object_id

_HEAD = re.compile(rb"\* ([0-9]{1,10}+) (UID)?FETCH ", re.IGNORECASE)
# A literal of a message may hold any octet; "~" marks a literal8 (RFC 3516 §4.2).
_LITERAL = re.compile(rb"~?\{([0-9]{1,19}+)\+?\}\r\n")
# The name of an attribute that nobody knows here, with its section and origin.
_NAME = re.compile(
    rb'[^\x00-\x20\x7f-\xff(){%*"\\\[\]]++(?:\[[^\]\r\n\x00\x7f-\xff]*+\](?:<[0-9]++>)?)?'
)

# An attribute, or one whose value is the literal that streams.
_Attribute = r.FetchAttribute | r.LiteralBegin


# message-data    =  nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att))
def fetch(cursor: Cursor, number: int) -> r.FetchResponse:
    """Return a FETCH response."""
    return r.FetchResponse(_positive(number), _msg_att(cursor))


def uid_fetch(cursor: Cursor, number: int) -> r.FetchResponse:
    """Return a UIDFETCH response (RFC 9586 §3.3)."""
    return r.FetchResponse(_positive(number), _msg_att(cursor), uid_only=True)


def _positive(number: int) -> int:
    if number == 0:
        raise ParseError("There is no message 0")
    return number


# msg-att         =  "(" (msg-att-dynamic / msg-att-static)
#                    *(SP (msg-att-dynamic / msg-att-static)) ")"
def _msg_att(cursor: Cursor) -> tuple[r.FetchAttribute, ...]:
    cursor.space()
    found = cursor.bracketed(_attribute, "attributes", empty=True)
    return tuple(_whole(attribute) for attribute in found)


def _whole(attribute: _Attribute) -> r.FetchAttribute:
    if isinstance(attribute, r.LiteralBegin):
        raise ParseError("Expected a string")
    return attribute


def begin_fetch(
    data: bytes, size: int, bounds: ResponseBounds
) -> tuple[r.FetchBegin, r.LiteralBegin]:
    """Parse a FETCH response as far as the first body that streams.

    Arguments:
        data: what stands before the literal.
        size: of it.
        bounds: how deep and how much.

    Raises:
        ParseError: it is not in the grammar.
    """
    cursor = Cursor(data, 0, bounds.nesting, ranges=bounds.ranges)
    head = cursor.need(_HEAD, "FETCH")
    cursor.expect(b"(", "attributes")
    attributes, literal = _up_to_literal(cursor, size)
    return r.FetchBegin(_positive(int(head[1])), attributes, head[2] is not None), literal


def next_body(
    data: bytes, size: int, bounds: ResponseBounds
) -> tuple[tuple[r.FetchAttribute, ...], r.LiteralBegin]:
    """Parse from behind a body that streamed as far as the next one; see :func:`begin_fetch`."""
    cursor = Cursor(data, 0, bounds.nesting, ranges=bounds.ranges)
    cursor.space()
    return _up_to_literal(cursor, size)


def end_fetch(data: bytes, bounds: ResponseBounds) -> tuple[r.FetchAttribute, ...]:
    """Parse from behind the last body that streamed to the end of the response.

    Raises:
        ParseError: it is not in the grammar.
    """
    cursor = Cursor(data, 0, bounds.nesting, ranges=bounds.ranges)
    attributes = []
    while cursor.skip(b" "):
        attributes.append(_whole(_attribute(cursor)))
    cursor.expect(b")", "a closing bracket")
    cursor.end()
    return tuple(attributes)


def _up_to_literal(
    cursor: Cursor, size: int
) -> tuple[tuple[r.FetchAttribute, ...], r.LiteralBegin]:
    attributes: list[r.FetchAttribute] = []
    while True:
        attribute = _attribute(cursor)
        if isinstance(attribute, r.LiteralBegin):
            return tuple(attributes), replace(attribute, size=size)
        attributes.append(attribute)
        cursor.space()


def _attribute(cursor: Cursor) -> _Attribute:
    known = ATTRIBUTES.get(cursor.peek_word())
    if known is None:
        name = cursor.need(_NAME, "an attribute")[0].decode("ascii").upper()
        cursor.space()
        return r.UnknownAttribute(name, any_value(cursor))
    cursor.word("an attribute")
    return known(cursor)


# msg-att-static  =  ... "BODY" ["STRUCTURE"] SP body /
#                    "BODY" section ["<" number64 ">"] SP nstring
def _body(cursor: Cursor) -> _Attribute:
    if not cursor.at(b"["):
        cursor.space()
        return r.BodyAttribute(parse_body(cursor), extended=False)
    where = section(cursor)
    return _octets(cursor, where, _origin(cursor))


# msg-att-static  =/ "BINARY" section-binary ["<" number ">"] SP (nstring / literal8) /
#                    "BINARY.SIZE" section-binary SP number    ; RFC 3516 §7
def _binary(cursor: Cursor) -> _Attribute:
    part = binary_part(cursor)
    return _octets(cursor, part, _origin(cursor))


def _binary_size(cursor: Cursor) -> r.BinarySize:
    part = binary_part(cursor)
    cursor.space()
    return r.BinarySize(part, cursor.number64())


def _origin(cursor: Cursor) -> int | None:
    if not cursor.skip(b"<"):
        return None
    origin = cursor.number64()
    cursor.expect(b">", "a closing angle bracket")
    return origin


def _rfc822(name: str) -> Callable[[Cursor], _Attribute]:
    return lambda cursor: _octets(cursor, name, None)


def _octets(cursor: Cursor, item: Section | BinaryPart | str, origin: int | None) -> _Attribute:
    cursor.space()
    if cursor.pos == len(cursor.buf):
        return r.LiteralBegin(item, 0, origin)
    literal = cursor.match(_LITERAL)
    data: bytes | None
    if literal is not None:
        start = cursor.pos
        cursor.pos += int(literal[1])
        data = cursor.buf[start : cursor.pos]
    else:
        data = nstring(cursor)
    if isinstance(item, Section):
        return r.BodySection(item, data, origin)
    if isinstance(item, BinaryPart):
        return r.BinarySection(item, data, origin)
    return r.Rfc822(item, data or b"")


def _structure(cursor: Cursor) -> r.BodyAttribute:
    cursor.space()
    return r.BodyAttribute(parse_body(cursor))


def _envelope(cursor: Cursor) -> r.EnvelopeAttribute:
    cursor.space()
    return r.EnvelopeAttribute(parse_envelope(cursor))


# msg-att-dynamic =  "FLAGS" SP "(" [flag-fetch *(SP flag-fetch)] ")"
def _flags(cursor: Cursor) -> r.Flags:
    cursor.space()
    return r.Flags(tuple(cursor.bracketed(flag, "flags", empty=True)))


def _internal_date(cursor: Cursor) -> r.InternalDate:
    cursor.space()
    return r.InternalDate(parse_date_time(cursor))


def _size(cursor: Cursor) -> r.Rfc822Size:
    cursor.space()
    return r.Rfc822Size(cursor.number64())


def _uid(cursor: Cursor) -> r.Uid:
    cursor.space()
    return r.Uid(_positive(cursor.number("a UID")))


# fetch-mod-resp  =  "MODSEQ" SP "(" permsg-modsequence ")"
def _modseq(cursor: Cursor) -> r.ModSequence:
    cursor.expect(b" (", "a mod-sequence")
    modseq = cursor.number64("a mod-sequence")
    cursor.expect(b")", "a closing bracket")
    return r.ModSequence(modseq)


# fetch-emailid-resp  =  "EMAILID" SP "(" objectid ")"       ; RFC 8474 §7
def _email_id(cursor: Cursor) -> r.EmailId:
    cursor.space()
    return r.EmailId(object_id(cursor))


# fetch-threadid-resp =  "THREADID" SP ( "(" objectid ")" / nil )
def _thread_id(cursor: Cursor) -> r.ThreadId:
    cursor.space()
    return r.ThreadId(None if cursor.skip_word("NIL") else object_id(cursor))


# fetch-savedate  =  "SAVEDATE" SP (date-time / nil)          ; RFC 8514 §6
def _save_date(cursor: Cursor) -> r.SaveDate:
    cursor.space()
    return r.SaveDate(None if cursor.skip_word("NIL") else parse_date_time(cursor))


# msg-att-dynamic =/ "X-GM-MSGID" SP number64 / "X-GM-THRID" SP number64 /
#                    "X-GM-LABELS" SP label-list
def _gmail_message_id(cursor: Cursor) -> r.GmailMessageId:
    cursor.space()
    return r.GmailMessageId(cursor.number64())


def _gmail_thread_id(cursor: Cursor) -> r.GmailThreadId:
    cursor.space()
    return r.GmailThreadId(cursor.number64())


def _gmail_labels(cursor: Cursor) -> r.GmailLabels:
    cursor.space()
    return r.GmailLabels(labels(cursor))


# fetch-preview   =  "PREVIEW" SP nstring                     ; RFC 8970 §6
def _preview(cursor: Cursor) -> r.Preview:
    cursor.space()
    data = nstring(cursor)
    return r.Preview(None if data is None else text(data))


#: Parsers of what follows the name of an attribute.
ATTRIBUTES: dict[str, Callable[[Cursor], _Attribute]] = {
    "UID": _uid,
    "FLAGS": _flags,
    "INTERNALDATE": _internal_date,
    "RFC822.SIZE": _size,
    "MODSEQ": _modseq,
    "EMAILID": _email_id,
    "THREADID": _thread_id,
    "SAVEDATE": _save_date,
    "X-GM-MSGID": _gmail_message_id,
    "X-GM-THRID": _gmail_thread_id,
    "X-GM-LABELS": _gmail_labels,
    "PREVIEW": _preview,
    "ENVELOPE": _envelope,
    "BODYSTRUCTURE": _structure,
    "BODY": _body,
    "BINARY": _binary,
    "BINARY.SIZE": _binary_size,
    "RFC822": _rfc822("RFC822"),
    "RFC822.HEADER": _rfc822("RFC822.HEADER"),
    "RFC822.TEXT": _rfc822("RFC822.TEXT"),
}
