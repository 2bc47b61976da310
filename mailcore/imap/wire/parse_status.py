"""Status responses, and what is said of the connection (RFC 9051 §7.1-2)."""

from __future__ import annotations

import re

from mailcore.imap import responses as r
from mailcore.imap.types import ResponseCode, Status
from mailcore.imap.wire import strings
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.framer import tag_of

# resp-text-code  =  ... / atom [SP 1*<any TEXT-CHAR except "]">]
# The argument may hold a literal where it is an astring (RFC 9051 §9: "BADCHARSET").
_CODE = re.compile(rb"\[([^\x00-\x20\x7f-\xff(){%*\"\\\]]++)(?: ([^\]\x00]*+))?\] ?+")
_CAPABILITY = re.compile(rb" ([^ \x00-\x1f\x7f]++)")
_TAGGED = {"OK": Status.OK, "NO": Status.NO, "BAD": Status.BAD}


# response-tagged =  tag SP resp-cond-state CRLF
def tagged(cursor: Cursor) -> r.Tagged:
    """Return the end of a command."""
    tag = tag_of(cursor.buf)
    if tag is None:
        raise ParseError("Expected a response")
    cursor.pos = len(tag)
    cursor.space()
    status = _TAGGED.get(cursor.word("a status"))
    if status is None:
        raise ParseError("Expected OK, NO or BAD")
    return r.Tagged(tag, status, *text(cursor))


# resp-text       =  ["[" resp-text-code "]" SP] [text]
def text(cursor: Cursor) -> tuple[str, ResponseCode | None]:
    """Return what a status response says: text and code. Text may be missing altogether."""
    if not cursor.skip(b" "):
        cursor.end()
    code = None
    found = cursor.match(_CODE)
    if found is not None:
        code = ResponseCode(_decode(found[1]).upper(), _decode(found[2] or b""))
    words = cursor.buf[cursor.pos :]
    cursor.pos = len(cursor.buf)
    return _decode(words), code


def _decode(data: bytes) -> str:
    # What is for people, or not understood yet, is no reason to lose a response.
    return data.decode("utf-8", "replace")


# continue-req    =  "+" SP (resp-text / base64) CRLF
def continuation(data: bytes) -> r.Continuation:
    """Return a continuation; whether it is base64 only the command in hand can tell."""
    return r.Continuation(_decode(data[1:].removeprefix(b" ")))


# capability-data =  "CAPABILITY" *(SP capability) SP "IMAP4rev2" *(SP capability)
def capability(cursor: Cursor) -> r.CapabilityResponse:
    """Return all names, as they are written."""
    return r.CapabilityResponse(_names(cursor))


# enable-data     =  "ENABLED" *(SP capability)
def enabled(cursor: Cursor) -> r.Enabled:
    """Return what is enabled from here on."""
    return r.Enabled(_names(cursor))


def _names(cursor: Cursor) -> tuple[str, ...]:
    names = []
    while found := cursor.match(_CAPABILITY):
        names.append(_decode(found[1]))
    return tuple(names)


# language-data   =  "LANGUAGE" SP "(" lang-tag-quoted *(SP lang-tag-quoted) ")"
def language(cursor: Cursor) -> r.LanguageResponse:
    """Return languages."""
    cursor.space()
    return r.LanguageResponse(tuple(cursor.bracketed(strings.text_astring, "languages")))


# comparator-data =  "COMPARATOR" SP comp-sel-quoted [SP "(" comp-id-quoted *(SP ...) ")"]
def comparator(cursor: Cursor) -> r.ComparatorResponse:
    """Return the collation in force, and those that matched."""
    cursor.space()
    active = strings.text_astring(cursor)
    matching = cursor.bracketed(strings.text_astring, "collations") if cursor.skip(b" ") else ()
    return r.ComparatorResponse(active, tuple(matching))


# id-response     =  "ID" SP id-params-list                  ; RFC 2971 §4
def identity(cursor: Cursor) -> r.IdResponse:
    """Return what the server says of itself."""
    cursor.space()
    if cursor.skip_word("NIL"):
        return r.IdResponse(None)
    return r.IdResponse(dict(cursor.bracketed(_id_pair, "ID parameters", empty=True)))


def _id_pair(cursor: Cursor) -> tuple[str, str | None]:
    name = strings.text(strings.string(cursor))
    cursor.space()
    value = strings.nstring(cursor)
    return name, None if value is None else strings.text(value)
