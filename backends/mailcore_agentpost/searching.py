"""Messages of an inbox by what they say: found by the index, or looked at, the newest first."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final

from mailcore.imap.collation import casemap
from mailcore.imap.search import MessageText
from mailcore.imap.searchkeys import Text
from mailcore.limits import Limits
from mailcore_agentpost.mail import listing, messages
from mailcore_agentpost.sending import in_thread_if_large
from mailcore_agentpost.store import Store
from mailcore_agentpost.texts import TextIndex
from mailcore_agentpost.types import MessageFilter, MessageRow

# Messages that are looked at between two questions to the store.
_PAGE: Final = 100


class Searching:
    """Answers what can not be asked of the tables. IMAP's SEARCH compares texts in the same way.

    Arguments:
        store, limits: the backend's.
        texts: the index of the store: it names the messages that are worth looking at.
    """

    def __init__(self, store: Store, texts: TextIndex, limits: Limits) -> None:
        self._store = store
        self._texts = texts
        self._limits = limits

    async def messages(
        self, inbox: str, where: MessageFilter, before: str | None, limit: int
    ) -> Sequence[MessageRow]:
        """Return messages by descending id."""
        headers = _header_test(where)
        words = [casemap(word) for word in where.words]
        if headers is None and not words:
            return await self._page(inbox, where, before, limit)
        certain, among = await self._candidates(inbox, where.words)
        found: list[MessageRow] = []
        while len(found) < limit:
            page = await self._page(inbox, where, before, _PAGE, among)
            for row in page:
                if (headers is None or headers(row)) and (
                    row.number in certain or await self._says(row, words)
                ):
                    found.append(row)
            if len(page) < _PAGE:
                break
            before = page[-1].id
        return found[:limit]

    async def _candidates(
        self, inbox: str, words: Sequence[str]
    ) -> tuple[frozenset[int], frozenset[int] | None]:
        """Return which messages have all words, and which may; None for any, by their numbers."""
        certain: frozenset[int] | None = None
        among: frozenset[int] | None = None
        for word in words:
            matches = await self._texts.search_inbox(inbox, Text(word))
            if matches is None:
                certain = frozenset()
                continue
            sure = frozenset(matches.certain)
            maybe = sure.union(matches.possible)
            certain = sure if certain is None else certain & sure
            among = maybe if among is None else among & maybe
        return certain or frozenset(), among

    async def _page(
        self,
        inbox: str,
        where: MessageFilter,
        before: str | None,
        limit: int,
        among: frozenset[int] | None = None,
    ) -> Sequence[MessageRow]:
        return await self._store.read(
            partial(
                listing.list_messages,
                inbox=inbox,
                where=where,
                before=before,
                limit=limit,
                among=among,
            )
        )

    async def _says(self, row: MessageRow, words: Sequence[str]) -> bool:
        """Tell whether all words are somewhere in a message."""
        if not words:
            return True
        data = await self._store.read(partial(_read, message=row.id, size=row.size))
        read = partial(MessageText.of_message, data)
        text = await in_thread_if_large(data, self._limits, read)
        pieces = [*text.body, *(value for _, value in text.fields)]
        return all(any(word in piece for piece in pieces) for word in words)


def _read(connection: sqlite3.Connection, message: str, size: int) -> bytes:
    body = listing.find_body(connection, message)
    # It may have been removed since it was listed.
    return b"" if body is None else messages.read_body(connection, body, 0, size)


def _header_test(where: MessageFilter) -> Callable[[MessageRow], bool] | None:
    """Return what tells whether the header of a message has what is looked for."""
    wanted = {
        name: casemap(value)
        for name, value in (("FROM", where.sender), ("TO", where.to), ("SUBJECT", where.subject))
        if value is not None
    }
    if not wanted:
        return None

    def test(row: MessageRow) -> bool:
        fields = MessageText.of_header(row.header).fields
        return all(
            any(found == name and text in value for found, value in fields)
            for name, text in wanted.items()
        )

    return test
