"""A value of whatever kind, kept as it is: what extensions that nobody knows here have said."""

from __future__ import annotations

import re

from mailcore.imap.wire.cursor import Cursor, ParseError

# tagged-ext-val  =  tagged-ext-simple / "(" [tagged-ext-comp] ")"
# and what else servers put there: flags, numbers, strings, sections.
_QUOTED = re.compile(rb'"[^"\\\r\n\x00]*+(?:\\["\\][^"\\\r\n\x00]*+)*+"')
_LITERAL = re.compile(rb"~?\{([0-9]{1,19}+)\+?\}\r\n")
# objectid        =  1*255(ALPHA / DIGIT / "_" / "-")              ; RFC 8474 §7
_OBJECT_ID = re.compile(rb"\(([A-Za-z0-9_-]{1,255}+)\)")
_BARE = re.compile(rb'[^\x00-\x20\x7f-\xff(){"]++')


def any_value(cursor: Cursor) -> bytes:
    """Return one value in wire notation: a word, a string, or a list of values.

    Raises:
        ParseError: no value stands here.
    """
    start = cursor.pos
    level = 0
    while True:
        if cursor.skip(b"("):
            level += 1
            continue
        if not (level and cursor.at(b")")):
            _simple(cursor)
        while level and cursor.skip(b")"):
            level -= 1
        if not level:
            return cursor.buf[start : cursor.pos]
        # Lists stand side by side with a space, or without (RFC 9051 §9, body-type-mpart).
        cursor.skip(b" ")


def object_id(cursor: Cursor) -> str:
    """Return an id of RFC 8474 without its brackets."""
    return cursor.need(_OBJECT_ID, "an object id")[1].decode("ascii")


def _simple(cursor: Cursor) -> None:
    if cursor.match(_QUOTED) or cursor.match(_BARE):
        return
    literal = cursor.need(_LITERAL, "a value")
    cursor.pos += int(literal[1])
    if cursor.pos > len(cursor.buf):
        raise ParseError("A literal is cut off")
