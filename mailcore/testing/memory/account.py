"""Users in memory, and what a connection of theirs can do."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from hmac import compare_digest
from itertools import count
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    ALL_RIGHTS,
    MAILBOX,
    MESSAGE,
    STORAGE,
    AccountEnded,
    Cannot,
    CannotServe,
    Grantable,
    Hint,
    MailboxExists,
    MailboxInfo,
    MailboxMoved,
    MetadataChanged,
    NameChanged,
    NoSuchMailbox,
    NotPermitted,
    ObjectIds,
    OverQuota,
    Peer,
    Resource,
    Rights,
    RightsChange,
    SubscriptionChanged,
    UrlRole,
)
from mailcore.imap.listing import above
from mailcore.imap.session.url_tokens import read_authorized
from mailcore.imap.summary import Summary
from mailcore.sasl import SaslError, ScramHash, ScramKeys, derive_keys
from mailcore.spool import Content
from mailcore.testing.memory.delivery import MemoryDelivery
from mailcore.testing.memory.mailbox import MemoryMailbox
from mailcore.testing.memory.metadata import change, check_private
from mailcore.testing.memory.sharing import OTHERS, SharedMailbox

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
        backend: of all users.
    """

    def __init__(self, name: str, password: str, backend: MemoryBackend) -> None:
        self.name = name
        self.password = password
        self.mailboxes: dict[str, MemoryMailbox] = {}
        self.special_use: dict[str, str] = {}
        self.subscribed: set[str] = set()
        #: Annotations of the server that are this user's own.
        self.metadata: dict[str, bytes] = {}
        #: What URLs are authorized with, by the id of their mailbox.
        self.url_keys: dict[str, bytes] = {}
        self._backend = backend
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
        mailbox = self.mailboxes[name] = MemoryMailbox(self, self._backend.new_id())
        inherited = next(
            (self.mailboxes[one] for one in above(name) if one in self.mailboxes), None
        )
        if inherited is not None:
            # RFC 4314 §4: what is below a mailbox is for whom that is.
            mailbox.access.entries.update(inherited.access.entries)
        self.subscribed.add(name)
        return mailbox

    def open(self, name: str) -> MemoryMailbox:
        """Return a mailbox, of another user as well; raises NoSuchMailbox."""
        owner, own_name = self.owner_of(name)
        try:
            return owner.mailboxes[own_name]
        except KeyError:
            raise NoSuchMailbox from None

    def rename(self, name: str, new_name: str) -> None:
        """Rename a mailbox of this user and what is below it; raises as RENAME does."""
        if name in DEFAULT_MAILBOXES:
            raise NotPermitted("This mailbox keeps its name")
        # A name that is no mailbox has some below it, perhaps.
        renamed = {
            old: new_name + old.removeprefix(name)
            for old in self.mailboxes
            if old == name or old.startswith(name + "/")
        }
        if not renamed:
            raise NoSuchMailbox
        if any(new in self.mailboxes for new in renamed.values()):
            raise MailboxExists
        self.mailboxes = {renamed.get(old, old): box for old, box in self.mailboxes.items()}
        self.special_use = {renamed.get(old, old): use for old, use in self.special_use.items()}
        self.subscribed = {renamed.get(old, old) for old in self.subscribed}

    def owner_of(self, name: str) -> tuple[MemoryUser, str]:
        """Return whose mailbox a name is, and its name there; raises NoSuchMailbox."""
        if not name.startswith(OTHERS):
            return self, name
        user, _, own_name = name.removeprefix(OTHERS).partition("/")
        return self._backend.owner(user), own_name

    def shared(self) -> Iterator[MailboxInfo]:
        """Yield the mailboxes of others that this user has any right on."""
        for owner in self._backend.users.values():
            for own_name, mailbox in owner.mailboxes.items():
                rights = mailbox.access.rights_of(self.name)
                if owner is not self and rights:
                    name = f"{OTHERS}{owner.name}/{own_name}"
                    subscribed = name in self.subscribed
                    yield MailboxInfo(
                        name, mailbox.id, None, subscribed, rights=rights, personal=False
                    )

    def tell_of(self, mailbox: MemoryMailbox) -> None:
        """Tell all that see a mailbox of this user that it has changed."""
        for user in self._backend.users.values():
            if mailbox.access.rights_of(user.name):
                user.tell(MailboxMoved(mailbox.id))

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
    """One connection of a user. All that an account can offer but Closes.

    Arguments:
        backend: of all users.
        user: who is logged in.
        url_role: as what.
    """

    def __init__(
        self, backend: MemoryBackend, user: MemoryUser, url_role: UrlRole = UrlRole.USER
    ) -> None:
        self._backend = backend
        self._user = user
        self.url_role = url_role

    async def mailboxes(self) -> Sequence[MailboxInfo]:
        user = self._user
        existing = [
            MailboxInfo(name, mailbox.id, user.special_use.get(name), name in user.subscribed)
            for name, mailbox in user.mailboxes.items()
        ]
        existing += user.shared()
        gone = user.subscribed - {info.name for info in existing}
        return existing + [MailboxInfo(name, "", exists=False) for name in gone]

    async def open(self, name: str) -> MemoryMailbox | SharedMailbox:
        mailbox = self._user.open(name)
        mine = self._user.owner_of(name)[0] is self._user
        return mailbox if mine else SharedMailbox(mailbox, self._user)

    async def create(self, name: str) -> None:
        owner, own_name = self._user.owner_of(name)
        if owner is not self._user and not any(one in owner.mailboxes for one in above(own_name)):
            raise NotPermitted("Only below what somebody shares")
        owner.create(own_name)
        self._user.tell(NameChanged(name))

    async def create_special(self, name: str, special_use: str) -> None:
        if name.startswith(OTHERS):
            raise CannotServe("Other users choose what their mailboxes are for")
        if special_use in self._user.special_use.values():
            raise CannotServe("There is one for that already")
        self._user.create(name)
        self._user.special_use[name] = special_use
        self._user.tell(NameChanged(name))

    async def delete(self, name: str) -> None:
        owner, own_name = self._user.owner_of(name)
        if own_name in DEFAULT_MAILBOXES:
            raise NotPermitted("This mailbox stays")
        # RFC 9051 §6.3.7: a subscription is the user's to end.
        gone = self._user.open(name)
        del owner.mailboxes[own_name]
        owner.special_use.pop(own_name, None)
        for user in self._backend.users.values():
            user.url_keys.pop(gone.id, None)
        self._user.tell(NameChanged(name))

    async def rename(self, name: str, new_name: str) -> None:
        user = self._user
        if name == "INBOX":
            # RFC 9051 §6.3.6: its messages move, INBOX itself stays.
            await self.create(new_name)
            await user.inbox.move(list(user.inbox.messages), new_name)
            return
        owner, own_name = user.owner_of(name)
        new_owner, new_own_name = user.owner_of(new_name)
        if new_owner is not owner:
            raise Cannot("A mailbox stays with its owner")
        if owner is not user:
            # Who renames what is above mailboxes might have no rights on them.
            owner.open(own_name)
        owner.rename(own_name, new_own_name)
        user.tell(NameChanged(new_name, name))

    @property
    def others_prefix(self) -> str:
        return OTHERS if len(self._backend.users) > 1 else ""

    async def my_rights(self, mailbox: str) -> Rights:
        return self._user.open(mailbox).access.rights_of(self._user.name)

    async def access_list(self, mailbox: str) -> Mapping[str, Rights]:
        access = self._user.open(mailbox).access
        return {access.owner: ALL_RIGHTS, **access.entries}

    async def change_access(
        self, mailbox: str, identifier: str, change: RightsChange, rights: Rights
    ) -> None:
        access = self._user.open(mailbox).access
        if identifier.lower() == access.owner.lower():
            raise NotPermitted("The owner may do everything, always")
        if not rights <= ALL_RIGHTS:
            raise NotPermitted("There are no rights of our own here")
        access.change(identifier.lower(), change, rights)

    async def delete_access(self, mailbox: str, identifier: str) -> None:
        self._user.open(mailbox).access.entries.pop(identifier.lower(), None)

    async def grantable(self, mailbox: str, identifier: str) -> Grantable:
        if identifier.lower() == self._user.open(mailbox).access.owner.lower():
            return Grantable(ALL_RIGHTS)
        return Grantable(optional=[frozenset(right) for right in sorted(ALL_RIGHTS)])

    async def quota_roots(self, mailbox: str) -> Sequence[str]:
        self._user.open(mailbox)
        return [""] if self._user.owner_of(mailbox)[0] is self._user else []

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

    def is_user(self, name: str) -> bool:
        return name.lower() == self._user.name.lower()

    async def make_url_key(self, mailbox: str) -> bytes:
        user = self._user
        return user.url_keys.setdefault(user.open(mailbox).id, secrets.token_bytes())

    async def url_key(self, user: str, mailbox: str) -> bytes | None:
        owner = self._backend.owner(user)
        return owner.url_keys.get(owner.open(mailbox).id)

    async def reset_url_keys(self, mailbox: str | None) -> None:
        if mailbox is None:
            self._user.url_keys.clear()
        else:
            self._user.url_keys.pop(self._user.open(mailbox).id, None)

    async def open_for_url(self, user: str, mailbox: str) -> MemoryMailbox:
        owner = self._backend.owner(user)
        found = owner.open(mailbox)
        if "r" not in found.access.rights_of(owner.name):
            # RFC 4467 §7: it may have changed since the URL was made.
            raise NoSuchMailbox
        return found

    async def read_url(self, url: str) -> Content:
        return await read_authorized(self, url, datetime.now(UTC))

    def submission(self, peer: Peer) -> MemoryDelivery:
        return MemoryDelivery(self._backend, self._user)
