"""Users in memory, and what a connection of theirs can do."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from hmac import compare_digest
from itertools import count
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    MAILBOX,
    MESSAGE,
    STORAGE,
    AccountEnded,
    CannotServe,
    Hint,
    MailboxExists,
    MailboxInfo,
    MetadataChanged,
    NameChanged,
    NoSuchMailbox,
    NotPermitted,
    ObjectIds,
    OverQuota,
    Peer,
    Resource,
    SubscriptionChanged,
)
from mailcore.imap.summary import Summary
from mailcore.sasl import SaslError, ScramHash, ScramKeys, derive_keys
from mailcore.testing.memory.delivery import MemoryDelivery
from mailcore.testing.memory.mailbox import MemoryMailbox
from mailcore.testing.memory.metadata import change, check_private

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
        #: Annotations of the server that are this user's own.
        self.metadata: dict[str, bytes] = {}
        self._new_id = new_id
        #: Limits of RFC 9208 by resource, STORAGE in octets; none at first.
        self.limits: dict[str, int] = {}
        self._message_ids = count(1)
        # The thread of each Message-ID that is here or that somebody has answered.
        self._threads: dict[str, str] = {}
        self._keys: dict[tuple[str, ScramHash], ScramKeys] = {}
        self._watchers: dict[object, Callable[[Hint], None]] = {}
        for mailbox, use in DEFAULT_MAILBOXES.items():
            self.create(mailbox)
            if use is not None:
                self.special_use[mailbox] = use

    def scram_keys(self, hash_name: ScramHash) -> ScramKeys | None:
        """Return what verifies SCRAM, made when it is first asked for; None if there can be none.

        It is made anew where the password has changed.
        """
        known = self._keys.get((self.password, hash_name))
        if known is None:
            with suppress(SaslError):
                known = derive_keys(self.password, hash_name)
                self._keys[self.password, hash_name] = known
        return known

    def has_scram_key(self, stored_key: bytes) -> bool:
        """Tell whether a key is one of the password that is in force."""
        return any(
            compare_digest(pair.stored_key, stored_key)
            for (password, _), keys in self._keys.items()
            for pair in keys.pairs
            if password == self.password
        )

    @property
    def inbox(self) -> MemoryMailbox:
        """INBOX."""
        return self.mailboxes["INBOX"]

    def create(self, name: str) -> MemoryMailbox:
        """Make a mailbox; raises MailboxExists."""
        if name in self.mailboxes:
            raise MailboxExists
        self.check_room(MAILBOX=1)
        mailbox = self.mailboxes[name] = MemoryMailbox(self, self._new_id())
        self.subscribed.add(name)
        return mailbox

    def open(self, name: str) -> MemoryMailbox:
        """Return a mailbox; raises NoSuchMailbox."""
        try:
            return self.mailboxes[name]
        except KeyError:
            raise NoSuchMailbox from None

    def usage(self) -> dict[str, int]:
        """Return how much there is of each resource of RFC 9208."""
        boxes = self.mailboxes.values()
        return {
            STORAGE: sum(len(one.data) for box in boxes for one in box.messages.values()),
            MESSAGE: sum(len(box.messages) for box in boxes),
            MAILBOX: len(boxes),
        }

    def check_room(self, **more: int) -> None:
        """Raise OverQuota unless there is room for so much more of some resources."""
        usage = self.usage() if self.limits else {}
        for name, limit in self.limits.items():
            if more.get(name, 0) and usage[name] + more[name] > limit:
                raise OverQuota

    def identify(self, summary: Summary) -> ObjectIds:
        """Return the ids of a new message; its thread is that of its nearest known ancestor."""
        email_id = f"msg-{next(self._message_ids)}"
        names = [name for name in (summary.message_id, *reversed(summary.references)) if name]
        thread = next((self._threads[name] for name in names if name in self._threads), None)
        thread = thread or email_id.replace("msg", "thr")
        for name in names:
            self._threads.setdefault(name, thread)
        return ObjectIds(email_id, thread)

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
    """One connection of a user. All that an account can offer but Closes."""

    def __init__(self, backend: MemoryBackend, user: MemoryUser) -> None:
        self._backend = backend
        self._user = user

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        user = self._user
        existing = [
            MailboxInfo(name, mailbox.id, user.special_use.get(name), name in user.subscribed)
            for name, mailbox in user.mailboxes.items()
        ]
        gone = user.subscribed - user.mailboxes.keys()
        return existing + [MailboxInfo(name, "", exists=False) for name in gone]

    async def open(self, name: str) -> MemoryMailbox:
        return self._user.open(name)

    async def create(self, name: str) -> None:
        self._user.create(name)
        self._user.tell(NameChanged(name))

    async def create_special(self, name: str, special_use: str) -> None:
        if special_use in self._user.special_use.values():
            raise CannotServe("There is one for that already")
        self._user.create(name)
        self._user.special_use[name] = special_use
        self._user.tell(NameChanged(name))

    async def delete(self, name: str) -> None:
        if name in DEFAULT_MAILBOXES:
            raise NotPermitted("This mailbox stays")
        self._user.open(name)
        # RFC 9051 §6.3.7: a subscription is the user's to end.
        del self._user.mailboxes[name]
        self._user.special_use.pop(name, None)
        self._user.tell(NameChanged(name))

    async def rename(self, name: str, new_name: str) -> None:
        user = self._user
        if name == "INBOX":
            # RFC 9051 §6.3.6: its messages move, INBOX itself stays.
            user.create(new_name)
            await user.inbox.move(list(user.inbox.messages), new_name)
            user.tell(NameChanged(new_name))
            return
        if name in DEFAULT_MAILBOXES:
            raise NotPermitted("This mailbox keeps its name")
        # A name that is no mailbox has some below it, perhaps.
        renamed = {
            old: new_name + old.removeprefix(name)
            for old in user.mailboxes
            if old == name or old.startswith(name + "/")
        }
        if not renamed:
            raise NoSuchMailbox
        if any(new in user.mailboxes for new in renamed.values()):
            raise MailboxExists
        user.mailboxes = {renamed.get(old, old): box for old, box in user.mailboxes.items()}
        user.special_use = {renamed.get(old, old): use for old, use in user.special_use.items()}
        user.subscribed = {renamed.get(old, old) for old in user.subscribed}
        user.tell(NameChanged(new_name, name))

    async def quota_roots(self, mailbox: str) -> Sequence[str]:
        self._user.open(mailbox)
        return [""]

    async def quota(self, root: str) -> Mapping[str, Resource]:
        usage = {"": self._user.usage()}[root]
        return {name: Resource(usage[name], limit) for name, limit in self._user.limits.items()}

    async def set_quota(self, root: str, limits: Mapping[str, int]) -> None:
        if root:
            raise KeyError(root)
        self._user.limits = dict(limits)

    async def subscribe(self, name: str, subscribed: bool) -> None:
        if subscribed:
            self._user.subscribed.add(name)
        else:
            self._user.subscribed.discard(name)
        self._user.tell(SubscriptionChanged(name))

    async def metadata(self, mailbox: str) -> Mapping[str, bytes]:
        if not mailbox:
            return {**self._backend.metadata, **self._user.metadata}
        return dict(self._user.open(mailbox).metadata)

    async def set_metadata(self, mailbox: str, values: Mapping[str, bytes | None]) -> None:
        if mailbox:
            change(self._user.open(mailbox).metadata, values)
        else:
            check_private(values)
            change(self._user.metadata, values)
        self._user.tell(MetadataChanged(mailbox, tuple(values)))

    def watch(self, callback: Callable[[Hint], None]) -> Callable[[], None]:
        return self._user.watch(callback)

    def submission(self, peer: Peer) -> MemoryDelivery:
        return MemoryDelivery(self._backend, self._user)
