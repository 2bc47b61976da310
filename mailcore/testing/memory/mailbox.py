"""A mailbox in memory."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    Changes,
    Copied,
    FlagAction,
    MessageState,
    NewMessage,
    ObjectIds,
    OctetRange,
)
from mailcore.imap.summary import Summary
from mailcore.spool import Content
from mailcore.testing.memory.sharing import AccessList

if TYPE_CHECKING:
    from mailcore.testing.memory.account import MemoryUser

_PERMANENT: Final = frozenset({"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "\\*"})


def new_message(
    data: bytes, flags: frozenset[str] = frozenset(), internal_date: datetime | None = None
) -> NewMessage:
    """Make a message for :meth:`MemoryMailbox.append` from its octets."""
    return NewMessage(Content(data), flags, internal_date)


@dataclass(slots=True)
class StoredMessage:
    """A message in a mailbox: what it says of itself, and its octets."""

    state: MessageState
    data: bytes = field(repr=False)
    summary: bytes = field(repr=False)
    ids: ObjectIds
    saved: datetime


class MemoryMailbox:
    """Messages by UID.

    Appendable, Flaggable, Expungeable, Copyable, KeepsSummaries, ReadsRanges, KeepsHistory,
    IdentifiesMessages, KeepsSaveDates, Replaceable.

    Arguments:
        user: whose it is.
        number: makes its id and its UIDVALIDITY, so that no other mailbox has them.
    """

    permanent_flags = _PERMANENT

    def __init__(self, user: MemoryUser, number: int) -> None:
        #: What others may do with it.
        self.access = AccessList(user.name)
        self.id = f"mailbox-{number}"
        self.uid_validity = number
        self.messages: dict[int, StoredMessage] = {}
        self.metadata: dict[str, bytes] = {}
        self._user = user
        self._uid_next = 1
        self._modseq = 1
        self._vanished: list[tuple[int, int]] = []

    async def changes(self, since: int) -> Changes:
        if since == self._modseq:
            return Changes((), highest_modseq=since, uid_next=self._uid_next)
        return Changes(
            [one.state for one in self.messages.values() if one.state.modseq > since],
            [uid for modseq, uid in self._vanished if modseq > since],
            highest_modseq=self._modseq,
            uid_next=self._uid_next,
            complete=since == 0,
        )

    async def vanished(self, since: int) -> Sequence[int] | None:
        return [uid for modseq, uid in self._vanished if modseq > since]

    async def read(self, uid: int, start: int, end: int) -> bytes:
        return self.messages[uid].data[start:end]

    async def read_ranges(self, ranges: Sequence[OctetRange]) -> Sequence[bytes | None]:
        return [
            await self.read(one.uid, one.start, one.end) if one.uid in self.messages else None
            for one in ranges
        ]

    async def summaries(self, uids: Sequence[int]) -> Mapping[int, bytes]:
        return {uid: self.messages[uid].summary for uid in uids if uid in self.messages}

    async def object_ids(self, uids: Sequence[int]) -> Mapping[int, ObjectIds]:
        return {uid: self.messages[uid].ids for uid in uids if uid in self.messages}

    async def save_dates(self, uids: Sequence[int]) -> Mapping[int, datetime]:
        return {uid: self.messages[uid].saved for uid in uids if uid in self.messages}

    async def append(self, messages: Sequence[NewMessage]) -> Sequence[int]:
        # All that may fail comes first: either all of them are stored, or none.
        size = sum(new.content.size for new in messages)
        self._user.check_room(STORAGE=size, MESSAGE=len(messages))
        read = [(new, new.content.buffer()[:], new.summary) for new in messages]
        self._modseq += 1
        uids = [
            self._add(
                MessageState(
                    0,
                    new.flags,
                    internal_date=new.internal_date or datetime.now(UTC),
                    size=new.content.size,
                ),
                data,
                summary,
                self._user.identify(Summary(summary)),
            )
            for new, data, summary in read
        ]
        self._user.tell_of(self)
        return uids

    async def replace(self, uid: int, message: NewMessage, name: str) -> int:
        return await self.replace_by(uid, message, self._user.open(name))

    async def replace_by(self, uid: int, message: NewMessage, target: MemoryMailbox) -> int:
        """Store a message in another mailbox or this one, and remove one from here."""
        replaced = self.messages.pop(uid)
        try:
            (new,) = await target.append([message])
        except BaseException:
            # In its place again: messages are in the order of their UIDs.
            self.messages = dict(sorted({**self.messages, uid: replaced}.items()))
            raise
        self.messages = dict(sorted({**self.messages, uid: replaced}.items()))
        await self.expunge([uid])
        return new

    async def store_flags(
        self,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        unchanged_since: int | None = None,
    ) -> Sequence[int]:
        modified: list[int] = []
        self._modseq += 1
        for message in (self.messages[uid] for uid in uids if uid in self.messages):
            state = message.state
            if unchanged_since is not None and state.modseq > unchanged_since:
                modified.append(state.uid)
                continue
            match action:
                case FlagAction.REPLACE:
                    new = flags
                case FlagAction.ADD:
                    new = state.flags | flags
                case FlagAction.REMOVE:
                    new = state.flags - flags
            if new != state.flags:
                message.state = state._replace(flags=new, modseq=self._modseq)
        self._user.tell_of(self)
        return modified

    async def expunge(self, uids: Sequence[int]) -> None:
        self._modseq += 1
        for uid in uids:
            if self.messages.pop(uid, None) is not None:
                self._vanished.append((self._modseq, uid))
        self._user.tell_of(self)

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        return self.copy_to(uids, self._user.open(name))

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        return await self.move_to(uids, self._user.open(name))

    def copy_to(self, uids: Sequence[int], target: MemoryMailbox) -> Copied:
        """Copy into a mailbox, whoever's it is."""
        target._modseq += 1
        source = [uid for uid in uids if uid in self.messages]
        originals = [self.messages[uid] for uid in source]
        size = sum(len(one.data) for one in originals)
        target._user.check_room(STORAGE=size, MESSAGE=len(originals))
        copies = [target._add(one.state, one.data, one.summary, one.ids) for one in originals]
        target._user.tell_of(target)
        return Copied(target.uid_validity, source, copies)

    async def move_to(self, uids: Sequence[int], target: MemoryMailbox) -> Copied:
        """Move into a mailbox, whoever's it is."""
        copied = self.copy_to(uids, target)
        await self.expunge(copied.source)
        return copied

    def _add(self, state: MessageState, data: bytes, summary: bytes, ids: ObjectIds) -> int:
        """Store a message under the next UID and the current mod-sequence."""
        uid = self._uid_next
        self._uid_next += 1
        state = state._replace(uid=uid, modseq=self._modseq)
        self.messages[uid] = StoredMessage(state, data, summary, ids, datetime.now(UTC))
        return uid
