"""What FETCH tells of ids and save dates (RFC 8474, RFC 8514), asked of the mailbox in bulk."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from hashlib import sha256
from typing import Final

from mailcore.backend import Cannot, IdentifiesMessages, KeepsSaveDates, Mailbox, ObjectIds
from mailcore.imap import searchkeys as keys
from mailcore.imap.responses import EmailId, FetchAttribute, SaveDate, ThreadId
from mailcore.imap.search import compares
from mailcore.imap.session.gmail import GMAIL_IDS, asks_gmail_ids, id_attribute, with_gmail_id
from mailcore.imap.types import FetchAtt, FetchItem, SequenceSet

# objectid        =  1*255(ALPHA / DIGIT / "_" / "-")
_OBJECT_ID: Final = re.compile(r"[A-Za-z0-9_-]{1,255}")
#: Items that need :class:`~mailcore.backend.IdentifiesMessages`.
ID_ITEMS: Final = frozenset({FetchAtt("EMAILID"), FetchAtt("THREADID")})
SAVE_DATE: Final = FetchAtt("SAVEDATE")
#: All items that are asked of the mailbox here.
IDENTITY_ITEMS: Final = frozenset({SAVE_DATE, *ID_ITEMS, *GMAIL_IDS})


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
        if not (ID_ITEMS | GMAIL_IDS).isdisjoint(items):
            if not isinstance(mailbox, IdentifiesMessages):
                raise Cannot("This mailbox has no ids of messages")
            ids = await mailbox.object_ids(uids)
        if SAVE_DATE in items and isinstance(mailbox, KeepsSaveDates):
            save_dates = await mailbox.save_dates(uids)
        return cls(ids, save_dates)

    def attribute(self, name: str, uid: int) -> FetchAttribute:
        """Return an id or SAVEDATE of a message; KeyError if it is gone."""
        match name:
            case "X-GM-MSGID" | "X-GM-THRID":
                return id_attribute(name, self.ids[uid])
            case "EMAILID":
                return EmailId(object_id(self.ids[uid].email_id))
            case "THREADID":
                thread = self.ids[uid].thread_id
                return ThreadId(None if thread is None else object_id(thread))
            case _:
                return SaveDate(self.save_dates.get(uid))


async def with_known(key: keys.SearchKey, mailbox: Mailbox, uids: Sequence[int]) -> keys.SearchKey:
    """Return a search key with the messages in the place of what only the mailbox knows of them.

    Ids and save dates are asked for once, of all messages, however often the key names them.

    Arguments:
        uids: the messages that are looked through.
    """
    ids: Mapping[int, ObjectIds] = {}
    save_dates: Mapping[int, datetime] | None = None
    wants_ids = keys.any_key(key, lambda one: asks_ids(one) or asks_gmail_ids(one))
    if wants_ids and isinstance(mailbox, IdentifiesMessages):
        ids = await mailbox.object_ids(uids)
    if keys.any_key(key, asks_save_dates) and isinstance(mailbox, KeepsSaveDates):
        save_dates = await mailbox.save_dates(uids)

    def known(one: keys.SearchKey) -> keys.SearchKey:
        match one:
            case keys.ObjectIdKey(name, value):
                found = [uid for uid, known in ids.items() if _has_id(known, name, value)]
            case keys.GmailId():
                return with_gmail_id(one, ids)
            case keys.DateKey(keys.SAVED, relation, day):
                if save_dates is None:
                    # RFC 8514 §4.3: the internal date stands for it.
                    return keys.DateKey(keys.INTERNAL, relation, day)
                dates = save_dates.items()
                found = [uid for uid, saved in dates if compares(saved, relation, day)]
            case keys.SaveDatesKept():
                found = list(uids) if save_dates is not None else []
            case _:
                return one
        return keys.InSet(SequenceSet.of(found), uid=True)

    return keys.map_keys(key, known)


def asks_ids(key: keys.SearchKey) -> bool:
    """Tell whether a key is one of EMAILID and THREADID."""
    return isinstance(key, keys.ObjectIdKey)


def asks_save_dates(key: keys.SearchKey) -> bool:
    """Tell whether a key is one of those of RFC 8514."""
    return isinstance(key, keys.SaveDatesKept) or (
        isinstance(key, keys.DateKey) and key.field == keys.SAVED
    )


def _has_id(known: ObjectIds, name: str, value: str) -> bool:
    found = known.email_id if name == "EMAILID" else known.thread_id
    return found is not None and object_id(found) == value
