"""Annotations of mailboxes and of the server (RFC 5464)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked


@runtime_checkable
class KeepsMetadata(Protocol, metaclass=Checked):
    """Optional, on an account: METADATA.

    Entries are named as paths in lower case: "/private/comment" is this user's own, what begins
    with "/shared/" is seen by all that see the mailbox. The engine bounds names and values, and
    searches below a path.
    """

    async def metadata(self, mailbox: str) -> Mapping[str, bytes]:
        """Return all entries that this user sees, of a mailbox or, for "", of the server.

        Raises:
            NoSuchMailbox: there is none.
        """
        ...

    async def set_metadata(self, mailbox: str, values: Mapping[str, bytes | None]) -> None:
        """Set entries, or remove those whose value is None: all of them or none.

        Returns after the commit has reached the disk. They go with their mailbox when it is
        renamed or deleted.

        Raises:
            NoSuchMailbox: there is none.
            NotPermitted: one of them is not this user's to change.
        """
        ...
