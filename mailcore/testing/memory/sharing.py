"""Mailboxes in memory that several users see (RFC 4314)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from mailcore.backend import ALL_RIGHTS, ANYONE, Copied, NewMessage, Rights, RightsChange

if TYPE_CHECKING:
    from mailcore.testing.memory.account import MemoryUser
    from mailcore.testing.memory.mailbox import MemoryMailbox

#: What the names of other users' mailboxes begin with: ``Other Users/bob@example.test/Projects``.
OTHERS: Final = "Other Users/"


class AccessList:
    """What everybody may do with a mailbox. Its owner may do everything.

    Arguments:
        owner: whose it is.
    """

    def __init__(self, owner: str) -> None:
        self.owner = owner
        #: By identifier: a user's name in lower case, "anyone", or one of them behind "-", which
        #: takes rights away.
        self.entries: dict[str, Rights] = {}

    def rights_of(self, name: str) -> Rights:
        """Return what a user may do: what all the identifiers grant together."""
        if name == self.owner:
            return ALL_RIGHTS
        granted = self._of(name.lower()) | self._of(ANYONE)
        return granted - self._of("-" + name.lower()) - self._of("-" + ANYONE)

    def _of(self, identifier: str) -> Rights:
        return self.entries.get(identifier, frozenset())

    def change(self, identifier: str, change: RightsChange, rights: Rights) -> None:
        """Grant or deny; an identifier without any rights is not in the list."""
        before = self.entries.get(identifier, frozenset())
        match change:
            case RightsChange.REPLACE:
                after = rights
            case RightsChange.ADD:
                after = before | rights
            case RightsChange.REMOVE:
                after = before - rights
        self.entries.pop(identifier, None)
        if after:
            self.entries[identifier] = after


class SharedMailbox:
    """Another user's mailbox as one opens it: names that things go to are one's own.

    Arguments:
        mailbox: of somebody else.
        visitor: who opens it.
    """

    def __init__(self, mailbox: MemoryMailbox, visitor: MemoryUser) -> None:
        self.id = mailbox.id
        self.uid_validity = mailbox.uid_validity
        self.permanent_flags = mailbox.permanent_flags
        self.changes = mailbox.changes
        self.vanished = mailbox.vanished
        self.read = mailbox.read
        self.summaries = mailbox.summaries
        self.object_ids = mailbox.object_ids
        self.save_dates = mailbox.save_dates
        self.append = mailbox.append
        self.store_flags = mailbox.store_flags
        self.expunge = mailbox.expunge
        self._mailbox = mailbox
        self._visitor = visitor

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        return self._mailbox.copy_to(uids, self._visitor.open(name))

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        return await self._mailbox.move_to(uids, self._visitor.open(name))

    async def replace(self, uid: int, message: NewMessage, name: str) -> int:
        return await self._mailbox.replace_by(uid, message, self._visitor.open(name))
