"""Drafts as REST sees them. Over IMAP they are the messages of the folder Drafts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import partial
from typing import TypeVar

from mailcore.limits import Limits
from mailcore.message import Buffer, field_values, header_block
from mailcore_agentpost.http.service import NotThere
from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail import drafts, folders, listing, quota
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.drafts import Revision
from mailcore_agentpost.refusing import refusals
from mailcore_agentpost.sending import in_thread_if_large, missing_fields
from mailcore_agentpost.service import Service
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import InboxRow, KeyRow, MessageRow

T = TypeVar("T")


class Drafts:
    """Keeps drafts. Each change is a message of its own, so that what lies under a UID stays.

    Arguments:
        service: knows what a key may see.
        store, limits: the backend's.
        storage: octets that an inbox may hold; 0 for no limit.
    """

    def __init__(self, service: Service, store: Store, limits: Limits, storage: int = 0) -> None:
        self._service = service
        self._store = store
        self._limits = limits
        self._storage = storage

    async def list_drafts(
        self, key: KeyRow, inbox_id: str, *, before: str | None, limit: int
    ) -> Sequence[MessageRow]:
        """Return drafts by descending id."""
        await self._service.inbox(key, inbox_id)
        return await self._read(
            partial(drafts.list_drafts, inbox=inbox_id, before=before, limit=limit)
        )

    async def draft(self, key: KeyRow, draft_id: str) -> MessageRow:
        """Return a draft as it is now; raises NotThere."""
        found = await self._read(partial(drafts.find_draft, draft=draft_id))
        if found is None or not await self._service.opens(key, found.inbox_id):
            raise NotThere("draft")
        return found

    async def create(self, inbox: InboxRow, octets: bytes, labels: Sequence[str]) -> MessageRow:
        """Make a draft of a message; Date and Message-ID are added."""
        return await self._save(inbox, octets, new_id("drf"), drafts.FLAGS, frozenset(labels))

    async def revise(
        self,
        inbox: InboxRow,
        draft: MessageRow,
        octets: bytes,
        labels: Sequence[str] | None,
    ) -> MessageRow:
        """Put a message in the place of what a draft was.

        Arguments:
            draft: as it was read.
            labels: None for those that it has.

        Raises:
            Refused: 409, it has been changed meanwhile.
        """
        assert draft.draft_id is not None
        flags = frozenset(flag for flag in draft.flags if flag.startswith("\\"))
        new = None if labels is None else frozenset(labels)
        return await self._save(inbox, octets, draft.draft_id, flags, new, draft)

    async def discard(self, key: KeyRow, draft_id: str) -> None:
        """Put a draft into Trash, from where it can be restored as a message."""
        draft = await self.draft(key, draft_id)
        await self._service.trash(key, draft.id)

    async def answered(self, inbox_id: str, message_ids: Sequence[str]) -> Mapping[str, MessageRow]:
        """Return those messages of an inbox that have some Message-IDs, by these."""
        if not message_ids:
            return {}
        return await self._read(
            partial(listing.messages_by_message_id, inbox=inbox_id, message_ids=message_ids)
        )

    async def _save(
        self,
        inbox: InboxRow,
        octets: bytes,
        draft: str,
        flags: frozenset[str],
        labels: frozenset[str] | None,
        was: MessageRow | None = None,
    ) -> MessageRow:
        header = header_block(octets)
        data = missing_fields(inbox.address, field_values(header)) + octets
        now = datetime.now(UTC)

        def write(transaction: Transaction) -> str:
            if was is not None:
                drafts.check_unchanged(transaction.connection, was)
            quota.check_room(transaction, inbox.id, len(revision.data), self._storage)
            folder = folders.find_folder(transaction.connection, inbox.id, folders.DRAFTS)
            return drafts.save_revision(transaction, folder, revision)[1]

        with ExitStack() as spools, refusals():

            def prepare() -> Revision:
                stamped: Buffer = drafts.stamped(
                    data, header_block(data), draft, self._limits, spools
                )
                made = digest(stamped, self._limits)
                return Revision(draft, stamped, made, flags, now, labels)

            revision = await in_thread_if_large(data, self._limits, prepare)
            await self._store.write(write)
        found = await self._read(partial(drafts.find_draft, draft=draft))
        if found is None:
            raise NotThere("draft")
        return found

    async def _read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        with refusals():
            return await self._store.read(work)
