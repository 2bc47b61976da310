"""One message in the place of another, at once (RFC 8508)."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.backend.mailboxes import NewMessage


@runtime_checkable
class Replaceable(Protocol, metaclass=Checked):
    """Optional, on a mailbox that is ``Appendable`` and ``Expungeable``: REPLACE (RFC 8508)."""

    async def replace(self, uid: int, message: NewMessage, name: str) -> int:
        """Store a message in the mailbox ``name`` and remove ``uid`` from this one, or neither.

        Returns:
            the UID of the new message, after the commit has reached the disk.

        Raises:
            KeyError: the message is gone; nothing was stored.
            NoSuchMailbox: the client gets TRYCREATE.
        """
        ...
