"""The items of STATUS, which LIST can ask for as well (RFC 9051 §6.3.11, RFC 5819)."""

from __future__ import annotations

from mailcore.imap.wire.cursor import Cursor, ParseError

_STATUS_ITEMS = frozenset(
    {
        "MESSAGES",
        "RECENT",
        "UIDNEXT",
        "UIDVALIDITY",
        "UNSEEN",
        "DELETED",
        "DELETED-STORAGE",
        "SIZE",
        "HIGHESTMODSEQ",
        "APPENDLIMIT",
        "MAILBOXID",
    }
)


# "(" status-att *(SP status-att) ")"
def status_items(cursor: Cursor) -> tuple[str, ...]:
    """Return the items in upper case."""
    return tuple(cursor.bracketed(_status_item, "status items"))


def _status_item(cursor: Cursor) -> str:
    name = cursor.word("a status item")
    if name not in _STATUS_ITEMS:
        raise ParseError("Unknown status item")
    return name
