"""The arguments of LIST (RFC 9051 §6.3.9, RFC 5258, RFC 5819, RFC 6154, RFC 8440, RFC 9590)."""

from __future__ import annotations

from collections.abc import Callable

from mailcore.imap.commands import List
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.metadata import entries
from mailcore.imap.wire.status import status_items
from mailcore.imap.wire.strings import list_mailbox, reference

_SELECT = frozenset({"SUBSCRIBED", "REMOTE", "RECURSIVEMATCH", "SPECIAL-USE"})
# RECURSIVEMATCH says how the others match, and REMOTE widens them: neither selects by itself.
_SELECT_MODIFIERS = frozenset({"RECURSIVEMATCH", "REMOTE"})
# return-option   =/ "MYRIGHTS"                                              ; RFC 8440 §5
_RETURN = frozenset({"SUBSCRIBED", "CHILDREN", "SPECIAL-USE", "MYRIGHTS"})


# list            =  "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
def parse_list(cursor: Cursor, tag: str) -> List:
    """Parse what follows the word LIST."""
    cursor.space()
    select: list[str] = []
    if cursor.at(b"("):
        select = cursor.bracketed(_select_option, "selection options", empty=True)
        if "RECURSIVEMATCH" in select and _SELECT_MODIFIERS.issuperset(select):
            raise ParseError("RECURSIVEMATCH needs another selection option")
        cursor.space()
    prefix = reference(cursor)
    cursor.space()
    patterns = _patterns(cursor)
    returns: list[tuple[str, tuple[str, ...]]] = []
    if cursor.skip(b" "):
        if cursor.word("RETURN") != "RETURN":
            raise ParseError("Expected RETURN")
        cursor.space()
        returns = cursor.bracketed(_return_option, "return options", empty=True)
    values = {name: value for name, value in returns if value}
    plain = tuple(name for name, value in returns if not value)
    status, metadata = (values.get(name, ()) for name in ("STATUS", "METADATA"))
    return List(tag, prefix, patterns, tuple(select), plain, status, metadata)


# mbox-or-pat     =  list-mailbox / "(" list-mailbox *(SP list-mailbox) ")"
def _patterns(cursor: Cursor) -> tuple[str, ...]:
    if cursor.at(b"("):
        return tuple(cursor.bracketed(list_mailbox, "mailbox patterns"))
    return (list_mailbox(cursor),)


def _select_option(cursor: Cursor) -> str:
    name = cursor.word("a selection option")
    if name not in _SELECT:
        raise ParseError("Unknown selection option")
    return name


# return-option   =/ "STATUS" SP "(" status-att *(SP status-att) ")"       ; RFC 5819 §4
# return-option   =/ "METADATA" SP entries                                 ; RFC 9590 §5
def _return_option(cursor: Cursor) -> tuple[str, tuple[str, ...]]:
    name = cursor.word("a return option")
    if name in _RETURN:
        return name, ()
    if name not in _RETURN_VALUES:
        raise ParseError("Unknown return option")
    cursor.space()
    return name, _RETURN_VALUES[name](cursor)


#: What stands behind the return options that have something.
_RETURN_VALUES: dict[str, Callable[[Cursor], tuple[str, ...]]] = {
    "STATUS": status_items,
    "METADATA": entries,
}
