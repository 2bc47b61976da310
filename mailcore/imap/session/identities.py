"""What FETCH tells of ids and save dates (RFC 8474, RFC 8514), asked of the mailbox in bulk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from mailcore.backend import Cannot, IdentifiesMessages, KeepsSaveDates, Mailbox, ObjectIds
from mailcore.imap.responses import EmailId, FetchAttribute, SaveDate, ThreadId
from mailcore.imap.types import FetchAtt, FetchItem

# objectid        =  1*255(ALPHA / DIGIT / "_" / "-")
_OBJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
#: Items that need :class:`~mailcore.backend.IdentifiesMessages`.
ID_ITEMS: Final = frozenset({FetchAtt("EMAILID"), FetchAtt("THREADID")})
SAVE_DATE: Final = FetchAtt("SAVEDATE")


def object_id(text: str) -> str:
    """Return a backend's id as IMAP can say it: as it is, or a hash of it (RFC 8474 §7)."""
    if _OBJECT_ID.fullmatch(text) is not None:
        return text
    return "h" + sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:40]


@dataclass(frozen=True, slots=True)
class Identities:
    """What the mailbox said of some messages."""

    ids: Mapping[int, ObjectIds] = field(default_factory=dict)
    save_dates: Mapping[int, datetime] = field(default_factory=dict)

    @classmethod
    async def of(
        cls, mailbox: Mailbox, uids: Sequence[int], items: Sequence[FetchItem]
    ) -> Identities:
        """Ask for what the items need, and for nothing else.

        Raises:
            Cannot: this mailbox does not know, although others do.
        """
        ids: Mapping[int, ObjectIds] = {}
        save_dates: Mapping[int, datetime] = {}
        if not ID_ITEMS.isdisjoint(items):
            if not isinstance(mailbox, IdentifiesMessages):
                raise Cannot("This mailbox has no ids of messages")
            ids = await mailbox.object_ids(uids)
        if SAVE_DATE in items and isinstance(mailbox, KeepsSaveDates):
            save_dates = await mailbox.save_dates(uids)
        return cls(ids, save_dates)

    def attribute(self, name: str, uid: int) -> FetchAttribute:
        """Return EMAILID, THREADID or SAVEDATE of a message; KeyError if it is gone."""
        match name:
            case "EMAILID":
                return EmailId(object_id(self.ids[uid].email_id))
            case "THREADID":
                thread = self.ids[uid].thread_id
                return ThreadId(None if thread is None else object_id(thread))
            case _:
                return SaveDate(self.save_dates.get(uid))
