"""Users in memory, and what a connection of theirs can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    AccountEnded,
    Hint,
    MailboxExists,
    MailboxInfo,
    NoSuchMailbox,
    NotPermitted,
    Peer,
)
from mailcore.testing.memory.delivery import MemoryDelivery
from mailcore.testing.memory.mailbox import MemoryMailbox

if TYPE_CHECKING:
    from mailcore.testing.memory.backend import MemoryBackend

#: The mailboxes that a new user has, with their special use (RFC 6154).
DEFAULT_MAILBOXES: Final[Mapping[str, str | None]] = {
    "INBOX": None,
    "Sent": "\\Sent",
    "Drafts": "\\Drafts",
    "Trash": "\\Trash",
}


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
