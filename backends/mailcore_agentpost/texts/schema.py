"""The file of the index: beside the mail, and made anew whenever it is not what it should be.

Nothing in it is more than can be derived from the mail, so it has no migrations.
"""

from __future__ import annotations

import logging
import sqlite3
import unicodedata
from pathlib import Path
from typing import Final

from mailcore.imap.search import TEXT_VERSION

logger = logging.getLogger("mailcore.agentpost")

#: Raised with every change of the tables.
_LAYOUT: Final = 1
#: What the file was made by. Letters compare by the tables that Python has of Unicode.
_MADE_BY: Final = f"{_LAYOUT} {TEXT_VERSION} {unicodedata.unidata_version}"

# The rows of an inbox are neighbours, from ``ranges.number << INBOX_BITS`` on: a search looks at
# nobody else's. ``texts`` is apart from ``entries`` because it is large and seldom read. Headers
# have trigrams of their own: most searches are for a sender or a subject, and bodies hold any word.
_TABLES: Final = """
    CREATE TABLE made_by (version TEXT NOT NULL);
    CREATE TABLE ranges (number INTEGER PRIMARY KEY AUTOINCREMENT, inbox TEXT NOT NULL UNIQUE);
    CREATE TABLE entries (
        message INTEGER PRIMARY KEY, id TEXT NOT NULL, body INTEGER NOT NULL,
        row INTEGER NOT NULL UNIQUE, complete INTEGER NOT NULL
    );
    CREATE INDEX entries_incomplete ON entries (row) WHERE complete = 0;
    CREATE TABLE texts (row INTEGER PRIMARY KEY, fields BLOB NOT NULL, body BLOB NOT NULL);
    CREATE VIRTUAL TABLE field_trigrams USING fts5(
        text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1'
    );
    CREATE VIRTUAL TABLE body_trigrams USING fts5(
        text, content='', columnsize=0, detail=none, tokenize='trigram case_sensitive 1'
    );
"""
INBOX_BITS: Final = 32
_DAMAGE: Final = frozenset({sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB})


def is_damage(error: sqlite3.Error) -> bool:
    """Tell whether an error is one that only a new file mends."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _DAMAGE


def prepare(path: Path) -> None:
    """Make the file, or make it anew if another version made it or it is damaged.

    Raises:
        sqlite3.Error: it can not be made, or this SQLite has no FTS5.
    """
    try:
        if _is_current(path):
            return
        logger.info("the text index was made by another version: it is made anew")
    except FileNotFoundError:
        pass
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        logger.warning("the text index is damaged and made anew: %s", error)
    remove(path)
    connection = connect(path)
    try:
        connection.executescript(f"BEGIN IMMEDIATE;{_TABLES}")
        connection.execute("INSERT INTO made_by VALUES (?)", (_MADE_BY,))
        connection.execute("COMMIT")
    finally:
        connection.close()


def connect(path: Path) -> sqlite3.Connection:
    """Open the file."""
    connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    connection.execute("PRAGMA journal_mode = WAL")
    # What a power cut takes is made again; what is left fits together.
    connection.execute("PRAGMA synchronous = NORMAL")
    return connection


def remove(path: Path) -> None:
    """Remove the file and its log."""
    for suffix in ("", "-wal", "-shm"):
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def _is_current(path: Path) -> bool:
    if not path.exists():
        raise FileNotFoundError
    connection = connect(path)
    try:
        tables = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'made_by'")
        if tables.fetchone() is None:
            return False
        row = connection.execute("SELECT version FROM made_by").fetchone()
        return row is not None and row["version"] == _MADE_BY
    finally:
        connection.close()
