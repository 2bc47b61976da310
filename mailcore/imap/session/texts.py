"""Texts that the mailbox finds by an index, in the place of a look at each message."""

from __future__ import annotations

from collections.abc import Sequence
from typing import get_args

from mailcore.backend import Mailbox, SearchesText, TextKey, TextMatches
from mailcore.imap import searchkeys as keys
from mailcore.imap.collation import DEFAULT_COLLATION
from mailcore.imap.types import SequenceSet

_TEXT_KEYS = get_args(TextKey)


async def with_texts(
    key: keys.SearchKey, mailbox: Mailbox, uids: Sequence[int], *, collation: str, most: int
) -> keys.SearchKey:
    """Return a search key with what an index knows in the place of texts.

    Arguments:
        uids: the messages that are looked through.
        collation: by which texts compare.
        most: texts that the index is asked for; others are looked for in each message.
    """
    if not isinstance(mailbox, SearchesText):
        return key
    known: dict[keys.SearchKey, keys.SearchKey] = {}
    for one in keys.leaf_keys(key):
        if isinstance(one, _TEXT_KEYS) and one not in known and len(known) < most:
            found = await mailbox.search_text(one, uids)
            known[one] = one if found is None else _found(one, found, collation)
    return keys.map_keys(key, lambda one: known.get(one, one))


def _found(key: TextKey, found: TextMatches, collation: str) -> keys.SearchKey:
    certain, possible = found.certain, found.possible
    if collation != DEFAULT_COLLATION:
        # The others tell more texts apart, so that none is missing here, and some are too many.
        certain, possible = (), (*certain, *possible)
    sure = keys.InSet(SequenceSet.of(certain), uid=True)
    if not possible:
        return sure
    return keys.Or(sure, keys.And((keys.InSet(SequenceSet.of(possible), uid=True), key)))
