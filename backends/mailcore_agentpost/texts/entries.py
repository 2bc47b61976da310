"""What the index holds of one message: put in, and taken out."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mailcore.imap.search import MessageText
from mailcore.limits import Limits
from mailcore.message import Buffer, encoded_text_size, parse_structure
from mailcore_agentpost.texts.schema import INBOX_BITS

#: Stands before each field and each text. No text in UTF-8 has this octet, so nothing that is
#: looked for reaches from one into the next.
SEPARATOR: Final = b"\xff"
# Quoted-printable may have three octets for one: what has more of them than this is too long in any
# case, and is not decoded to learn it.
_MOST_ENCODED: Final = 3


@dataclass(frozen=True, slots=True)
class Source:
    """A message: by ``id`` and ``body`` the octets are the same for good.

    Arguments:
        number: of the message; another one may have it when this one is gone.
        body: number of its octets.
    """

    number: int
    id: str
    body: int
    inbox: str


@dataclass(frozen=True, slots=True)
class Texts:
    """What is searched of a message, as i;unicode-casemap compares it.

    Arguments:
        fields: the lines of its header.
        body: its text parts.
    """

    fields: bytes
    body: bytes


def read_texts(data: Buffer, limits: Limits) -> Texts | None:
    """Return the texts of a message; None if they are longer than an index should hold."""
    part = parse_structure(data)
    if part.body > limits.header_block:
        return None  # its summary, by which SEARCH FROM is answered, has not all of it
    if encoded_text_size(part) > _MOST_ENCODED * limits.indexed_text:
        return None
    text = MessageText.of_part(data, part)
    texts = Texts(_joined(text.lines), _joined(text.body))
    return texts if len(texts.fields) + len(texts.body) <= limits.indexed_text else None


def _joined(texts: Iterable[str]) -> bytes:
    return b"".join(SEPARATOR + text.encode() for text in texts)


def tokens(text: bytes) -> str:
    """Return what the tokenizer is to see of a text: it stops at a NUL."""
    return text.decode("utf-8", "replace").replace("\0", "\1")


def indexed(connection: sqlite3.Connection, number: int) -> tuple[str, int] | None:
    """Return id and body of the message that is indexed under a number."""
    row = connection.execute("SELECT id, body FROM entries WHERE message = ?", (number,)).fetchone()
    return None if row is None else (row["id"], row["body"])


def add(connection: sqlite3.Connection, source: Source, texts: Texts | None) -> None:
    """Put a message in.

    Arguments:
        texts: None if it has to be looked through by whoever searches.
    """
    row = _new_row(connection, source.inbox)
    connection.execute(
        "INSERT INTO entries (message, id, body, row, complete) VALUES (?, ?, ?, ?, ?)",
        (source.number, source.id, source.body, row, int(texts is not None)),
    )
    if texts is not None:
        connection.execute("INSERT INTO texts VALUES (?, ?, ?)", (row, texts.fields, texts.body))
        for table, text in (("field_trigrams", texts.fields), ("body_trigrams", texts.body)):
            connection.execute(
                f"INSERT INTO {table} (rowid, text) VALUES (?, ?)", (row, tokens(text))
            )


def remove(connection: sqlite3.Connection, number: int) -> None:
    """Take out what is indexed under a number."""
    entry = connection.execute(
        "DELETE FROM entries WHERE message = ? RETURNING row", (number,)
    ).fetchone()
    if entry is None:
        return
    texts = connection.execute(
        "DELETE FROM texts WHERE row = ? RETURNING fields, body", (entry["row"],)
    ).fetchone()
    if texts is not None:
        # FTS5 does not keep what it was given: it must be told, exactly.
        for table, text in (("field_trigrams", texts["fields"]), ("body_trigrams", texts["body"])):
            connection.execute(
                f"INSERT INTO {table} ({table}, rowid, text) VALUES ('delete', ?, ?)",
                (entry["row"], tokens(text)),
            )


def inbox_rows(connection: sqlite3.Connection, inbox: str) -> tuple[int, int] | None:
    """Return the first and the last row that an inbox may have; None if it has none yet."""
    found = connection.execute("SELECT number FROM ranges WHERE inbox = ?", (inbox,)).fetchone()
    if found is None:
        return None
    first = found["number"] << INBOX_BITS
    return first, first + (1 << INBOX_BITS) - 1


def _new_row(connection: sqlite3.Connection, inbox: str) -> int:
    rows = inbox_rows(connection, inbox)
    if rows is None:
        connection.execute("INSERT INTO ranges (inbox) VALUES (?)", (inbox,))
        return _new_row(connection, inbox)
    (last,) = connection.execute(
        "SELECT max(row) FROM entries WHERE row BETWEEN ? AND ?", rows
    ).fetchone()
    return rows[0] if last is None else int(last) + 1
