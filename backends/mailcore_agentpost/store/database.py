"""Opening the file, and the two threads on it."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from mailcore.backend import Unavailable
from mailcore.limits import KIB, MIB
from mailcore_agentpost.store.reader import Reader
from mailcore_agentpost.store.schema import migrate
from mailcore_agentpost.store.writer import Commits, Tell, TellSteps, TellTexts, Transaction, Writer

logger = logging.getLogger("mailcore.agentpost")

T = TypeVar("T")

#: The name of the file in a data directory.
FILE: Final = "agentpost.db"
#: And that of the index of texts beside it.
TEXTS: Final = "agentpost-texts.db"

# Octets of pages that a connection keeps: a message that is stored changes one of each of a dozen
# trees, and with SQLite's two megabytes most of them are read again for the next one.
_CACHE: Final = 16 * MIB
# Seconds that one process waits for another one's lock: two that start at once migrate in turn.
_LOCK_TIMEOUT = 30.0
_LOCK_PAUSE = 0.01


class Store:
    """A database that is open.

    Arguments:
        path: of the file; made if it is not there.
        tell: told after each commit what changed and what happened.
        durable: whether a commit waits for the disk. False only for what may be lost.
        tell_texts: told after each commit which messages have new octets or are gone.
        tell_steps: told after each commit, before ``tell``, what was done to folders.
        alone: whether no other process has the file open.

    Raises:
        OSError: the file can not be opened, or is no database of ours.
    """

    def __init__(
        self,
        path: Path,
        tell: Tell = lambda folders, events, due: None,
        *,
        durable: bool = True,
        tell_texts: TellTexts = lambda messages: None,
        tell_steps: TellSteps = lambda steps: None,
        alone: bool = True,
    ) -> None:
        self._path = path
        self._durable = durable
        with ExitStack() as opened:
            try:
                with closing(self._connect()) as connection:
                    migrate(connection)
                writing = opened.enter_context(closing(self._connect()))
                reading = opened.enter_context(closing(self._connect()))
            except sqlite3.Error as error:
                raise OSError(f"cannot open {path}: {error}") from error
            opened.pop_all()
        self._writer = Writer(writing, tell, tell_texts, tell_steps, alone=alone)
        self._reader = Reader(reading)

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(
            self._path, timeout=_LOCK_TIMEOUT, isolation_level=None, check_same_thread=False
        )
        connection.row_factory = sqlite3.Row
        try:
            _write_ahead(connection)
            connection.execute(f"PRAGMA synchronous = {'FULL' if self._durable else 'OFF'}")
            connection.execute("PRAGMA foreign_keys = ON")
            connection.execute(f"PRAGMA cache_size = -{_CACHE // KIB}")
            # Checkpoints are the writer's, between commits.
            connection.execute("PRAGMA wal_autocheckpoint = 0")
        except sqlite3.Error:
            connection.close()
            raise
        return connection

    @property
    def commits(self) -> Commits:
        """What was committed so far, counted."""
        return self._writer.commits

    async def write(self, work: Callable[[Transaction], T]) -> T:
        """Run work in a transaction; return once it has reached the disk.

        Raises:
            Unavailable: the disk is full, or the file is damaged; nothing was written.
        """
        with _available():
            return await self._writer.call(work)

    async def read(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run work that only reads; raises Unavailable as :meth:`write` does."""
        with _available():
            return await self._reader.call(work)

    def close(self) -> None:
        """Finish what is queued, and close. Blocks until that is done."""
        # The writer last: its goodbye copies all that is in the log back into the file.
        self._reader.stop()
        self._writer.stop()


def _write_ahead(connection: sqlite3.Connection) -> None:
    """Turn the write-ahead log on. For the lock that the first time takes SQLite does not wait."""
    deadline = time.monotonic() + _LOCK_TIMEOUT
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(_LOCK_PAUSE)


@contextmanager
def _available() -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        logger.error("the store failed: %s", error)
        raise Unavailable from error
