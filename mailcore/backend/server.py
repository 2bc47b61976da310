"""The one object that a server is given."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mailcore.backend.accounts import Account
from mailcore.backend.checking import Checked
from mailcore.backend.peer import Peer
from mailcore.backend.sending import Delivery
from mailcore.sasl.types import Credentials


@runtime_checkable
class Backend(Protocol, metaclass=Checked):
    """The one object that a server is given."""

    async def authenticate(self, credentials: Credentials, peer: Peer) -> Account:
        """Return the account that these credentials open.

        Raises:
            AuthenticationFailed: wrong, unknown, expired (code ``EXPIRED``), suspended
                (``CONTACTADMIN``).
            AuthorizationFailed: right, but not for this protocol.
            LimitReached: too many connections of this account.
        """
        ...


@runtime_checkable
class Receives(Protocol, metaclass=Checked):
    """Optional, on a backend: it takes mail from strangers (an MX listener, LMTP)."""

    def receive(self, peer: Peer) -> Delivery:
        """Return a fresh place to deliver to, for one connection."""
        ...
