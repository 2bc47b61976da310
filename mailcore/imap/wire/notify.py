"""The arguments of NOTIFY (RFC 5465 §8)."""

from __future__ import annotations

from mailcore.imap.commands import EventGroup, Notify
from mailcore.imap.types import FetchItem
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.fetch import fetch_items
from mailcore.imap.wire.filters import mailbox_filter
from mailcore.imap.wire.strings import atom

_SCOPES = frozenset({"SELECTED", "SELECTED-DELAYED", "INBOXES", "PERSONAL", "SUBSCRIBED"})
_NAMED = frozenset({"SUBTREE", "MAILBOXES"})
_EVENTS = {
    name.lower(): name
    for name in (
        "MessageNew",
        "MessageExpunge",
        "FlagChange",
        "AnnotationChange",
        "MailboxName",
        "SubscriptionChange",
        "MailboxMetadataChange",
        "ServerMetadataChange",
    )
}


# notify          =  "NOTIFY" SP (notify-add / notify-remove)
# notify-add      =  "SET" [SP "STATUS"] SP event-groups
# notify-remove   =  "NONE"
# event-groups    =  event-group *(SP event-group)
def notify(cursor: Cursor, tag: str) -> Notify:
    """Parse what follows the word NOTIFY."""
    cursor.space()
    if cursor.skip_word("NONE"):
        return Notify(tag, None)
    if not cursor.skip_word("SET"):
        raise ParseError("Expected SET or NONE")
    cursor.space()
    status = cursor.skip_word("STATUS")
    if status:
        cursor.space()
    groups = [_group(cursor)]
    while cursor.skip(b" "):
        groups.append(_group(cursor))
    return Notify(tag, tuple(groups), status)


# event-group     =  "(" filter-mailboxes SP events ")"
# filter-mailboxes-selected = "selected" / "selected-delayed"
def _group(cursor: Cursor) -> EventGroup:
    cursor.expect(b"(", "an opening bracket")
    scope, names = mailbox_filter(cursor, _SCOPES, _NAMED)
    cursor.space()
    events, items = _events(cursor)
    cursor.expect(b")", "a closing bracket")
    return EventGroup(scope, names, events, items)


# events          =  ("(" event *(SP event) ")") / "NONE"
# The examples of RFC 5465 §3.1 leave these brackets out.
def _events(cursor: Cursor) -> tuple[tuple[str, ...], tuple[FetchItem, ...]]:
    if cursor.skip_word("NONE"):
        return (), ()
    within = cursor.skip(b"(")
    events: list[str] = []
    items: tuple[FetchItem, ...] = ()
    while True:
        name = atom(cursor, "an event")
        events.append(_EVENTS.get(name.lower(), name))
        if events[-1] == "MessageNew" and cursor.skip(b" ("):
            cursor.pos -= 1
            items = fetch_items(cursor)
        if not cursor.skip(b" "):
            break
    if within:
        cursor.expect(b")", "a closing bracket")
    return tuple(events), items
