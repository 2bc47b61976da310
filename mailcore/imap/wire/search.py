"""SEARCH keys (RFC 9051 §6.4.4 and §9, RFC 7162 §3.1.5, RFC 5032 §3, RFC 6203)."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from mailcore.imap import searchkeys as keys
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.types import FetchItem, PartialRange, ResponseCode, Status
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.dates import parse_date
from mailcore.imap.wire.fetch import fetch_items
from mailcore.imap.wire.gmail import label
from mailcore.imap.wire.sets import message_set, partial_range
from mailcore.imap.wire.strings import astring, atom, string, text

# Character sets that hold US-ASCII as it is, by the name in which Python has them too.
CHARSETS = (
    "US-ASCII",
    "UTF-8",
    *(f"ISO-8859-{number}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 13, 14, 15, 16)),
    *(f"WINDOWS-125{number}" for number in range(9)),
    "KOI8-R",
    "KOI8-U",
    "ISO-2022-JP",
    "SHIFT_JIS",
    "EUC-JP",
    "EUC-KR",
    "GB2312",
    "GBK",
    "GB18030",
    "BIG5",
)
_KNOWN_CHARSETS = frozenset(CHARSETS)
_BAD_CHARSET = ResponseCode("BADCHARSET", f"({' '.join(CHARSETS)})")
_RETURNS = frozenset({"MIN", "MAX", "ALL", "COUNT", "SAVE", "CONTEXT", "UPDATE", "RELEVANCY"})
_ENTRY_TYPES = frozenset({"PRIV", "SHARED", "ALL"})
_SET_START = re.compile(rb"(?=[0-9*$])")

_SEEN = keys.HasFlag("\\Seen")
_RECENT = keys.HasFlag("\\Recent")


@dataclass(frozen=True, slots=True)
class Returns:
    """The return options of a search; see :class:`~mailcore.imap.commands.Search`."""

    words: tuple[str, ...] | None = None
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()


# search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
def search_returns(cursor: Cursor) -> Returns:
    """Return what RETURN names, with the space behind it; nothing without RETURN."""
    if not cursor.skip_word("RETURN"):
        return Returns()
    cursor.space()
    options = cursor.bracketed(_return_option, "return options", empty=True)
    cursor.space()
    words = tuple(name for name, _ in options if name != "PARTIAL")
    ranges = [value for _, value in options if isinstance(value, PartialRange)]
    if len(ranges) + words.count("ALL") > 1:
        # RFC 9394 §3.1
        raise ParseError("One PARTIAL, or ALL")
    items = next((value for name, value in options if name == "UPDATE" and value), ())
    return Returns(words if options else ("ALL",), ranges[0] if ranges else None, items)


# modifier-context =  "CONTEXT"                            ; RFC 5267 §5
# modifier-partial =  "PARTIAL" SP partial-range
# modifier-update  =  "UPDATE" [SP "(" fetch-att *(SP fetch-att) ")"]      ; RFC 5465 §8
def _return_option(cursor: Cursor) -> tuple[str, Any]:
    name = cursor.word("a return option")
    if name == "PARTIAL":
        cursor.space()
        return name, partial_range(cursor)
    if name not in _RETURNS:
        raise ParseError("Unknown return option")
    if name == "UPDATE" and cursor.skip(b" ("):
        cursor.pos -= 1
        return name, fetch_items(cursor)
    return name, None


# search-program  =  ["CHARSET" SP charset SP] search-key *(SP search-key)
def search_charset(cursor: Cursor) -> str | None:
    """Return the CHARSET, with the space behind it, and let the cursor decode by it."""
    if not cursor.skip_word("CHARSET"):
        return None
    cursor.space()
    return named_charset(cursor)


def named_charset(cursor: Cursor) -> str:
    """Return a character set, with the space behind it, and let the cursor decode by it."""
    charset = text(astring(cursor)).upper()
    if charset not in _KNOWN_CHARSETS:
        raise ParseError("Unknown character set", _BAD_CHARSET, Status.NO)
    cursor.codec = charset
    cursor.space()
    return charset


def search_keys(cursor: Cursor) -> SearchKey:
    """Return one key, or several that must all hold."""
    found = [cursor.deeper(_search_key)]
    while cursor.skip(b" "):
        found.append(cursor.deeper(_search_key))
    return found[0] if len(found) == 1 else keys.And(tuple(found))


# search-key      =  ... / sequence-set / "(" search-key *(SP search-key) ")"
def _search_key(cursor: Cursor) -> SearchKey:
    if cursor.skip(b"("):
        key = search_keys(cursor)
        cursor.expect(b")", "a closing bracket")
        return key
    if cursor.match(_SET_START):
        return keys.InSet(message_set(cursor))
    parse = _KEYS.get(cursor.word("a search key"))
    if parse is None:
        raise ParseError("Unknown search key")
    return parse(cursor)


def _argument(cursor: Cursor) -> str:
    cursor.space()
    return text(astring(cursor), cursor.codec)


def _nested(cursor: Cursor) -> SearchKey:
    cursor.space()
    return cursor.deeper(_search_key)


def _constant(key: SearchKey) -> Callable[[Cursor], SearchKey]:
    return lambda cursor: key


def _header(name: str) -> Callable[[Cursor], SearchKey]:
    return lambda cursor: keys.Header(name, _argument(cursor))


def _date(field: keys.DateField, relation: str) -> Callable[[Cursor], SearchKey]:
    def parse(cursor: Cursor) -> SearchKey:
        cursor.space()
        return keys.DateKey(field, relation, parse_date(cursor))

    return parse


# search-key      =/ "EMAILID" SP objectid / "THREADID" SP objectid      ; RFC 8474 §6
def _object_id(name: str) -> Callable[[Cursor], SearchKey]:
    def parse(cursor: Cursor) -> SearchKey:
        cursor.space()
        return keys.ObjectIdKey(name, atom(cursor, "an id"))

    return parse


# search-key      =/ ("X-GM-MSGID" / "X-GM-THRID") SP number64 / "X-GM-LABELS" SP label /
#                    "X-GM-RAW" SP astring
def _gmail_id(name: str) -> Callable[[Cursor], SearchKey]:
    def parse(cursor: Cursor) -> SearchKey:
        cursor.space()
        return keys.GmailId(name, cursor.number64())

    return parse


def _gmail_label(cursor: Cursor) -> SearchKey:
    cursor.space()
    return keys.GmailLabel(label(cursor))


def _any_header(cursor: Cursor) -> SearchKey:
    cursor.space()
    name = text(astring(cursor))
    return keys.Header(name, _argument(cursor))


def _keyword(cursor: Cursor) -> SearchKey:
    cursor.space()
    return keys.HasFlag(atom(cursor, "a keyword"))


def _uid(cursor: Cursor) -> SearchKey:
    cursor.space()
    return keys.InSet(message_set(cursor), uid=True)


def _or(cursor: Cursor) -> SearchKey:
    return keys.Or(_nested(cursor), _nested(cursor))


def _size(make: type[keys.Larger] | type[keys.Smaller]) -> Callable[[Cursor], SearchKey]:
    def parse(cursor: Cursor) -> SearchKey:
        cursor.space()
        return make(cursor.number64())

    return parse


# search-key =/ ( "OLDER" / "YOUNGER" ) SP nz-number
def _age(relation: str) -> Callable[[Cursor], SearchKey]:
    def parse(cursor: Cursor) -> SearchKey:
        cursor.space()
        seconds = cursor.number("an interval")
        if seconds == 0:
            raise ParseError("Zero is not allowed here")
        return keys.Age(relation, seconds)

    return parse


# search-modsequence     =  "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
# search-modseq-ext      =  SP entry-name SP entry-type-req
# entry-type-req         =  "priv" / "shared" / "all"
def _modseq(cursor: Cursor) -> SearchKey:
    cursor.space()
    if cursor.at(b'"'):
        # Flags have one mod-sequence for all of a message here, so the entry makes no difference.
        string(cursor)
        cursor.space()
        if cursor.word("an entry type") not in _ENTRY_TYPES:
            raise ParseError("Unknown entry type")
        cursor.space()
    return keys.ModSeq(cursor.number64())


_SYSTEM_FLAGS = ("Answered", "Deleted", "Draft", "Flagged", "Seen")

_KEYS: dict[str, Callable[[Cursor], SearchKey]] = {
    "ALL": _constant(keys.All()),
    **{name.upper(): _constant(keys.HasFlag(f"\\{name}")) for name in _SYSTEM_FLAGS},
    **{
        f"UN{name.upper()}": _constant(keys.Not(keys.HasFlag(f"\\{name}")))
        for name in _SYSTEM_FLAGS
    },
    "RECENT": _constant(_RECENT),
    "NEW": _constant(keys.And((_RECENT, keys.Not(_SEEN)))),
    "OLD": _constant(keys.Not(_RECENT)),
    "KEYWORD": _keyword,
    "UNKEYWORD": lambda cursor: keys.Not(_keyword(cursor)),
    **{name.upper(): _header(name) for name in ("Bcc", "Cc", "From", "Subject", "To")},
    "HEADER": _any_header,
    "BODY": lambda cursor: keys.Body(_argument(cursor)),
    "TEXT": lambda cursor: keys.Text(_argument(cursor)),
    **{name: _date(keys.INTERNAL, name) for name in ("BEFORE", "ON", "SINCE")},
    **{f"SENT{name}": _date(keys.SENT, name) for name in ("BEFORE", "ON", "SINCE")},
    **{f"SAVED{name}": _date(keys.SAVED, name) for name in ("BEFORE", "ON", "SINCE")},
    "SAVEDATESUPPORTED": _constant(keys.SaveDatesKept()),
    **{name: _object_id(name) for name in ("EMAILID", "THREADID")},
    **{name: _age(name) for name in ("OLDER", "YOUNGER")},
    **{name: _gmail_id(name) for name in ("X-GM-MSGID", "X-GM-THRID")},
    "X-GM-LABELS": _gmail_label,
    "X-GM-RAW": lambda cursor: keys.GmailRaw(_argument(cursor)),
    "LARGER": _size(keys.Larger),
    "SMALLER": _size(keys.Smaller),
    "UID": _uid,
    "NOT": lambda cursor: keys.Not(_nested(cursor)),
    "FUZZY": lambda cursor: keys.Fuzzy(_nested(cursor)),
    "OR": _or,
    "MODSEQ": _modseq,
}
