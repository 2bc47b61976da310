"""Annotations: entries and values, read in both roles (RFC 5464 §5)."""

from __future__ import annotations

import re
from typing import Any

from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.modifiers import Values, modifiers
from mailcore.imap.wire.strings import astring, mailbox, nstring, text

# entry           =  astring              ; slash-separated, without "*" and "%"
# RFC 5464 §3.2: it begins with its scope, no level is empty, and its case says nothing. Only
# that of US-ASCII: in Unicode an "s" is also a letter beyond it.
_ENTRY = re.compile(
    r"/(?:private|shared)(?:/[^\x00-\x20\x7f-\U0010ffff*%/]++)*+", re.IGNORECASE | re.ASCII
)
_LITERAL8 = re.compile(rb"~\{([0-9]{1,19}+)\+?\}\r\n")
_DEPTHS = {"0": 0, "1": 1, "infinity": None}
# An option is a word, an entry begins with a slash.
_OPTIONS = re.compile(rb"(?=\([A-Za-z])")


def entry(cursor: Cursor) -> str:
    """Return the name of an annotation in lower case."""
    name = text(astring(cursor))
    if _ENTRY.fullmatch(name) is None:
        raise ParseError("Not the name of an annotation")
    return name.lower()


# entries         =  entry / "(" entry *(SP entry) ")"
def entries(cursor: Cursor) -> tuple[str, ...]:
    """Return names, in brackets unless there is one."""
    if cursor.at(b"("):
        return tuple(cursor.bracketed(entry, "annotations"))
    return (entry(cursor),)


# value           =  nstring / literal8
def _value(cursor: Cursor) -> bytes | None:
    literal = cursor.match(_LITERAL8)
    if literal is None:
        return nstring(cursor)
    start = cursor.pos
    cursor.pos += int(literal[1])
    return cursor.buf[start : cursor.pos]


# entry-value     =  entry SP value
def _entry_value(cursor: Cursor) -> tuple[str, bytes | None]:
    name = entry(cursor)
    cursor.space()
    return name, _value(cursor)


# getmetadata-option = "MAXSIZE" SP number / "DEPTH" SP ("0" / "1" / "infinity")
def _max_size(cursor: Cursor) -> int:
    cursor.space()
    return cursor.number("a size")


def _depth(cursor: Cursor) -> int | None:
    cursor.space()
    depth = text(astring(cursor)).lower()
    if depth not in _DEPTHS:
        raise ParseError("Unknown depth")
    return _DEPTHS[depth]


_GET: Values = {"MAXSIZE": _max_size, "DEPTH": _depth}


# getmetadata     =  "GETMETADATA" [SP getmetadata-options] SP mailbox SP entries
def get_metadata(cursor: Cursor, tag: str) -> c.GetMetadata:
    """Parse what follows the word GETMETADATA.

    The options may stand behind the mailbox too: the grammar has them before it, the examples of
    RFC 5464 §4.2 behind it, and so have clients.
    """
    cursor.space()
    found = _options(cursor)
    name = mailbox(cursor)
    cursor.space()
    found = found or _options(cursor)
    wanted = entries(cursor)
    return c.GetMetadata(tag, name, wanted, found.get("MAXSIZE"), found.get("DEPTH", 0))


def _options(cursor: Cursor) -> dict[str, Any]:
    if cursor.match(_OPTIONS) is None:
        return {}
    found = modifiers(cursor, _GET, "an option")
    cursor.space()
    return found


# setmetadata     =  "SETMETADATA" SP mailbox SP entry-values
def set_metadata(cursor: Cursor, tag: str) -> c.SetMetadata:
    """Parse what follows the word SETMETADATA."""
    cursor.space()
    name = mailbox(cursor)
    cursor.space()
    values = cursor.bracketed(_entry_value, "annotations")
    if any(entry.count("/") < 2 for entry, _ in values):
        raise ParseError("Not the name of an annotation")
    if len(dict(values)) != len(values):
        raise ParseError("Said twice")
    return c.SetMetadata(tag, name, tuple(values))


# metadata-resp   =  "METADATA" SP mailbox SP (entry-values / entry-list)
# entry-list      =  entry *(SP entry)
def metadata(cursor: Cursor) -> r.MetadataResponse | r.MetadataEntries:
    """Return annotations with their values, or the names of those that have changed."""
    cursor.space()
    name = mailbox(cursor)
    cursor.space()
    if cursor.at(b"("):
        return r.MetadataResponse(name, tuple(cursor.bracketed(_entry_value, "annotations")))
    changed = [entry(cursor)]
    while cursor.skip(b" "):
        changed.append(entry(cursor))
    return r.MetadataEntries(name, tuple(changed))
