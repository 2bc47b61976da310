"""A backend with one inbox and one key, so that the server program is tested apart from AgentPost.

Named as ``--backend letterbox:provider`` with this directory on ``PYTHONPATH``. Its mail is kept in
``mail/`` under the data directory, one file a message, and its key in ``key``.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import trio

from mailcore.backend import (
    AuthenticationFailed,
    Changes,
    Delivery,
    FlagAction,
    Mailbox,
    MailboxInfo,
    MailTransaction,
    MessageState,
    NoSuchMailbox,
    NotPermitted,
    Peer,
    Recipient,
    all_messages,
)
from mailcore.sasl.types import Credentials
from mailcore.serve.protocol import Context, FirstMinute
from mailcore.smtp.types import MailParameters, Reply, ReversePath
from mailcore.spool import Content


@dataclass(frozen=True)
class Options:
    """What can be set in ``[letterbox]``."""

    local_part: str = "anna"


class Letterbox:
    """Backend, account, mailbox and delivery in one."""

    id = "inbox"
    uid_validity = 1
    permanent_flags = frozenset({"\\Seen"})

    def __init__(self, directory: Path, address: str) -> None:
        self._key_file = directory / "key"
        self._mail = directory / "mail"
        self._mail.mkdir(exist_ok=True)
        self._address = address

    async def bootstrap(self, new_key: bool) -> FirstMinute:
        key = None
        if new_key or not self._key_file.exists():
            key = f"lb_{secrets.token_hex(16)}"
            self._key_file.write_text(key)
        return FirstMinute((self._address,), key, ("echo one more line",))

    async def handle_http(self, stream: trio.abc.Stream, peer: Peer, closing: trio.Event) -> None:
        await stream.receive_some()
        await stream.send_all(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Letterbox:
        wanted = (self._address, self._key_file.read_text())
        if (credentials.username, credentials.password) != wanted:
            raise AuthenticationFailed
        return self

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        return [MailboxInfo("INBOX", self.id)]

    async def open(self, name: str) -> Mailbox:
        if name != "INBOX":
            raise NoSuchMailbox
        return self

    async def changes(self, since: int) -> Changes:
        messages = [MessageState(int(file.name)) for file in self._mail.iterdir()]
        return all_messages(messages, modseq=len(messages) + 1)

    async def read(self, uid: int, start: int, end: int) -> bytes:
        try:
            return (self._mail / str(uid)).read_bytes()[start:end]
        except FileNotFoundError:
            raise KeyError(uid) from None

    async def store_flags(
        self,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        unchanged_since: int | None = None,
    ) -> Sequence[int]:
        raise NotPermitted

    def submission(self, peer: Peer) -> Delivery:
        return self

    def receive(self, peer: Peer) -> Delivery:
        return self

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None: ...

    async def rcpt_to(self, recipient: Recipient) -> None: ...

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        uid = len(list(self._mail.iterdir())) + 1
        (self._mail / str(uid)).write_bytes(content.buffer())
        return [Reply.of(250, "2.0.0", "OK")]


class Shelf:
    """A backend that nobody can log in to, write to or browse."""

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Letterbox:
        raise AuthenticationFailed


class ShelfProvider:
    title = "Shelf"
    options: type[Any] | None = None

    @asynccontextmanager
    async def open(self, context: Context) -> AsyncIterator[Shelf]:
        yield Shelf()


class Provider:
    title = "Letterbox"
    options: type[Any] | None = Options

    def open(self, context: Context) -> AbstractAsyncContextManager[Letterbox]:
        return _open(context)


@asynccontextmanager
async def _open(context: Context) -> AsyncIterator[Letterbox]:
    address = f"{context.options.local_part}@{context.domain}"
    with TemporaryDirectory() as temporary:
        yield Letterbox(context.data or Path(temporary), address)
    if context.data is not None:
        (context.data / "closed").touch()


provider = Provider()
shelf = ShelfProvider()
a_shelf = Shelf()
