"""SORT and THREAD (RFC 5256 §5, RFC 5267 §2)."""

from __future__ import annotations

from collections.abc import Callable

from mailcore.imap import commands as c
from mailcore.imap.sorting import SORT_KEYS
from mailcore.imap.types import SortCriterion
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.search import named_charset, search_keys, search_returns
from mailcore.imap.wire.strings import atom


# sort            =  ["UID" SP] "SORT" [search-return-opts] SP sort-criteria SP search-criteria
# sort-criteria   =  "(" sort-criterion *(SP sort-criterion) ")"
# search-criteria =  charset 1*(SP search-key)
def parse_sort(*, uid: bool) -> Callable[[Cursor, str], c.Command]:
    """Return the parser of SORT or UID SORT."""

    def parse(cursor: Cursor, tag: str) -> c.Command:
        cursor.space()
        found = search_returns(cursor)
        criteria = tuple(cursor.bracketed(_criterion, "sort criteria"))
        cursor.space()
        charset = named_charset(cursor)
        key = search_keys(cursor)
        return c.Sort(
            tag, criteria, key, uid, found.words, charset, found.partial, found.update_items
        )

    return parse


# sort-criterion  =  ["REVERSE" SP] sort-key
def _criterion(cursor: Cursor) -> SortCriterion:
    name = cursor.word("a sort key")
    reverse = name == "REVERSE"
    if reverse:
        cursor.space()
        name = cursor.word("a sort key")
    if name not in SORT_KEYS:
        raise ParseError("Unknown sort key")
    return SortCriterion(name, reverse)


# thread          =  ["UID" SP] "THREAD" SP thread-alg SP search-criteria
def parse_thread(*, uid: bool) -> Callable[[Cursor, str], c.Command]:
    """Return the parser of THREAD or UID THREAD."""

    def parse(cursor: Cursor, tag: str) -> c.Command:
        cursor.space()
        algorithm = atom(cursor, "an algorithm").upper()
        cursor.space()
        charset = named_charset(cursor)
        return c.Thread(tag, algorithm, search_keys(cursor), uid, charset)

    return parse
