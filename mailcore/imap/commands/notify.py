"""NOTIFY: what a client wants to be told of without asking (RFC 5465)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command
from mailcore.imap.types import FetchItem


@dataclass(frozen=True, slots=True)
class EventGroup:
    """Some events, and the mailboxes that they are wanted of.

    Arguments:
        scope: "selected", "selected-delayed", "inboxes", "personal", "subscribed", "subtree" or
            "mailboxes".
        mailboxes: the names behind the last two.
        events: in the spelling of RFC 5465 §5 where it is known; () for NONE.
        items: what of new messages in the selected mailbox.
    """

    scope: str
    mailboxes: tuple[str, ...] = ()
    events: tuple[str, ...] = ()
    items: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Notify(Command):
    """NOTIFY.

    Arguments:
        groups: of SET; None for NONE.
        status: tell how all those mailboxes are now.
    """

    groups: tuple[EventGroup, ...] | None
    status: bool = False
