"""What a server has found (RFC 9051 §7.3.4, RFC 3501 §7.2.5)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from mailcore.imap import responses as r
from mailcore.imap.types import PartialRange, SequenceSet
from mailcore.imap.wire.cursor import MAX_32, Cursor, ParseError
from mailcore.imap.wire.sets import partial_range, sequence_set
from mailcore.imap.wire.strings import mailbox, string, text
from mailcore.imap.wire.values import any_value

# mailbox-data    =  ... "SEARCH" [*(SP nz-number)] [SP search-sort-mod-seq]
# Numbers by the million stand in one such line: one match, one split.
_NUMBERS = re.compile(rb"(?: [0-9]{1,10}+(?![0-9]))*+")


def search(cursor: Cursor) -> r.SearchResponse:
    """Return the numbers, and the mod-sequence where there is one (RFC 7162 §3.1.5)."""
    return r.SearchResponse(*_found(cursor))


def sort(cursor: Cursor) -> r.SortResponse:
    """Return the numbers in order, and the mod-sequence where there is one (RFC 5256 §4)."""
    return r.SortResponse(*_found(cursor))


def _found(cursor: Cursor) -> tuple[tuple[int, ...], int | None]:
    numbers = tuple(map(int, cursor.need(_NUMBERS, "numbers")[0].split()))
    if numbers and max(numbers) > MAX_32:
        raise ParseError("Number too large")
    modseq = None
    if cursor.skip(b" (MODSEQ "):
        modseq = cursor.number64()
        cursor.expect(b")", "a closing bracket")
    return numbers, modseq


# thread-data     =  "THREAD" [SP 1*thread-list]
# thread-list     =  "(" (thread-members / thread-nested) ")"
# thread-members  =  nz-number *(SP nz-number) [SP thread-nested]
# thread-nested   =  2*thread-list
def thread(cursor: Cursor) -> r.ThreadResponse:
    """Return the threads. How deep they nest is no matter here: nothing recurses."""
    top: list[r.ThreadNode] = []
    if not cursor.skip(b" "):
        return r.ThreadResponse(())
    # For each open bracket the numbers in it so far, and the lists that follow them.
    open_lists: list[tuple[list[int], list[r.ThreadNode]]] = []
    while True:
        if cursor.skip(b"("):
            open_lists.append(([], []))
        elif cursor.skip(b")"):
            if not open_lists:
                raise ParseError("A bracket too many")
            node = _chain(*open_lists.pop())
            (open_lists[-1][1] if open_lists else top).append(node)
        elif not open_lists:
            # The examples of RFC 5256 §4 have spaces between threads, its grammar has none.
            if not cursor.skip(b" "):
                return r.ThreadResponse(tuple(top))
        else:
            numbers, nested = open_lists[-1]
            cursor.skip(b" ")
            if not cursor.at(b"("):
                if nested:
                    raise ParseError("A number behind a list")
                numbers.append(cursor.number())


def _chain(numbers: list[int], nested: list[r.ThreadNode]) -> r.ThreadNode:
    children = tuple(nested)
    if not numbers:
        if not children:
            raise ParseError("An empty thread")
        # The grammar wants two lists where no number is; one by itself is the thread.
        return r.ThreadNode(None, children) if len(children) > 1 else children[0]
    for value in reversed(numbers):
        children = (r.ThreadNode(value, children),)
    return children[0]


def _number(cursor: Cursor) -> int:
    return cursor.number64()


# ret-data-partial = "PARTIAL" SP "(" partial-range SP partial-results ")"
# partial-results  = sequence-set / "NIL"
def _partial(cursor: Cursor) -> tuple[PartialRange, SequenceSet | None]:
    cursor.expect(b"(", "an opening bracket")
    wanted = partial_range(cursor)
    cursor.space()
    found = None if cursor.skip_word("NIL") else sequence_set(cursor)
    cursor.expect(b")", "a closing bracket")
    return wanted, found


# search-return-data =/ "RELEVANCY" SP score-list            ; RFC 6203 §7
# score-list      =  "(" [score *(SP score)] ")"
def _scores(cursor: Cursor) -> tuple[int, ...]:
    cursor.expect(b"(", "scores")
    if cursor.skip(b")"):
        return ()
    scores = [cursor.number("a score")]
    while cursor.skip(b" "):
        scores.append(cursor.number("a score"))
    cursor.expect(b")", "a closing bracket")
    return tuple(scores)


_RETURN_DATA: dict[str, Any] = {
    "MIN": _number,
    "MAX": _number,
    "COUNT": _number,
    "MODSEQ": _number,
    "ALL": sequence_set,
    "PARTIAL": _partial,
    "RELEVANCY": _scores,
}


_UPDATES = frozenset({"ADDTO", "REMOVEFROM"})


# ret-data-addto  =  "ADDTO" SP "(" context-position SP sequence-set
#                    *(SP context-position SP sequence-set) ")"
def _places(cursor: Cursor) -> tuple[tuple[int, SequenceSet], ...]:
    return tuple(cursor.bracketed(_place, "an opening bracket"))


def _place(cursor: Cursor) -> tuple[int, SequenceSet]:
    place = cursor.number("a place")
    cursor.space()
    return place, sequence_set(cursor)


# search-correlator = SP "(" one-correlator *(SP one-correlator) ")"
# one-correlator  =  ("TAG" SP tag-string) / ("MAILBOX" SP astring) / ("UIDVALIDITY" SP nz-number)
_CORRELATORS: dict[str, tuple[str, Callable[[Cursor], Any]]] = {
    "TAG": ("tag", lambda cursor: text(string(cursor))),
    "MAILBOX": ("mailbox", mailbox),
    "UIDVALIDITY": ("uid_validity", lambda cursor: cursor.number("UIDVALIDITY")),
}


def _correlators(cursor: Cursor) -> dict[str, Any]:
    found: dict[str, Any] = {}
    while True:
        known = _CORRELATORS.get(cursor.word("a correlator"))
        if known is None or known[0] in found:
            raise ParseError("Expected TAG, MAILBOX or UIDVALIDITY, each once")
        cursor.space()
        found[known[0]] = known[1](cursor)
        if not cursor.skip(b" "):
            cursor.expect(b")", "a closing bracket")
            return found


# esearch-response = "ESEARCH" [search-correlator] [SP "UID"] *(SP search-return-data)
def esearch(cursor: Cursor) -> r.EsearchResponse:
    """Return what was asked for with RETURN; what is unknown is left out."""
    about = _correlators(cursor) if cursor.skip(b" (") else {}
    uid = False
    found: dict[str, Any] = {}
    updates: list[r.ContextUpdate] = []
    while cursor.skip(b" "):
        name = cursor.word("return data")
        if name == "UID" and not (found or updates):
            uid = True
            continue
        cursor.space()
        if name in _UPDATES:
            updates.append(r.ContextUpdate(name, _places(cursor)))
            continue
        parse = _RETURN_DATA.get(name, any_value)
        found[name.lower()] = parse(cursor)
    known = {name: value for name, value in found.items() if name.upper() in _RETURN_DATA}
    tag = about.pop("tag", "")
    return r.EsearchResponse(tag, uid, updates=tuple(updates), **about, **known)
