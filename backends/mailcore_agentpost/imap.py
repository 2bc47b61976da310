"""AgentPost as the IMAP session sees it: one inbox is one account, its folders are mailboxes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mailcore.backend import (
    MAILBOX,
    STORAGE,
    AccountEnded,
    Cannot,
    Hint,
    MailboxInfo,
    MetadataChanged,
    NameChanged,
    NotPermitted,
    Peer,
    Resource,
    SubscriptionChanged,
    UrlRole,
)
from mailcore.imap.session.url_tokens import read_authorized
from mailcore.spool import Content
from mailcore_agentpost.hub import Watcher, folder_id
from mailcore_agentpost.mail import (
    folders,
    metadata,
    placements,
    quota,
    url_keys,
)
from mailcore_agentpost.mail.folders import INBOX, STANDARD, Folder
from mailcore_agentpost.mailbox import Access, Mailbox, expunge
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.smtp import Submission, Submitting
from mailcore_agentpost.store import Transaction


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
    expunge(transaction, access, folder, uids)
    folders.forget_folder(transaction, folder)


def _empty_inbox(transaction: Transaction, inbox: str, name: str, new_name: str) -> None:
    """RENAME of INBOX: its messages move, INBOX stays (RFC 9051 §6.3.6)."""
    folders.create_folder(transaction, inbox, new_name)
    source = folders.find_folder(transaction.connection, inbox, name)
    target = folders.find_folder(transaction.connection, inbox, new_name)
    placements.move(transaction, source.id, placements.all_uids(transaction, source.id), target)
