"""Atoms, strings and mailbox names (RFC 9051 §9)."""

from __future__ import annotations

import re

from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.mutf7 import decode_mutf7

# ATOM-CHAR       =  <any CHAR except atom-specials>
# atom-specials   =  "(" / ")" / "{" / SP / CTL / list-wildcards / quoted-specials / resp-specials
# atom            =  1*ATOM-CHAR
ATOM = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\\]]++')
# ASTRING-CHAR    =  ATOM-CHAR / resp-specials          ; resp-specials = "]"
ASTRING = re.compile(rb'[^\x00-\x20\x7f-\xff(){%*"\\]++')
# list-char       =  ATOM-CHAR / list-wildcards / resp-specials
_LIST = re.compile(rb'[^\x00-\x20\x7f-\xff(){"\\]++')
# quoted          =  DQUOTE *QUOTED-CHAR DQUOTE
# QUOTED-CHAR     =  <any TEXT-CHAR except quoted-specials> / "\" quoted-specials / UTF8-...
_QUOTED = re.compile(rb'"([^"\\\r\n\x00]*+(?:\\["\\][^"\\\r\n\x00]*+)*+)"')
_QUOTED_PAIR = re.compile(rb"\\(.)")
# literal         =  "{" number64 ["+"] "}" CRLF *CHAR8
_LITERAL = re.compile(rb"\{([0-9]{1,19}+)\+?\}\r\n")
_NIL = re.compile(rb"NIL(?![^ )])", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


# string          =  quoted / literal
def maybe_string(cursor: Cursor) -> bytes | None:
    """Return a string; None if something else stands here."""
    quoted = cursor.match(_QUOTED)
    if quoted is not None:
        text = quoted[1]
        return _QUOTED_PAIR.sub(rb"\1", text) if b"\\" in text else text
    literal = cursor.match(_LITERAL)
    if literal is None:
        return None
    # The framer has waited for the octets and counted them.
    start = cursor.pos
    cursor.pos += int(literal[1])
    data = cursor.buf[start : cursor.pos]
    if b"\0" in data:
        raise ParseError("A literal does not hold NUL")
    return data


def string(cursor: Cursor) -> bytes:
    """Return a string."""
    data = maybe_string(cursor)
    if data is None:
        raise ParseError("Expected a string")
    return data


# astring         =  1*ASTRING-CHAR / string
def astring(cursor: Cursor) -> bytes:
    """Return an atom or a string."""
    data = maybe_string(cursor)
    return cursor.need(ASTRING, "a string or an atom")[0] if data is None else data


# nstring         =  string / nil
def nstring(cursor: Cursor) -> bytes | None:
    """Return a string, or None for NIL."""
    return None if cursor.match(_NIL) else string(cursor)


def atom(cursor: Cursor, what: str) -> str:
    """Return an atom."""
    return cursor.need(ATOM, what)[0].decode("ascii")


def text(data: bytes, codec: str = "utf-8") -> str:
    """Decode what the client sent."""
    try:
        return data.decode(codec)
    except UnicodeDecodeError:
        raise ParseError("Text is not in its character set") from None


def text_astring(cursor: Cursor) -> str:
    """Return an astring, decoded."""
    return text(astring(cursor))


# mailbox         =  "INBOX" / astring                   ; INBOX in any letter case
def mailbox(cursor: Cursor) -> str:
    """Return the name of a mailbox in Unicode."""
    data = astring(cursor)
    # Octets fold US-ASCII only; Unicode would take other letters for an I.
    return "INBOX" if data.upper() == b"INBOX" else _mailbox_name(cursor, data)


# list-mailbox    =  1*list-char / string
def list_mailbox(cursor: Cursor) -> str:
    """Return a pattern of mailbox names in Unicode."""
    data = maybe_string(cursor)
    if data is None:
        data = cursor.need(_LIST, "a mailbox pattern")[0]
    return _mailbox_name(cursor, data)


def reference(cursor: Cursor) -> str:
    """Return the first argument of LIST: a name as it was written."""
    return _mailbox_name(cursor, astring(cursor))


def encoded_name(cursor: Cursor) -> str:
    """Return a name in modified UTF-7, whatever the client has enabled."""
    return _name(astring(cursor), encoded=True)


def _mailbox_name(cursor: Cursor, data: bytes) -> str:
    return _name(data, encoded=not cursor.utf8)


def _name(data: bytes, *, encoded: bool) -> str:
    name = text(data)
    if encoded and "&" in name:
        try:
            name = decode_mutf7(name)
        except ValueError:
            raise ParseError("Mailbox name is not in modified UTF-7") from None
    if _CONTROL.search(name):
        raise ParseError("Mailbox name holds a control character")
    return name
