"""AgentPost as the IMAP session sees it: one inbox is one account, its folders are mailboxes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mailcore.backend import (
    MAILBOX,
    STORAGE,
    AccountEnded,
    Cannot,
    Changes,
    Copied,
    FlagAction,
    Hint,
    MailboxInfo,
    MessageColumns,
    MessageState,
    MetadataChanged,
    NameChanged,
    NewMessage,
    NotPermitted,
    ObjectIds,
    OctetRange,
    Peer,
    Resource,
    SubscriptionChanged,
    TextKey,
    TextMatches,
    UrlRole,
)
from mailcore.imap.session.url_tokens import read_authorized
from mailcore.limits import Limits
from mailcore.spool import Content
from mailcore_agentpost.appending import Appending
from mailcore_agentpost.hub import Hub, Watcher, folder_id
from mailcore_agentpost.mail import (
    drafts,
    folders,
    messages,
    metadata,
    placements,
    quota,
    url_keys,
)
from mailcore_agentpost.mail.folders import DRAFTS, INBOX, STANDARD, TRASH, Folder
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.sending import SEEN
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.smtp import Submission, Submitting
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


class Account:
    """One connection to an inbox.

    ManagesMailboxes, CreatesSpecialUse, ManagesSubscriptions, KeepsMetadata, Watchable, Submits,
    HasQuotas, AuthorizesUrls, ResolvesUrls, Closes.

    Arguments:
        access: its rights.
        submitting: how it sends.
        endings: those of the hub when the key was looked at.
        closed: called once when the connection is gone.
    """

    def __init__(
        self,
        access: Access,
        submitting: Submitting,
        endings: int,
        closed: Callable[[], None],
    ) -> None:
        self._access = access
        self._store = access.store
        self._inbox = access.sender.inbox
        self._submitting = submitting
        self._hub = access.hub
        self._endings = endings
        self._closed = closed
        # Folders that were opened, while names are what they were at that time.
        self._known: dict[str, Folder] = {}
        self._known_at = -1

    @property
    def sender(self) -> Sender:
        """The inbox, and the key that opened it."""
        return self._access.sender

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        found = await self._store.read(partial(folders.all_folders, inbox=self._inbox))
        return [
            MailboxInfo(one.name, folder_id(one.id), one.special_use, one.subscribed)
            for one in found
        ]

    async def open(self, name: str) -> Mailbox:
        return Mailbox(self._access, await self._find(name))

    async def _find(self, name: str) -> Folder:
        """Look a folder up, unless it is known: APPEND and STATUS ask for the same ones again."""
        names = self._hub.names(self._inbox)
        if names != self._known_at:
            self._known.clear()
            self._known_at = names
        folder = self._known.get(name)
        if folder is None:
            find = partial(folders.find_folder, inbox=self._inbox, name=name)
            folder = await self._store.read(find)
            if names == self._hub.names(self._inbox) == self._known_at:
                self._known[name] = folder
        return folder

    async def create(self, name: str) -> None:
        self._check_user_folders()
        make = partial(folders.create_folder, inbox=self._inbox, name=name)
        await self._change(make, NameChanged(name))

    async def create_special(self, name: str, special_use: str) -> None:
        self._check_user_folders()
        make = partial(folders.create_folder, inbox=self._inbox, name=name, special_use=special_use)
        await self._change(make, NameChanged(name))

    async def delete(self, name: str) -> None:
        self._check_user_folders()
        if name in STANDARD:
            raise Cannot("This folder stays")
        await self._change(partial(_delete, access=self._access, name=name), NameChanged(name))

    async def rename(self, name: str, new_name: str) -> None:
        self._check_user_folders()
        work = _empty_inbox if name == INBOX else folders.rename_folder
        rename = partial(work, inbox=self._inbox, name=name, new_name=new_name)
        old_name = name if name != INBOX else None
        await self._change(rename, NameChanged(new_name, old_name))

    async def quota_roots(self, mailbox: str) -> Sequence[str]:
        await self._store.read(partial(folders.find_folder, inbox=self._inbox, name=mailbox))
        return [""]

    async def quota(self, root: str) -> Mapping[str, Resource]:
        if root:
            raise KeyError(root)
        count = await self._store.read(partial(quota.folder_count, inbox=self._inbox))
        found = {MAILBOX: Resource(count, folders.MOST_FOLDERS)}
        if limit := self._access.settings.inbox_storage:
            octets = await self._store.read(partial(quota.storage, inbox=self._inbox))
            found[STORAGE] = Resource(octets, limit)
        return found

    async def subscribe(self, name: str, subscribed: bool) -> None:
        work = partial(folders.subscribe, inbox=self._inbox, name=name, subscribed=subscribed)
        await self._change(work, SubscriptionChanged(name))

    async def _change(self, work: Callable[[Transaction], None], hint: Hint) -> None:
        """Do a piece of work; tell all that watch the inbox once it is on the disk."""

        def write(transaction: Transaction) -> None:
            work(transaction)
            transaction.after.append(partial(self._hub.hint, self._inbox, hint))

        await self._store.write(write)

    async def metadata(self, mailbox: str) -> Mapping[str, bytes]:
        def read(connection: sqlite3.Connection) -> Mapping[str, bytes]:
            return metadata.read(connection, self._inbox, self._annotated(connection, mailbox))

        return await self._store.read(read)

    async def set_metadata(self, mailbox: str, values: Mapping[str, bytes | None]) -> None:
        self._access.check_write()
        if not mailbox and any(name.startswith("/shared/") for name in values):
            raise NotPermitted("Shared annotations of the server are not yours to change")

        def write(transaction: Transaction) -> None:
            folder = self._annotated(transaction.connection, mailbox)
            metadata.write(transaction, self._inbox, folder, values)

        await self._change(write, MetadataChanged(mailbox, tuple(values)))

    def _annotated(self, connection: sqlite3.Connection, mailbox: str) -> int | None:
        if not mailbox:
            return None
        return folders.find_folder(connection, self._inbox, mailbox).id

    def _check_user_folders(self) -> None:
        self._access.check_write()
        if not self._access.settings.user_folders:
            raise Cannot("This server has no folders but its own")

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        sender = self._access.sender
        leave = self._hub.add(Watcher(sender.inbox, sender.key, sender.organization, callback))
        if self._hub.endings != self._endings:
            # Perhaps it was this key that ended between the look at it and now.
            callback(AccountEnded("Please log in again"))
        return leave

    # Nobody else logs in than inboxes: BURL asks the account of whoever submits.
    url_role: Final = UrlRole.USER

    def is_user(self, name: str) -> bool:
        return name.lower() == self._access.sender.address

    async def make_url_key(self, mailbox: str) -> bytes:
        make = partial(url_keys.make_key, inbox=self._inbox, name=mailbox)
        return await self._store.write(make)

    async def url_key(self, user: str, mailbox: str) -> bytes | None:
        return await self._store.read(partial(url_keys.read_key, address=user, name=mailbox))

    async def reset_url_keys(self, mailbox: str | None) -> None:
        self._access.check_write()
        await self._store.write(partial(url_keys.forget_keys, inbox=self._inbox, name=mailbox))

    async def open_for_url(self, user: str, mailbox: str) -> Mailbox:
        find = partial(url_keys.shared_folder, address=user, name=mailbox)
        read_only = replace(self._access, may_write=False)
        return Mailbox(read_only, await self._store.read(find))

    async def read_url(self, url: str) -> Content:
        return await read_authorized(self, url, datetime.now(UTC), self._access.limits)

    def submission(self, peer: Peer) -> Submission:
        return Submission(self._submitting, self._access.sender, peer)

    def close(self) -> None:
        self._closed()


def _delete(transaction: Transaction, access: Access, name: str) -> None:
    """Remove a folder; what lies in it is expunged."""
    inbox = access.sender.inbox
    folder = folders.find_folder(transaction.connection, inbox, name)
    uids = placements.all_uids(transaction, folder.id)
    _expunge(transaction, access, folder, uids)
    folders.forget_folder(transaction, folder)


def _expunge(transaction: Transaction, access: Access, folder: Folder, uids: Sequence[int]) -> None:
    trash = None
    if access.settings.expunge == "trash" and folder.name != TRASH:
        trash = folders.find_folder(transaction.connection, folder.inbox, TRASH)
    placements.expunge(transaction, folder.id, uids, trash)


def _empty_inbox(transaction: Transaction, inbox: str, name: str, new_name: str) -> None:
    """RENAME of INBOX: its messages move, INBOX stays (RFC 9051 §6.3.6)."""
    folders.create_folder(transaction, inbox, new_name)
    source = folders.find_folder(transaction.connection, inbox, name)
    target = folders.find_folder(transaction.connection, inbox, new_name)
    placements.move(transaction, source.id, placements.all_uids(transaction, source.id), target)


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
            lambda transaction: _expunge(transaction, self._access, self._folder, uids)
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
