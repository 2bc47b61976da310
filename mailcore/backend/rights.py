"""Who may do what with a mailbox (RFC 4314)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, Protocol, runtime_checkable

from mailcore.backend.checking import Checked

#: A right is one letter, or a digit of the backend's own; these are those of RFC 4314 §2.1.
Rights = frozenset[str]
ALL_RIGHTS: Final[Rights] = frozenset("lrswipkxtea")
#: Whoever there is, logged in as anybody or as nobody (RFC 4314 §2).
ANYONE: Final = "anyone"


class RightsChange(Enum):
    """How SETACL combines rights (RFC 4314 §3.1)."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


@dataclass(frozen=True, slots=True)
class Grantable:
    """What somebody can be granted (RFC 4314 §3.7).

    Arguments:
        always: rights that they have in any case.
        optional: sets of rights that come and go together; often of one right each.
    """

    always: Rights = frozenset()
    optional: Sequence[Rights] = ()


@runtime_checkable
class HasRights(Protocol, metaclass=Checked):
    """Optional, on an account: ACL (RFC 4314), for mailboxes that several users see.

    The engine asks for the rights of this user before each command and enforces them, with the two
    virtual rights of RFC 2086 mapped. What it can not ask for is the backend's to judge: RENAME of
    a name that is no mailbox itself. ``Account.mailboxes`` says in :attr:`MailboxInfo.rights`
    what there is; those without "l" are shown to nobody.
    """

    @property
    def others_prefix(self) -> str:
        """What the names of other users' mailboxes begin with (RFC 2342), or ""."""
        ...

    async def my_rights(self, mailbox: str) -> Rights:
        """Return what this user may do with a mailbox.

        Raises:
            NoSuchMailbox: there is none.
        """
        ...

    async def access_list(self, mailbox: str) -> Mapping[str, Rights]:
        """Return the rights of everybody who was granted some, by identifier.

        An identifier that begins with "-" takes rights away, if the backend lets it.
        """
        ...

    async def change_access(
        self, mailbox: str, identifier: str, change: RightsChange, rights: Rights
    ) -> None:
        """Change what somebody may do; returns after the commit has reached the disk.

        Raises:
            NoSuchMailbox: there is none.
            NotPermitted: this identifier can not be granted, or not be denied, such rights.
        """
        ...

    async def delete_access(self, mailbox: str, identifier: str) -> None:
        """Remove an identifier from the list; nothing happens if it is not there."""
        ...

    async def grantable(self, mailbox: str, identifier: str) -> Grantable:
        """Return what an identifier can be granted."""
        ...
