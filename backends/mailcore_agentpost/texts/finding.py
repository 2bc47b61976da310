"""Questions to the index: which messages of a folder, or of an inbox, have a text.

The trigrams name candidates; whether they have the text is seen in what is kept of them, so that
the answer is exact. A text shorter than a trigram is looked for in all of them.
"""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass, replace
from typing import Final

from mailcore.backend import TextKey
from mailcore.imap.collation import casemap
from mailcore.imap.search import SUMMARY_FIELDS
from mailcore.imap.searchkeys import Body, Header, Text
from mailcore_agentpost.texts.entries import SEPARATOR, inbox_rows, tokens

# Trigrams that are asked for: more of them, fewer candidates, and each costs a look-up.
_MOST_TRIGRAMS: Final = 24


@dataclass(frozen=True, slots=True)
class Scope:
    """Where to look, in SQL.

    Arguments:
        number: what a message is called there.
        messages: all that are there.
        join: from a message to its place.
        condition: that the place is the one named by ``:place``.
    """

    number: str
    messages: str
    join: str
    condition: str


#: A folder, by its id; messages are UIDs.
FOLDER: Final = Scope(
    "placements.uid",
    "placements CROSS JOIN messages ON messages.number = placements.message",
    "CROSS JOIN placements ON placements.message = messages.number",
    "placements.folder = :place",
)
#: An inbox, by its id; messages are their numbers.
INBOX: Final = Scope("messages.number", "messages", "", "messages.inbox = :place")

# What is indexed counts while it is that message: its number may have gone to another.
_SAME: Final = "entries.id = messages.id AND entries.body = messages.body"
# CROSS JOIN keeps SQLite to this order: candidates first, what is kept of them last.
_BY_TRIGRAMS: Final = (
    "SELECT {scope.number} FROM {table} CROSS JOIN entries ON entries.row = {table}.rowid"
    f" CROSS JOIN messages ON messages.number = entries.message AND {_SAME}"
    " {scope.join} CROSS JOIN texts ON texts.row = entries.row"
    " WHERE {table} MATCH :trigrams AND {table}.rowid BETWEEN :first AND :last"
    " AND {scope.condition} AND {test}"
)
_ONE_BY_ONE: Final = (
    "SELECT {scope.number} FROM {scope.messages}"
    f" CROSS JOIN entries ON entries.message = messages.number AND {_SAME}"
    " CROSS JOIN texts ON texts.row = entries.row WHERE {scope.condition} AND {test}"
)
_MISSING: Final = (
    "SELECT {scope.number} AS number FROM {scope.messages}"
    f" LEFT JOIN entries ON entries.message = messages.number AND {_SAME}"
    " WHERE {scope.condition} AND entries.message IS NULL AND {scope.number} > :after"
    " ORDER BY {scope.number}"
)
_INCOMPLETE: Final = (
    "SELECT {scope.number} FROM entries"
    f" CROSS JOIN messages ON messages.number = entries.message AND {_SAME} {{scope.join}}"
    " WHERE entries.complete = 0 AND entries.row BETWEEN :first AND :last AND {scope.condition}"
)


def find(
    connection: sqlite3.Connection, scope: Scope, place: int | str, inbox: str, key: TextKey
) -> list[int] | None:
    """Return the messages that have a text, of those that are wholly indexed.

    Arguments:
        place: the folder or the inbox.
        inbox: whose it is.

    Returns:
        None if the index can not tell.
    """
    if isinstance(key, Header) and key.name.upper() in SUMMARY_FIELDS and "\n" in key.value:
        return None  # SEARCH finds that across two fields of one name
    rows = inbox_rows(connection, inbox)
    if rows is None:
        return []
    text = casemap(key.value).encode()
    values = {"place": place, "first": rows[0], "last": rows[1]}
    found: set[int] = set()
    for part in _parts(key, text):
        trigrams = part.trigrams
        sql = _BY_TRIGRAMS if trigrams else _ONE_BY_ONE
        rows_found = connection.execute(
            sql.format(scope=scope, table=part.table, test=part.test),
            {**values, **part.values, "trigrams": " AND ".join(trigrams)},
        )
        found.update(number for (number,) in rows_found.fetchall())
    return sorted(found)


@dataclass(frozen=True, slots=True)
class _Part:
    """What is true of one part of the messages that match.

    Arguments:
        table: the trigrams of that part.
        trigrams: all of which are in it.
        test: the truth, in SQL.
        values: of the test.
    """

    table: str
    trigrams: list[str]
    test: str
    values: dict[str, bytes]


def _parts(key: TextKey, text: bytes) -> list[_Part]:
    """Return where a text may be: in the header, in the body, or in either."""
    # Any text has the empty one in it; where there is none there is no separator either.
    needle = {"text": text or SEPARATOR}
    in_body = _Part("body_trigrams", _trigrams(text), "instr(texts.body, :text)", needle)
    match key:
        case Header(name):
            named = name.upper().encode("utf-8", "replace")
            trigrams = [*_trigrams(text), *_trigrams(named + b": ")]
            test = "has_field(texts.fields, :name, :text)"
            return [_Part("field_trigrams", trigrams, test, {"name": named, "text": text})]
        case Body():
            return [in_body]
        case Text():
            test = "instr(texts.fields, :text)"
            if not in_body.trigrams:
                # All of them are looked at: once is enough.
                return [replace(in_body, test=f"({test} OR {in_body.test})")]
            return [in_body, replace(in_body, table="field_trigrams", test=test)]


def has_field(fields: bytes, name: bytes, text: bytes) -> bool:
    """Tell whether one of the fields has this name, and this in its value. For SQL."""
    start = name + b": "
    return any(
        line.startswith(start) and line.find(text, len(start)) >= 0
        for line in fields.split(SEPARATOR)
    )


def _trigrams(text: bytes) -> list[str]:
    """Return some of the trigrams of a text, each as FTS5 takes it; none if it is too short."""
    letters = tokens(text)
    found = list(dict.fromkeys(letters[at : at + 3] for at in range(len(letters) - 2)))
    step = max(1, -(-len(found) // _MOST_TRIGRAMS))
    return ['"{}"'.format(one.replace('"', '""')) for one in found[::step]]


def missing(
    connection: sqlite3.Connection, scope: Scope, place: int | str, after: int = 0
) -> list[int]:
    """Return the messages that are not indexed yet, rising, from one on."""
    values = {"place": place, "after": after}
    found = connection.execute(_MISSING.format(scope=scope), values)
    return [number for (number,) in found.fetchall()]


def incomplete(
    connection: sqlite3.Connection, scope: Scope, place: int | str, inbox: str
) -> list[int]:
    """Return the messages that are longer than the index holds."""
    rows = inbox_rows(connection, inbox)
    if rows is None:
        return []
    values = {"place": place, "first": rows[0], "last": rows[1]}
    found = connection.execute(_INCOMPLETE.format(scope=scope), values)
    return [number for (number,) in found.fetchall()]


def last_uid(connection: sqlite3.Connection, folder: int) -> int:
    """Return the highest UID in a folder, 0 if it is empty."""
    (last,) = connection.execute(
        "SELECT max(uid) FROM placements WHERE folder = ?", (folder,)
    ).fetchone()
    return int(last or 0)
