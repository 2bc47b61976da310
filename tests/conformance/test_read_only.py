"""The smallest backend keeps the contract: five methods, and no history."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import trio

from mailcore.backend import (
    AuthenticationFailed,
    Changes,
    MailboxInfo,
    MessageState,
    NoSuchMailbox,
    Peer,
    all_messages,
)
from mailcore.sasl.types import Credentials, PlainCredentials
from mailcore.testing.conformance import BackendConformance, Subject, User

LETTERS = {3: b"Subject: first\r\n\r\nHello\r\n", 7: b"", 8: b"\0\xff\n" * 100_000}


class Archive:
    """Backend, account and mailbox in one."""

    id = "archive"
    uid_validity = 1

    def __init__(self, letters: Mapping[int, bytes]) -> None:
        self._letters = letters

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Archive:
        if (credentials.username, credentials.password) != ("anna", "secret"):
            raise AuthenticationFailed
        return self

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        return [MailboxInfo("INBOX", self.id)]

    async def open(self, name: str) -> Archive:
        if name != "INBOX":
            raise NoSuchMailbox
        return self

    async def changes(self, since: int) -> Changes:
        date = datetime(2024, 2, 29, tzinfo=UTC)
        return all_messages(MessageState(uid, internal_date=date) for uid in self._letters)

    async def read(self, uid: int, start: int, end: int) -> bytes:
        return self._letters[uid][start:end]


class TestArchive(BackendConformance):
    @asynccontextmanager
    async def subject(self) -> AsyncIterator[Subject]:
        async with trio.open_nursery():
            yield Subject(Archive(LETTERS), User(PlainCredentials("anna", "secret")))
