"""ESEARCH, the command (RFC 7377 §4)."""

from __future__ import annotations

from mailcore.imap.commands import Esearch, MailboxFilter
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.filters import mailbox_filter
from mailcore.imap.wire.search import search_charset, search_keys, search_returns

_SCOPES = frozenset({"SELECTED", "INBOXES", "PERSONAL", "SUBSCRIBED"})
_NAMED = frozenset({"SUBTREE", "SUBTREE-ONE", "MAILBOXES"})


# esearch         =  "ESEARCH" [SP esearch-source-opts] [SP search-return-opts] SP search-program
def esearch(cursor: Cursor, tag: str) -> Esearch:
    """Parse what follows the word ESEARCH."""
    cursor.space()
    sources = _sources(cursor)
    found = search_returns(cursor)
    charset = search_charset(cursor)
    key = search_keys(cursor)
    return Esearch(tag, key, sources, found.words, charset, found.partial, found.update_items)


# esearch-source-opts = "IN" SP "(" source-mbox [SP "(" scope-options ")"] ")"
# source-mbox     =  filter-mailboxes *(SP filter-mailboxes)
def _sources(cursor: Cursor) -> tuple[MailboxFilter, ...]:
    if not cursor.skip_word("IN"):
        return ()
    cursor.expect(b" (", "mailboxes")
    sources = [_source(cursor)]
    while cursor.skip(b" "):
        if cursor.at(b"("):
            # There are none so far.
            raise ParseError("Unknown scope option")
        sources.append(_source(cursor))
    cursor.expect(b") ", "a closing bracket and a space")
    return tuple(sources)


def _source(cursor: Cursor) -> MailboxFilter:
    return MailboxFilter(*mailbox_filter(cursor, _SCOPES, _NAMED))
