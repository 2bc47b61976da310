"""The backend itself."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import count

from mailcore.backend import AuthenticationFailed, Honoured, Peer
from mailcore.sasl.types import Credentials
from mailcore.testing.memory.account import MemoryAccount, MemoryUser
from mailcore.testing.memory.delivery import MemoryDelivery


class MemoryBackend:
    """Users, each with mailboxes.

    Arguments:
        passwords: user name, which is an address, to password.
    """

    def __init__(self, passwords: Mapping[str, str] | None = None) -> None:
        self._ids = count(1)
        self.users: dict[str, MemoryUser] = {}
        #: Annotations of the server that all users see.
        self.metadata: dict[str, bytes] = {}
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

    def extensions(self, peer: Peer, *, submission: bool) -> Honoured:
        # All of it is delivered here and now: never late, and never sent on without TLS.
        return Honoured(require_tls=True, deliver_by=0, priority="")

    def receive(self, peer: Peer) -> MemoryDelivery:
        return MemoryDelivery(self)
