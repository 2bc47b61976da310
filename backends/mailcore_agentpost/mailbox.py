"""A folder as the IMAP session sees it: a mailbox."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final

from mailcore.backend import (
    Changes,
    Copied,
    FlagAction,
    MessageColumns,
    MessageState,
    NewMessage,
    NotPermitted,
    ObjectIds,
    OctetRange,
    TextKey,
    TextMatches,
)
from mailcore.limits import Limits
from mailcore_agentpost.appending import Appending
from mailcore_agentpost.hub import Hub, folder_id
from mailcore_agentpost.mail import (
    drafts,
    folders,
    messages,
    placements,
)
from mailcore_agentpost.mail.folders import DRAFTS, TRASH, Folder
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.sending import SEEN
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.texts import TextIndex

_FLAGS: Final = frozenset({"\\Answered", "\\Flagged", "\\Deleted", SEEN, "\\Draft", "\\*"})


@dataclass(frozen=True, slots=True)
class Access:
    """What a connection shares with the folders that it opens.

    Arguments:
        store, hub, texts, settings, limits: the backend's.
        sender: the inbox, and the key that opened it.
        may_write: whether the key has the scope ``messages:write``.
    """

    store: Store
    hub: Hub
    texts: TextIndex
    settings: Settings
    limits: Limits
    sender: Sender
    may_write: bool

    def check_write(self) -> None:
        """Raise NotPermitted if the key only reads."""
        if not self.may_write:
            raise NotPermitted("This API key lacks the scope messages:write")


class Mailbox:
    """A folder.

    Appendable, Flaggable, Expungeable, Copyable, KeepsSummaries, KeepsHistory, IdentifiesMessages,
    KeepsSaveDates, Replaceable, SearchesText.

    Arguments:
        access: the rights of whoever opened it.
        folder: which one.
    """

    def __init__(self, access: Access, folder: Folder) -> None:
        self.id = folder_id(folder.id)
        self.uid_validity = folder.id
        self._access = access
        self._store = access.store
        self._folder = folder

    @property
    def permanent_flags(self) -> frozenset[str]:
        return _FLAGS if self._access.may_write else frozenset({SEEN})

    async def changes(self, since: int) -> Changes:
        folder = self._folder.id
        recent = self._access.hub.recent
        if (known := recent.since(folder, since)) is not None:
            return known
        losses = recent.losses
        changes = await self._store.read(partial(placements.changes, folder=folder, since=since))
        recent.begin(folder, changes.highest_modseq, losses)
        if changes.complete:
            changes = replace(changes, messages=await self._listed(changes.messages))
        return changes

    async def _listed(self, first: Sequence[MessageState]) -> MessageColumns:
        """Return all messages in the folder, of which the first ones are known."""
        found = part = MessageColumns.of(first)
        while len(part) == placements.LISTED:
            listed = partial(placements.listed, folder=self._folder.id, after=found.uids[-1])
            part = await self._store.read(listed)
            found.add(part)
        return found

    async def vanished(self, since: int) -> Sequence[int] | None:
        return await self._store.read(
            partial(placements.vanished, folder=self._folder.id, since=since)
        )

    async def read(self, uid: int, start: int, end: int) -> bytes:
        return await self._store.read(
            partial(messages.read_placed, folder=self._folder.id, uid=uid, start=start, end=end)
        )

    async def read_ranges(self, ranges: Sequence[OctetRange]) -> Sequence[bytes | None]:
        return await self._store.read(
            partial(messages.read_ranges, folder=self._folder.id, ranges=ranges)
        )

    async def summaries(self, uids: Sequence[int]) -> Mapping[int, bytes]:
        return await self._store.read(
            partial(messages.read_summaries, folder=self._folder.id, uids=uids)
        )

    async def search_text(self, key: TextKey, uids: Sequence[int]) -> TextMatches | None:
        return await self._access.texts.search_folder(self._folder.inbox, self._folder.id, key)

    async def object_ids(self, uids: Sequence[int]) -> Mapping[int, ObjectIds]:
        return await self._store.read(partial(messages.read_ids, folder=self._folder.id, uids=uids))

    async def save_dates(self, uids: Sequence[int]) -> Mapping[int, datetime]:
        return await self._store.read(
            partial(placements.save_dates, folder=self._folder.id, uids=uids)
        )

    async def append(self, new: Sequence[NewMessage]) -> Sequence[int]:
        self._access.check_write()
        appending = self._appending(self._folder)
        with ExitStack() as spools:
            appended = await appending.prepare(new, spools)
            return await self._store.write(partial(appending.place, appended=appended))

    def _appending(self, folder: Folder) -> Appending:
        access = self._access
        return Appending(access.store, access.limits, access.settings.inbox_storage, folder)

    async def replace(self, uid: int, message: NewMessage, name: str) -> int:
        self._access.check_write()
        find = partial(folders.find_folder, inbox=self._folder.inbox, name=name)
        appending = self._appending(await self._store.read(find))
        draft = await self._store.read(
            partial(drafts.placed_draft, folder=self._folder.id, uid=uid)
        )

        def work(transaction: Transaction) -> int:
            if uid not in placements.all_uids(transaction, self._folder.id):
                raise KeyError(uid)
            # A draft takes its own place, and keeps its thread and labels with that.
            if draft is None or not self._folder.name == name == DRAFTS:
                placements.expunge(transaction, self._folder.id, [uid], None)
            (new,) = appending.place(transaction, appended)
            return new

        with ExitStack() as spools:
            appended = await appending.prepare([message], spools, draft)
            return await self._store.write(work)

    async def store_flags(
        self,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        unchanged_since: int | None = None,
    ) -> Sequence[int]:
        change = placements.combined(action, flags)
        if not self._access.may_write:
            if not flags <= {SEEN}:
                self._access.check_write()
            if action is FlagAction.REPLACE:
                # Of what is replaced, only this is the key's to change.
                action = FlagAction.ADD if flags else FlagAction.REMOVE
                change = placements.combined(action, frozenset({SEEN}))
        return await self._store.write(
            lambda transaction: placements.change_flags(
                transaction, self._folder.id, uids, change, unchanged_since
            )
        )

    async def expunge(self, uids: Sequence[int]) -> None:
        self._access.check_write()
        await self._store.write(
            lambda transaction: expunge(transaction, self._access, self._folder, uids)
        )

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        return await self._transfer(placements.copy, uids, name)

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        return await self._transfer(placements.move, uids, name)

    async def _transfer(
        self,
        transfer: Callable[[Transaction, int, Sequence[int], Folder], Copied],
        uids: Sequence[int],
        name: str,
    ) -> Copied:
        self._access.check_write()

        def work(transaction: Transaction) -> Copied:
            target = folders.find_folder(transaction.connection, self._folder.inbox, name)
            copied = transfer(transaction, self._folder.id, uids, target)
            if DRAFTS in (name, self._folder.name) or self._folder.name == TRASH:
                drafts.adopt(transaction, target, copied.target)
            return copied

        return await self._store.write(work)


def expunge(transaction: Transaction, access: Access, folder: Folder, uids: Sequence[int]) -> None:
    """Take messages out of a folder, to where the settings want what is expunged."""
    trash = None
    if access.settings.expunge == "trash" and folder.name != TRASH:
        trash = folders.find_folder(transaction.connection, folder.inbox, TRASH)
    placements.expunge(transaction, folder.id, uids, trash)
