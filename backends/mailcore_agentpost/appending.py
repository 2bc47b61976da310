"""APPEND: what a mail client puts into a folder is mail, a draft, or the copy of what it sent."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial

from mailcore.backend import NewMessage
from mailcore.limits import Limits
from mailcore.message import Buffer, header_block
from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail import drafts, messages, placements, quota
from mailcore_agentpost.mail.digest import Digest, digest
from mailcore_agentpost.mail.folders import DRAFTS, SENT, Folder
from mailcore_agentpost.mail.placements import Placement
from mailcore_agentpost.sending import in_thread_if_large
from mailcore_agentpost.store import Store, Transaction


@dataclass(frozen=True, slots=True)
class Appended:
    """A message on its way into a folder. ``draft`` is what ties it to its other revisions."""

    data: Buffer
    digest: Digest
    flags: frozenset[str]
    date: datetime
    draft: str | None = None


@dataclass(frozen=True, slots=True)
class Appending:
    """Puts messages into one folder.

    Arguments:
        store, limits: the backend's.
        storage: octets that the inbox may hold; 0 for no limit.
        folder: which one.
    """

    store: Store
    limits: Limits
    storage: int
    folder: Folder

    async def prepare(
        self, new: Sequence[NewMessage], spools: ExitStack, draft: str | None = None
    ) -> list[Appended]:
        """Read messages; nothing is written yet.

        Arguments:
            spools: closes what the messages are read from, once they are written.
            draft: the draft that they are a revision of, where that is known.
        """
        if self.folder.name == DRAFTS:
            return [await self._prepare_draft(one, spools, draft) for one in new]
        now = datetime.now(UTC)
        prepared: list[Appended] = []
        for one in new:
            data = one.content.buffer()
            made = await in_thread_if_large(data, self.limits, partial(digest, data, self.limits))
            prepared.append(Appended(data, made, one.flags, one.internal_date or now))
        return prepared

    async def _prepare_draft(
        self, new: NewMessage, spools: ExitStack, draft: str | None
    ) -> Appended:
        content = new.content.buffer()
        header = header_block(content)
        if draft is None:
            draft = await self.store.read(
                partial(drafts.known_draft, inbox=self.folder.inbox, header=header)
            )
        name = draft or new_id("drf")

        def stamp() -> tuple[Buffer, Digest]:
            data = drafts.stamped(content, header, name, self.limits, spools)
            return data, digest(data, self.limits)

        data, made = await in_thread_if_large(content, self.limits, stamp)
        return Appended(data, made, new.flags, new.internal_date or datetime.now(UTC), name)

    def place(self, transaction: Transaction, appended: Sequence[Appended]) -> list[int]:
        """Store messages; return their UIDs.

        Raises:
            OverQuota: the inbox is full.
        """
        size = sum(len(one.data) for one in appended)
        quota.check_room(transaction, self.folder.inbox, size, self.storage)
        if self.folder.name != DRAFTS:
            placed = [self._stored(transaction, one) for one in appended]
            return placements.place(transaction, self.folder.id, placed)
        uids: list[int] = []
        for one in appended:
            assert one.draft is not None
            revision = drafts.Revision(one.draft, one.data, one.digest, one.flags, one.date)
            uid, _ = drafts.save_revision(transaction, self.folder, revision)
            uids.append(uid)
        return uids

    def _stored(self, transaction: Transaction, one: Appended) -> Placement:
        flags = one.flags
        body = messages.write_body(transaction, one.data)
        if (sent := self._sent_copy(transaction, one.digest)) is not None:
            number, kept = sent
            flags |= kept
            messages.replace_octets(transaction, number, body, one.digest)
        else:
            number = messages.insert_message(
                transaction,
                self.folder.inbox,
                "outbound" if self.folder.name == SENT else "inbound",
                body,
                one.digest,
                time.time(),
            ).number
        return Placement(number, flags, len(one.data), one.date)

    def _sent_copy(
        self, transaction: Transaction, appended: Digest
    ) -> tuple[int, frozenset[str]] | None:
        """Take the copy that sending has put into Sent out of it; return its number and flags.

        Many clients send a message and then append it to Sent: the same message, once.
        """
        if self.folder.name != SENT or appended.message_id is None or appended.sent is None:
            return None
        row = transaction.execute(
            "SELECT number, uid, flags FROM messages JOIN placements ON message = number"
            " WHERE inbox = ? AND message_id = ? AND sent = ? AND folder = ?"
            " AND EXISTS (SELECT 1 FROM sends WHERE sends.message = messages.id)"
            " AND (SELECT count(*) FROM placements WHERE message = number) = 1",
            (self.folder.inbox, appended.message_id, appended.sent, self.folder.id),
        ).fetchone()
        if row is None:
            return None
        placements.remove(transaction, self.folder.id, [row["uid"]])
        return row["number"], frozenset(row["flags"].split())
