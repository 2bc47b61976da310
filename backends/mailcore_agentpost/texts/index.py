"""The index at work: one thread that keeps it, one that asks it.

It lags behind the mail by a moment, and no commit of mail waits for it. What it does not hold yet
is named in each answer, so that whoever searches looks at that as well.
"""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import Callable, Collection
from contextlib import ExitStack, closing
from functools import partial
from pathlib import Path
from typing import TypeVar

from mailcore.backend import TextKey, TextMatches
from mailcore.limits import Limits
from mailcore_agentpost.store.reader import Reader
from mailcore_agentpost.texts import finding, schema
from mailcore_agentpost.texts.finding import FOLDER, INBOX
from mailcore_agentpost.texts.keeper import Keeper

logger = logging.getLogger("mailcore.agentpost")

T = TypeVar("T")


class TextIndex:
    """The index of one store. Without it everything is found all the same, and slower.

    Arguments:
        path: of its file; made if it is not there.
        mail: the file of the store.
        limits: how much of a message is indexed.
    """

    def __init__(self, path: Path, mail: Path, limits: Limits) -> None:
        self._path = path
        self._mail = mail
        self._keeper: Keeper | None = None
        self._limits = limits
        self._reader: Reader | None = None
        # By folder: all messages up to this UID are indexed. UIDs rise, and what is indexed stays.
        self._through: dict[int, int] = {}
        self._damaged = False

    def open(self) -> None:
        """Begin: index what is there, in the background. The store must be open."""
        with ExitStack() as opened:
            try:
                schema.prepare(self._path)
                reading = opened.enter_context(closing(self._connect()))
                reading.create_function("has_field", 3, finding.has_field, deterministic=True)
                writing = opened.enter_context(closing(self._connect()))
            except (sqlite3.Error, OSError) as error:
                logger.error("there is no text index, searches read each message: %s", error)
                return
            opened.pop_all()
        self._reader = Reader(reading, "agentpost-search")
        self._keeper = Keeper(writing, self._limits)

    def close(self) -> None:
        """End both threads. What is not indexed yet will be after the next start."""
        if self._keeper is not None:
            self._keeper.stop()
        if self._reader is not None:
            self._reader.stop()
        if self._damaged:
            schema.remove(self._path)

    def changed(self, messages: Collection[int]) -> None:
        """Look at these messages: their texts are new, or they are gone. From any thread.

        Told of each commit, also without messages: while there are many the index gives way.
        """
        if self._keeper is not None:
            self._keeper.give_way()
            self._keeper.look_at(messages)

    def look_again(self) -> None:
        """Look for all that is new or gone: another process has changed the mail."""
        if self._keeper is not None:
            self._keeper.look_at_all()

    async def search_folder(self, inbox: str, folder: int, key: TextKey) -> TextMatches | None:
        """Return the UIDs in a folder that a text is at, or None if the index can not tell."""
        return await self._ask(partial(self._search_folder, inbox=inbox, folder=folder, key=key))

    async def search_inbox(self, inbox: str, key: TextKey) -> TextMatches | None:
        """Return the numbers of the messages of an inbox that a text is in, as above."""
        return await self._ask(partial(_search_inbox, inbox=inbox, key=key))

    async def _ask(
        self, work: Callable[[sqlite3.Connection], TextMatches | None]
    ) -> TextMatches | None:
        if self._reader is None:
            return None
        try:
            return await self._reader.call(work)
        except sqlite3.Error as error:
            logger.error("the text index could not be read: %s", error)
            self._damaged |= schema.is_damage(error)
            return None

    def _search_folder(
        self, connection: sqlite3.Connection, inbox: str, folder: int, key: TextKey
    ) -> TextMatches | None:
        certain = finding.find(connection, FOLDER, folder, inbox, key)
        if certain is None:
            return None
        through = self._through.get(folder, 0)
        missing = finding.missing(connection, FOLDER, folder, through)
        last = finding.last_uid(connection, folder)
        self._through[folder] = missing[0] - 1 if missing else max(last, through)
        return TextMatches(
            certain, [*missing, *finding.incomplete(connection, FOLDER, folder, inbox)]
        )

    def _connect(self) -> sqlite3.Connection:
        connection = schema.connect(self._path)
        connection.execute("ATTACH ? AS mail", (str(self._mail),))
        return connection


def _search_inbox(connection: sqlite3.Connection, inbox: str, key: TextKey) -> TextMatches | None:
    certain = finding.find(connection, INBOX, inbox, inbox, key)
    if certain is None:
        return None
    missing = finding.missing(connection, INBOX, inbox)
    return TextMatches(certain, [*missing, *finding.incomplete(connection, INBOX, inbox, inbox)])
