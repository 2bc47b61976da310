"""Which mailboxes NOTIFY and ESEARCH speak of (RFC 5465 §8, RFC 7377 §4)."""

from __future__ import annotations

from collections.abc import Collection

from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.strings import mailbox


# filter-mailboxes = filter-mailboxes-selected / filter-mailboxes-other
# filter-mailboxes-other = "inboxes" / "personal" / "subscribed" /
#                    ("subtree" SP one-or-more-mailbox) / ("mailboxes" SP one-or-more-mailbox)
def mailbox_filter(
    cursor: Cursor, alone: Collection[str], named: Collection[str]
) -> tuple[str, tuple[str, ...]]:
    """Return a specifier in lower case, and the names behind it.

    Arguments:
        alone: specifiers that say all, in upper case.
        named: those that names follow.
    """
    scope = cursor.word("a mailbox specifier")
    names: tuple[str, ...] = ()
    if scope in named:
        cursor.space()
        names = _mailboxes(cursor)
    elif scope not in alone:
        raise ParseError("Unknown mailbox specifier")
    return scope.lower(), names


# one-or-more-mailbox = mailbox / "(" mailbox *(SP mailbox) ")"
def _mailboxes(cursor: Cursor) -> tuple[str, ...]:
    if cursor.at(b"("):
        return tuple(cursor.bracketed(mailbox, "mailboxes"))
    return (mailbox(cursor),)
