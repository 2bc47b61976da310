"""A complete backend in memory: for tests, and as the model for a backend of one's own.

It implements every optional protocol of ``mailcore.backend``. Its users can mail each other::

    backend = MemoryBackend({"alice@example.test": "secret", "bob@example.test": "secret"})
    inbox = backend.users["alice@example.test"].inbox
    await inbox.append([new_message(b"Subject: hi\\r\\n\\r\\n")])

Nothing here awaits, so each method is a transaction by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from itertools import count
from typing import Final

from mailcore.backend import (
    AccountEnded,
    AuthenticationFailed,
    BackendError,
    Changes,
    Copied,
    FlagAction,
    Hint,
    MailboxExists,
    MailboxInfo,
    MailboxMoved,
    MailTransaction,
    MessageState,
    NewMessage,
    NoSuchMailbox,
    NotPermitted,
    Peer,
    Recipient,
)
from mailcore.sasl.types import Credentials
from mailcore.smtp.types import MailParameters, Reply, ReversePath
from mailcore.spool import Content

#: The mailboxes that a new user has, with their special use (RFC 6154).
DEFAULT_MAILBOXES: Final[Mapping[str, str | None]] = {
    "INBOX": None,
    "Sent": "\\Sent",
    "Drafts": "\\Drafts",
    "Trash": "\\Trash",
}
_PERMANENT: Final = frozenset({"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "\\*"})


def new_message(
    data: bytes, flags: frozenset[str] = frozenset(), internal_date: datetime | None = None
) -> NewMessage:
    """Make a message for :meth:`MemoryMailbox.append` from its octets."""
    return NewMessage(Content(data), flags, internal_date)


class MemoryBackend:
    """Users, each with mailboxes.

    Arguments:
        passwords: user name, which is an address, to password.
    """

    def __init__(self, passwords: Mapping[str, str] | None = None) -> None:
        self._ids = count(1)
        self.users: dict[str, MemoryUser] = {}
        for name, password in (passwords or {}).items():
            self.add_user(name, password)

    def add_user(self, name: str, password: str) -> MemoryUser:
        """Make a user with the mailboxes that everybody has."""
        user = self.users[name.lower()] = MemoryUser(name, password, self.new_id)
        return user

    def new_id(self) -> int:
        """Return a number that no mailbox has had."""
        return next(self._ids)

    async def authenticate(self, credentials: Credentials, peer: Peer) -> MemoryAccount:
        user = self.users.get(credentials.username.lower())
        if user is None or user.password != credentials.password:
            raise AuthenticationFailed
        return MemoryAccount(self, user)

    def receive(self, peer: Peer) -> MemoryDelivery:
        return MemoryDelivery(self)


class MemoryUser:
    """One user: what all connections of that user share.

    Arguments:
        name: an address.
        password: in the clear; a real backend keeps a hash.
        new_id: gives a number that no mailbox has had.
    """

    def __init__(self, name: str, password: str, new_id: Callable[[], int]) -> None:
        self.name = name
        self.password = password
        self.mailboxes: dict[str, MemoryMailbox] = {}
        self.special_use: dict[str, str] = {}
        self.subscribed: set[str] = set()
        self._new_id = new_id
        self._watchers: dict[object, Callable[[Hint], None]] = {}
        for mailbox, use in DEFAULT_MAILBOXES.items():
            self.create(mailbox)
            if use is not None:
                self.special_use[mailbox] = use

    @property
    def inbox(self) -> MemoryMailbox:
        """INBOX."""
        return self.mailboxes["INBOX"]

    def create(self, name: str) -> MemoryMailbox:
        """Make a mailbox; raises MailboxExists."""
        if name in self.mailboxes:
            raise MailboxExists
        mailbox = self.mailboxes[name] = MemoryMailbox(self, self._new_id())
        self.subscribed.add(name)
        return mailbox

    def open(self, name: str) -> MemoryMailbox:
        """Return a mailbox; raises NoSuchMailbox."""
        try:
            return self.mailboxes[name]
        except KeyError:
            raise NoSuchMailbox from None

    def end(self, reason: str) -> None:
        """Have all connections of this user say goodbye."""
        self.tell(AccountEnded(reason))

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        """Call ``callback`` for each hint; return the function that ends that."""
        key = object()
        self._watchers[key] = callback

        def unwatch() -> None:
            self._watchers.pop(key, None)

        return unwatch

    def tell(self, hint: Hint) -> None:
        """Tell all connections of this user."""
        for callback in list(self._watchers.values()):
            callback(hint)


class MemoryAccount:
    """One connection of a user. ManagesMailboxes, ManagesSubscriptions, Watchable, Submits."""

    def __init__(self, backend: MemoryBackend, user: MemoryUser) -> None:
        self._backend = backend
        self._user = user

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        user = self._user
        return [
            MailboxInfo(name, mailbox.id, user.special_use.get(name), name in user.subscribed)
            for name, mailbox in user.mailboxes.items()
        ]

    async def open(self, name: str) -> MemoryMailbox:
        return self._user.open(name)

    async def create(self, name: str) -> None:
        self._user.create(name)

    async def delete(self, name: str) -> None:
        if name in DEFAULT_MAILBOXES:
            raise NotPermitted("This mailbox stays")
        self._user.open(name)
        del self._user.mailboxes[name]
        self._user.subscribed.discard(name)

    async def rename(self, name: str, new_name: str) -> None:
        user = self._user
        source = user.open(name)
        if new_name in user.mailboxes:
            raise MailboxExists
        if name == "INBOX":
            # RFC 9051 §6.3.6: its messages move, INBOX itself stays.
            user.create(new_name)
            await source.move(list(source.messages), new_name)
            return
        if name in DEFAULT_MAILBOXES:
            raise NotPermitted("This mailbox keeps its name")
        for old in [one for one in user.mailboxes if one == name or one.startswith(name + "/")]:
            user.mailboxes[new_name + old.removeprefix(name)] = user.mailboxes.pop(old)
            if old in user.subscribed:
                user.subscribed.remove(old)
                user.subscribed.add(new_name + old.removeprefix(name))

    async def subscribe(self, name: str, subscribed: bool) -> None:
        if subscribed:
            self._user.open(name)
            self._user.subscribed.add(name)
        else:
            self._user.subscribed.discard(name)

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        return self._user.watch(callback)

    def submission(self, peer: Peer) -> MemoryDelivery:
        return MemoryDelivery(self._backend, self._user)


@dataclass(slots=True)
class StoredMessage:
    """A message in a mailbox: what it says of itself, and its octets."""

    state: MessageState
    data: bytes = field(repr=False)
    summary: bytes = field(repr=False)


class MemoryMailbox:
    """Messages by UID. Appendable, Flaggable, Expungeable, Copyable, KeepsSummaries.

    Arguments:
        user: whose it is.
        number: makes its id and its UIDVALIDITY, so that no other mailbox has them.
    """

    permanent_flags = _PERMANENT

    def __init__(self, user: MemoryUser, number: int) -> None:
        self.id = f"mailbox-{number}"
        self.uid_validity = number
        self.messages: dict[int, StoredMessage] = {}
        self._user = user
        self._uid_next = 1
        self._modseq = 1
        self._vanished: list[tuple[int, int]] = []

    async def changes(self, since: int) -> Changes:
        return Changes(
            [one.state for one in self.messages.values() if one.state.modseq > since],
            [uid for modseq, uid in self._vanished if modseq > since],
            highest_modseq=self._modseq,
            uid_next=self._uid_next,
            complete=since == 0,
        )

    async def read(self, uid: int, start: int, end: int) -> bytes:
        return self.messages[uid].data[start:end]

    async def summaries(self, uids: Sequence[int]) -> Mapping[int, bytes]:
        return {uid: self.messages[uid].summary for uid in uids if uid in self.messages}

    async def append(self, messages: Sequence[NewMessage]) -> Sequence[int]:
        # All that may fail comes first: either all of them are stored, or none.
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
            )
            for new, data, summary in read
        ]
        self._user.tell(MailboxMoved(self.id))
        return uids

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
                message.state = replace(state, flags=new, modseq=self._modseq)
        self._user.tell(MailboxMoved(self.id))
        return modified

    async def expunge(self, uids: Sequence[int]) -> None:
        self._modseq += 1
        for uid in uids:
            if self.messages.pop(uid, None) is not None:
                self._vanished.append((self._modseq, uid))
        self._user.tell(MailboxMoved(self.id))

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        target = self._user.open(name)
        target._modseq += 1
        source = [uid for uid in uids if uid in self.messages]
        originals = [self.messages[uid] for uid in source]
        copies = [target._add(one.state, one.data, one.summary) for one in originals]
        target._user.tell(MailboxMoved(target.id))
        return Copied(target.uid_validity, source, copies)

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        copied = await self.copy(uids, name)
        await self.expunge(copied.source)
        return copied

    def _add(self, state: MessageState, data: bytes, summary: bytes) -> int:
        """Store a message under the next UID and the current mod-sequence."""
        uid = self._uid_next
        self._uid_next += 1
        state = replace(state, uid=uid, modseq=self._modseq)
        self.messages[uid] = StoredMessage(state, data, summary)
        return uid


class MemoryDelivery:
    """Where mail comes in: from strangers, or from a user who is logged in.

    Arguments:
        backend: whose users get it.
        sender: the user who submits, or None.
    """

    def __init__(self, backend: MemoryBackend, sender: MemoryUser | None = None) -> None:
        self._backend = backend
        self._sender = sender

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        if self._sender is not None and sender.address.lower() != self._sender.name.lower():
            raise NotPermitted("This sender is not you")

    async def rcpt_to(self, recipient: Recipient) -> None:
        if recipient.path.address.lower() not in self._backend.users:
            raise BackendError("No such user", reply=Reply.of(550, "5.1.1", "No such user here"))

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        message = new_message(content.buffer()[:])
        with message.content:
            for recipient in transaction.recipients:
                user = self._backend.users[recipient.path.address.lower()]
                await user.inbox.append([message])
        return [Reply.of(250, "2.0.0", "Delivered")] * len(transaction.recipients)
