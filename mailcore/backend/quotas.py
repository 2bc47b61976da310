"""How much an account may hold (RFC 9208)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, runtime_checkable

from mailcore.backend.checking import Checked

#: Octets of messages; messages; mailboxes (RFC 9208 §5). On the wire storage counts in 1024 octets.
STORAGE: Final = "STORAGE"
MESSAGE: Final = "MESSAGE"
MAILBOX: Final = "MAILBOX"
RESOURCES: Final = (STORAGE, MESSAGE, MAILBOX)


@dataclass(frozen=True, slots=True)
class Resource:
    """How much there is of something, and how much there may be.

    Arguments:
        usage: now; may be above the limit.
        limit: what is refused beyond it, by :class:`~mailcore.backend.OverQuota`.
    """

    usage: int
    limit: int


@runtime_checkable
class HasQuotas(Protocol, metaclass=Checked):
    """Optional, on an account: QUOTA (RFC 9208). A *root* is a name for mailboxes with one limit.

    Whoever has it refuses what goes beyond a limit: APPEND, COPY, delivery, CREATE.
    """

    async def quota_roots(self, mailbox: str) -> Sequence[str]:
        """Return the roots that a mailbox counts for; often one, "".

        Raises:
            NoSuchMailbox: there is none.
        """
        ...

    async def quota(self, root: str) -> Mapping[str, Resource]:
        """Return what is limited, by one of :data:`RESOURCES`; what has no limit is left out.

        Raises:
            KeyError: there is no such root.
        """
        ...


@runtime_checkable
class SetsQuotas(Protocol, metaclass=Checked):
    """Optional, on an account that :class:`HasQuotas`: SETQUOTA (RFC 9208 §4.1.3)."""

    async def set_quota(self, root: str, limits: Mapping[str, int]) -> None:
        """Limit these resources, and no other of this root.

        Raises:
            KeyError: there is no such root.
            NotPermitted: this user may not.
        """
        ...
