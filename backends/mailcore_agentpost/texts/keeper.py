"""The thread that keeps the index: what is new first, then what has been there before it."""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from collections.abc import Collection, Sequence
from typing import Final

from mailcore.limits import MIB, Limits
from mailcore.spool import CHUNK, Content
from mailcore_agentpost.mail.messages import read_body
from mailcore_agentpost.texts import entries
from mailcore_agentpost.texts.entries import Source, Texts

logger = logging.getLogger("mailcore.agentpost")

# Messages, and octets of them about, that one transaction takes in: it keeps the store from
# emptying its log meanwhile.
_BATCH: Final = 20
_OCTETS: Final = 4 * MIB
# Of the time, while the store is written to: one part in so many. Else it is half.
_SHARE: Final = 10
# Seconds until the next attempt after an error: a full disk, for one.
_RETRY: Final = 60.0
_BEYOND: Final = 2**63 - 1

_SAME: Final = "number = message AND messages.id = entries.id AND messages.body = entries.body"
_NOT_INDEXED: Final = (
    f"FROM messages LEFT JOIN entries ON {_SAME} WHERE message IS NULL AND number < ?"
)
_GONE: Final = f"SELECT message FROM entries LEFT JOIN messages ON {_SAME} WHERE number IS NULL"


class Keeper:
    """Takes messages in and out, a few at a time, and rests as long as it has worked.

    While something is being written it rests nine times as long: mail that comes is more urgent,
    and what is not indexed yet is found all the same.

    Arguments:
        connection: to the index, with the mail attached; closed when the thread ends.
        limits: how much of a message is indexed.
    """

    def __init__(self, connection: sqlite3.Connection, limits: Limits) -> None:
        self._connection = connection
        self._limits = limits
        self._changes = threading.Condition()
        self._changed: set[int] = set()
        self._written = 0.0
        # What was there before: all from this number on has been looked at. None when all has.
        self._before: int | None = _BEYOND
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="agentpost-texts", daemon=True)
        self._thread.start()

    def look_at(self, messages: Collection[int]) -> None:
        """Index what is new of these, and take out what is gone. From any thread."""
        if messages:
            with self._changes:
                self._changed.update(messages)
                self._changes.notify()

    def give_way(self) -> None:
        """Something was written: there may be more to come. From any thread."""
        self._written = time.monotonic()

    def look_at_all(self) -> None:
        """Look for messages that nobody told of. From any thread."""
        with self._changes:
            self._before = _BEYOND
            self._changes.notify()

    def stop(self) -> None:
        """End the thread after the message in hand, and wait for that."""
        self._stopping.set()
        with self._changes:
            self._changes.notify()
        self._thread.join()

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                try:
                    self._work()
                except sqlite3.Error as error:
                    if self._connection.in_transaction:
                        self._connection.execute("ROLLBACK")
                    logger.error("the text index could not be written: %s", error)
                    self._before = _BEYOND
                    self._stopping.wait(_RETRY)
        finally:
            self._connection.close()

    def _work(self) -> None:
        """Do one batch, or wait until there is something to do."""
        batch = self._take()
        if not batch and self._before is not None:
            batch = self._take_earlier()
        if batch:
            started = time.monotonic()
            self._index(batch)
            self._rest(started)

    def _rest(self, started: float) -> None:
        """Leave the core, and the lock of Python, to the event loop and to whoever writes."""
        worked = time.monotonic() - started
        self._stopping.wait(worked)
        if self._written > started:
            self._stopping.wait(worked * (_SHARE - 2))

    def _take(self) -> list[int]:
        with self._changes:
            while not self._changed and self._before is None and not self._stopping.is_set():
                self._changes.wait()
            batch = sorted(self._changed)[:_BATCH]
            self._changed.difference_update(batch)
        return batch

    def _take_earlier(self) -> list[int]:
        """Return messages that nobody told of, the latest first."""
        if self._before == _BEYOND:
            (count,) = self._connection.execute(
                f"SELECT count(*) {_NOT_INDEXED}", (_BEYOND,)
            ).fetchone()
            if count:
                logger.info("the text index is made: %d messages", count)
        rows = self._connection.execute(
            f"SELECT number {_NOT_INDEXED} ORDER BY number DESC LIMIT ?", (self._before, _BATCH)
        ).fetchall()
        batch = [number for (number,) in rows]
        if batch:
            self._before = batch[-1]
        else:
            self._before = None
            self.look_at([message for (message,) in self._connection.execute(_GONE).fetchall()])
            logger.info("the text index is complete")
        return batch

    def _index(self, numbers: Sequence[int]) -> None:
        octets = 0
        self._connection.execute("BEGIN")
        for at, number in enumerate(numbers):
            if octets > _OCTETS or self._stopping.is_set():
                self.look_at(numbers[at:])
                break
            octets += self._index_one(number)
        self._connection.execute("COMMIT")

    def _index_one(self, number: int) -> int:
        """Make the index true of a message; return how many octets were read for it."""
        row = self._connection.execute(
            "SELECT number, messages.id, body, inbox, size FROM messages"
            " JOIN bodies ON bodies.id = body WHERE number = ?",
            (number,),
        ).fetchone()
        known = entries.indexed(self._connection, number)
        if row is not None and known == (row["id"], row["body"]):
            return 0
        if known is not None:
            entries.remove(self._connection, number)
        if row is None:
            return 0
        source = Source(row["number"], row["id"], row["body"], row["inbox"])
        entries.add(self._connection, source, self._read(source, row["size"]))
        return int(row["size"])

    def _read(self, source: Source, size: int) -> Texts | None:
        with Content(memory=self._limits.spool_memory) as content:
            for start in range(0, size, CHUNK):
                content.write(read_body(self._connection, source.body, start, start + CHUNK))
            try:
                return entries.read_texts(content.buffer(), self._limits)
            except Exception:
                # Whoever searches looks at the message itself, and meets the bug there.
                logger.exception("message %s can not be indexed", source.id)
                return None
