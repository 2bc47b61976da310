"""What a mailbox knows of a message beyond its flags: lasting ids, and when it came here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked


@dataclass(frozen=True, slots=True)
class ObjectIds:
    """The ids of a message (RFC 8474 §5).

    Each is 1 to 255 letters, digits, ``_`` and ``-``; what is not is told by a hash of it.

    Arguments:
        email_id: of its content: the same in all mailboxes that it was copied or moved to, and
            never that of other octets.
        thread_id: of the conversation that it belongs to, or None if there is no such thing.
    """

    email_id: str
    thread_id: str | None = None


@runtime_checkable
class IdentifiesMessages(Protocol, metaclass=Checked):
    """Optional, on a mailbox: OBJECTID (RFC 8474), EMAILID and THREADID.

    MAILBOXID is :attr:`Mailbox.id`.
    """

    async def object_ids(self, uids: Sequence[int]) -> Mapping[int, ObjectIds]:
        """Return the ids of these UIDs; leave out those that are gone."""
        ...


@runtime_checkable
class KeepsSaveDates(Protocol, metaclass=Checked):
    """Optional, on a mailbox: SAVEDATE (RFC 8514)."""

    async def save_dates(self, uids: Sequence[int]) -> Mapping[int, datetime]:
        """Return when messages came into this mailbox, by APPEND, COPY, MOVE or delivery.

        Each carries a time zone. Those are left out that are gone, or whose date nobody noted.
        """
        ...
