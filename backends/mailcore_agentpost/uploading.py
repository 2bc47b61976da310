"""Attachments on their way in, as REST sees them: asked for, filled, cited."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import AsyncIterator, Sequence
from functools import partial

from mailcore.limits import Limits
from mailcore.spool import Content
from mailcore_agentpost.cases import MESSAGE_TOO_BIG, Refusal
from mailcore_agentpost.http.service import NotThere, Refused
from mailcore_agentpost.mail import messages, uploads
from mailcore_agentpost.refusing import refusals
from mailcore_agentpost.store import Store
from mailcore_agentpost.types import InboxRow, KeyRow, UploadRow


class Uploads:
    """Keeps octets until a message cites them, or for a day.

    Arguments:
        store, limits: the backend's.
    """

    def __init__(self, store: Store, limits: Limits) -> None:
        self._store = store
        self._limits = limits

    async def create(self, key: KeyRow, *, filename: str, mime_type: str) -> tuple[UploadRow, str]:
        """Make room for an attachment; return it with the ticket that lets its octets in."""
        ticket = secrets.token_urlsafe(32)
        with refusals():
            row = await self._store.write(
                partial(
                    uploads.insert_upload,
                    organization=key.org_id,
                    inbox=key.inbox_id,
                    filename=filename,
                    mime_type=mime_type,
                    ticket=ticket,
                    now=time.time(),
                )
            )
        return row, ticket

    async def upload(self, key: KeyRow, upload_id: str) -> UploadRow:
        """Return an upload; raises NotThere."""
        with refusals():
            row = await self._store.read(
                partial(uploads.find_upload, upload=upload_id, now=time.time())
            )
        if row is None or row.org_id != key.org_id or key.inbox_id not in (None, row.inbox_id):
            raise NotThere("attachment")
        return row

    async def fill(self, upload_id: str, ticket: str, octets: AsyncIterator[bytes]) -> UploadRow:
        """Take the octets of an upload as they come, and store them once all are there.

        Raises:
            NotThere: nothing waits for them any more, or the ticket is for another upload.
        """

        def find(connection: sqlite3.Connection) -> UploadRow | None:
            if not uploads.opens(connection, upload_id, ticket):
                return None
            return uploads.find_upload(connection, upload_id, time.time())

        with refusals():
            row = await self._store.read(find)
            if row is None:
                raise NotThere("upload")
            with Content(memory=self._limits.spool_memory) as content:
                async for piece in octets:
                    content.write(piece)
                filled = await self._store.write(
                    partial(uploads.fill, upload=row.id, data=content.buffer())
                )
        if filled is None:
            raise NotThere("upload")
        return filled

    async def delete(self, key: KeyRow, upload_id: str) -> None:
        """Remove an upload."""
        row = await self.upload(key, upload_id)
        with refusals():
            await self._store.write(partial(uploads.delete_upload, upload=row.id))

    async def cited(
        self, key: KeyRow, inbox: InboxRow, upload_ids: Sequence[str]
    ) -> list[tuple[UploadRow, bytes]]:
        """Return uploads that a message cites, with their octets.

        Raises:
            NotThere: one of them is not there, or not for this inbox.
            Refused: 409 one of them is still empty; 413 together they are too big for a message.
        """
        rows = [await self.upload(key, one) for one in upload_ids]
        for row in rows:
            if row.inbox_id not in (None, inbox.id):
                raise NotThere("attachment")
            if row.body is None:
                raise Refused(
                    409,
                    "attachment_empty",
                    f"The octets of {row.id} were not sent yet.",
                    fix="PUT them to its upload_url first.",
                )
        with refusals():
            if sum(row.size for row in rows) > self._limits.message_size:
                raise Refusal(MESSAGE_TOO_BIG)
            return [
                (
                    row,
                    await self._store.read(
                        partial(messages.read_body, body=row.body, start=0, end=row.size)
                    ),
                )
                for row in rows
                if row.body is not None
            ]
