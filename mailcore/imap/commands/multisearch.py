"""A search through several mailboxes (RFC 7377)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from mailcore.imap.commands.base import Command
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.types import FetchItem, PartialRange


@dataclass(frozen=True, slots=True)
class MailboxFilter:
    """Some of the mailboxes that a user has (RFC 5465 §6, RFC 7377 §2.2).

    Arguments:
        scope: in lower case: "selected", "inboxes", "personal", "subscribed", "subtree",
            "subtree-one" or "mailboxes".
        mailboxes: names, for the last three.
    """

    scope: str
    mailboxes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Esearch(Command):
    """ESEARCH. Its answers are in UIDs.

    Arguments:
        key: what is looked for in each mailbox.
        sources: which mailboxes; () is the selected one.
        returns, charset, partial, update_items: as in :class:`~mailcore.imap.commands.Search`.
    """

    uid: ClassVar[bool] = True

    key: SearchKey
    sources: tuple[MailboxFilter, ...] = ()
    returns: tuple[str, ...] | None = None
    charset: str | None = None
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()

    @property
    def of_selected(self) -> bool:
        """Whether the selected mailbox is one of the sources."""
        return not self.sources or any(source.scope == "selected" for source in self.sources)

    @property
    def of_others(self) -> bool:
        """Whether there are other sources."""
        return any(source.scope != "selected" for source in self.sources)
