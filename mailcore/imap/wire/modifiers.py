"""Parameters of SELECT, modifiers of FETCH and STORE (RFC 4466 §2, RFC 7162 §7, RFC 9394 §4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from mailcore.imap.commands import QResync
from mailcore.imap.types import STAR, PartialRange, SequenceSet
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.flags import flag
from mailcore.imap.wire.sets import partial_range, sequence_set

# What stands behind the name of a modifier.
Values = Mapping[str, Callable[[Cursor], Any]]


def modifiers(cursor: Cursor, known: Values, what: str) -> dict[str, Any]:
    """Parse ``"(" name [SP value] *(SP name [SP value]) ")"``; each name once, in any order.

    Arguments:
        known: parses what follows each name, beginning with its space.
        what: stands here, for the error.
    """
    found: dict[str, Any] = {}

    def one(cursor: Cursor) -> None:
        name = cursor.word(what)
        if name not in known:
            raise ParseError(f"Unknown {what.removeprefix('a ')}")
        if name in found:
            raise ParseError("Said twice")
        found[name] = known[name](cursor)

    cursor.bracketed(one, what)
    return found


def _nothing(cursor: Cursor) -> bool:
    return True


def _modseq(cursor: Cursor) -> int:
    cursor.space()
    return cursor.number64()


def _partial(cursor: Cursor) -> PartialRange:
    cursor.space()
    return partial_range(cursor)


# fetch-modifiers =  SP "(" fetch-modifier *(SP fetch-modifier) ")"
# chgsince-fetch-mod = "CHANGEDSINCE" SP mod-sequence-value
# rexpunges-fetch-mod = "VANISHED"
# modifier-partial = "PARTIAL" SP partial-range
_FETCH: Values = {"CHANGEDSINCE": _modseq, "VANISHED": _nothing, "PARTIAL": _partial}


def fetch_modifiers(cursor: Cursor, *, uid: bool) -> dict[str, Any]:
    """Return what FETCH, or UID FETCH, is modified by."""
    found = modifiers(cursor, _FETCH, "a modifier")
    if "VANISHED" in found and not (uid and "CHANGEDSINCE" in found):
        # RFC 7162 §3.2.6
        raise ParseError("VANISHED is for UID FETCH with CHANGEDSINCE")
    if "PARTIAL" in found and not uid:
        # RFC 9394 §3.3
        raise ParseError("PARTIAL is for UID FETCH")
    return found


# "(" "UNCHANGEDSINCE" SP mod-sequence-valzer ")"
def store_modifiers(cursor: Cursor) -> dict[str, Any]:
    """Return what STORE is modified by."""
    return modifiers(cursor, {"UNCHANGEDSINCE": _modseq}, "a modifier")


# create-param    =  "USE" SP "(" [use-attr *(SP use-attr)] ")"           ; RFC 6154 §6
def create_parameters(cursor: Cursor) -> dict[str, Any]:
    """Return the parameters of CREATE."""
    return modifiers(cursor, {"USE": _uses}, "a parameter")


def _uses(cursor: Cursor) -> tuple[str, ...]:
    cursor.space()
    return tuple(cursor.bracketed(flag, "attributes", empty=True))


# select-param    =  "CONDSTORE" / "QRESYNC" SP "(" uidvalidity SP mod-sequence-value
#                    [SP known-uids] [SP seq-match-data] ")"
# known-uids      =  sequence-set          ; without "*"
# seq-match-data  =  "(" known-sequence-set SP known-uid-set ")"
def select_parameters(cursor: Cursor) -> dict[str, Any]:
    """Return the parameters of SELECT and EXAMINE."""
    return modifiers(cursor, {"CONDSTORE": _nothing, "QRESYNC": _qresync}, "a parameter")


def _qresync(cursor: Cursor) -> QResync:
    cursor.expect(b" (", "arguments of QRESYNC")
    uid_validity = cursor.number("UIDVALIDITY")
    cursor.space()
    modseq = cursor.positive64("a mod-sequence")
    known = match = None
    more = cursor.skip(b" ")
    if more and not cursor.at(b"("):
        known = _without_star(cursor)
        more = cursor.skip(b" ")
    if more:
        cursor.expect(b"(", "an opening bracket")
        numbers = _without_star(cursor)
        cursor.space()
        match = (numbers, _without_star(cursor))
        cursor.expect(b")", "a closing bracket")
    cursor.expect(b")", "a closing bracket")
    return QResync(uid_validity, modseq, known, match)


def _without_star(cursor: Cursor) -> SequenceSet:
    numbers = sequence_set(cursor)
    if numbers.saved or any(STAR in pair for pair in numbers.ranges):
        raise ParseError("Neither * nor $ here")
    return numbers
