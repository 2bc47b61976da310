"""Texts that an index finds, where else every message would have to be read (RFC 9051 §6.4.4)."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked
from mailcore.imap.searchkeys import Body, Header, Text

#: Search keys that look for a text: HEADER with FROM, TO, CC, BCC and SUBJECT; BODY; TEXT.
TextKey = Header | Body | Text


@dataclass(frozen=True, slots=True)
class TextMatches:
    """What an index knows of a text. A message that is in neither does not have it.

    Arguments:
        certain: UIDs of messages that have it.
        possible: UIDs of messages that may: the engine looks at them. What is not indexed yet
            belongs here, and all that an index of words or of parts of words can not tell.
    """

    certain: Collection[int] = ()
    possible: Collection[int] = ()


@runtime_checkable
class SearchesText(Protocol, metaclass=Checked):
    """Optional, on a mailbox: SEARCH, SORT and THREAD find texts without reading every message."""

    async def search_text(self, key: TextKey, uids: Sequence[int]) -> TextMatches | None:
        """Return which messages have a text, or None where the index can not tell.

        The answer is to be that of :class:`mailcore.imap.search.MessageText`: any part of a field
        or of the decoded text counts, compared by i;unicode-casemap
        (:func:`mailcore.imap.collation.casemap`), an empty one too. Where a client has chosen
        another collation the engine looks at the messages that are named here once more.

        Arguments:
            key: what is looked for, as the client wrote it.
            uids: the messages that are looked through, rising; others may be named as well.
        """
        ...
