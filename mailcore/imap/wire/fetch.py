"""What FETCH asks for (RFC 9051 §6.4.5 and §9)."""

from __future__ import annotations

import re

from mailcore.imap.types import (
    BinaryPart,
    FetchAtt,
    FetchBinary,
    FetchBinarySize,
    FetchBody,
    FetchItem,
    FetchPreview,
    Section,
)
from mailcore.imap.wire.cursor import MAX_32, Cursor, ParseError
from mailcore.imap.wire.strings import astring, text

# fetch           =  "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" /
#                    fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
_FAST = ("FLAGS", "INTERNALDATE", "RFC822.SIZE")
_MACROS = {
    "FAST": tuple(map(FetchAtt, _FAST)),
    "ALL": tuple(map(FetchAtt, (*_FAST, "ENVELOPE"))),
    "FULL": tuple(map(FetchAtt, (*_FAST, "ENVELOPE", "BODY"))),
}
_ATTRIBUTES = {
    name: FetchAtt(name)
    for name in (
        "ENVELOPE",
        "FLAGS",
        "INTERNALDATE",
        "RFC822",
        "RFC822.HEADER",
        "RFC822.SIZE",
        "RFC822.TEXT",
        "BODY",
        "BODYSTRUCTURE",
        "UID",
        "MODSEQ",
        "EMAILID",
        "THREADID",
        "SAVEDATE",
        "X-GM-MSGID",
        "X-GM-THRID",
        "X-GM-LABELS",
    )
}
# preview-mod     =  "LAZY"                                    ; RFC 8970 §6
_LAZY = re.compile(rb" \(LAZY\)", re.IGNORECASE)
# section-part    =  nz-number *("." nz-number)
_PATH = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*+(?![0-9])")
_TEXTS = frozenset({"HEADER", "HEADER.FIELDS", "HEADER.FIELDS.NOT", "TEXT", "MIME"})


def fetch_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """Return the items, macros expanded."""
    if cursor.at(b"("):
        return tuple(cursor.bracketed(_fetch_att, "items to fetch"))
    macro = _MACROS.get(cursor.peek_word())
    if macro is not None:
        cursor.word("a macro")
        return macro
    return (_fetch_att(cursor),)


# fetch-att       =  "ENVELOPE" / "FLAGS" / "INTERNALDATE" / "RFC822" [".HEADER" / ".SIZE" /
#                    ".TEXT"] / "BODY" ["STRUCTURE"] / "UID" / "MODSEQ" /
#                    "EMAILID" / "THREADID" / "SAVEDATE" /
#                    "X-GM-MSGID" / "X-GM-THRID" / "X-GM-LABELS" /
#                    "PREVIEW" [SP "(" preview-mod *(SP preview-mod) ")"] /
#                    "BINARY" [".PEEK"] section-binary [partial] / "BINARY.SIZE" section-binary /
#                    "BODY" [".PEEK"] section ["<" number64 "." nz-number64 ">"]
def _fetch_att(cursor: Cursor) -> FetchItem:
    name = cursor.word("an item to fetch")
    if name in ("BODY", "BODY.PEEK") and cursor.at(b"["):
        return FetchBody(section(cursor), name == "BODY.PEEK", _partial(cursor))
    if name in ("BINARY", "BINARY.PEEK"):
        return FetchBinary(binary_part(cursor), name == "BINARY.PEEK", _partial(cursor))
    if name == "BINARY.SIZE":
        return FetchBinarySize(binary_part(cursor))
    if name == "PREVIEW":
        # Other brackets are modifiers of the FETCH.
        return FetchPreview(lazy=cursor.match(_LAZY) is not None)
    item = _ATTRIBUTES.get(name)
    if item is None:
        raise ParseError("Unknown item to fetch")
    return item


def _partial(cursor: Cursor) -> tuple[int, int] | None:
    if not cursor.skip(b"<"):
        return None
    first = cursor.number64()
    cursor.expect(b".", "a dot")
    # nz-number64 in the RFC. Clients do ask for no octets, and are told none everywhere.
    count = cursor.number64()
    cursor.expect(b">", "a closing angle bracket")
    return first, count


# section         =  "[" [section-spec] "]"
# section-spec    =  section-msgtext / (section-part ["." section-text])
# section-text    =  section-msgtext / "MIME"
def section(cursor: Cursor) -> Section:
    """Return a section with its brackets."""
    cursor.expect(b"[", "a section")
    path = _section_part(cursor)
    if cursor.skip(b"]"):
        return Section(path)
    if path:
        cursor.expect(b".", "a dot")
    name = cursor.word("a section text")
    if name not in _TEXTS or (name == "MIME" and not path):
        raise ParseError("Unknown section text")
    fields: tuple[str, ...] = ()
    if name.startswith("HEADER.FIELDS"):
        cursor.space()
        fields = tuple(cursor.bracketed(_field_name, "a list of header fields"))
    cursor.expect(b"]", "a closing square bracket")
    return Section(path, name, fields)


# section-binary  =  "[" [section-part] "]"
def binary_part(cursor: Cursor) -> BinaryPart:
    """Return the part of BINARY with its brackets."""
    cursor.expect(b"[", "a part")
    path = _section_part(cursor)
    cursor.expect(b"]", "a closing square bracket")
    return BinaryPart(path)


def _section_part(cursor: Cursor) -> tuple[int, ...]:
    match = cursor.match(_PATH)
    if match is None:
        return ()
    numbers = match[0].split(b".")
    if len(numbers) > cursor.depth:
        raise ParseError("Nested too deeply")
    path = tuple(map(int, numbers))
    if max(path) > MAX_32:
        raise ParseError("Number too large")
    return path


# header-fld-name =  astring
def _field_name(cursor: Cursor) -> str:
    return text(astring(cursor))
