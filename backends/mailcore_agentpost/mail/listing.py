"""Messages as REST shows them: each once, however many folders it lies in."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any, Final, Literal

from mailcore_agentpost.mail.folders import DRAFTS, INBOX, SENT, TRASH, find_folder
from mailcore_agentpost.mail.placements import change_flags, copy, remove
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import MessageFilter, MessageRow

# Of a message in several folders, the first of them counts, Trash last: the row that min() takes
# is the one that the other columns come from.
_SELECT: Final = """
    SELECT messages.id, messages.number, messages.inbox, messages.thread, messages.direction,
        messages.has_attachments, messages.created_at, messages.header, messages.draft,
        messages.authentication,
        bodies.size,
        folders.name AS folder, placements.flags,
        min((folders.name = 'Trash') * 1099511627776 + folders.id)
    FROM messages
    JOIN bodies ON bodies.id = messages.body
    JOIN placements ON placements.message = messages.number
    JOIN folders ON folders.id = placements.folder
    WHERE {where}
    GROUP BY messages.id ORDER BY {order} DESC LIMIT ?
"""


def _message(row: sqlite3.Row) -> MessageRow:
    return MessageRow(
        id=row["id"],
        inbox_id=row["inbox"],
        thread_id=row["thread"],
        direction=row["direction"],
        folder=row["folder"],
        flags=frozenset(row["flags"].split()),
        has_attachments=bool(row["has_attachments"]),
        size=row["size"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        header=row["header"],
        number=row["number"],
        draft_id=row["draft"],
        authentication=json.loads(row["authentication"] or "null"),
    )


def list_messages(
    connection: sqlite3.Connection,
    inbox: str,
    where: MessageFilter,
    before: str | None,
    limit: int,
    among: Collection[int] | None = None,
) -> Sequence[MessageRow]:
    """Return messages of an inbox by descending id; those in Trash and Drafts only when asked.

    Arguments:
        among: numbers of messages; no others count.
    """
    terms = ["messages.inbox = ?"]
    if where.folder is None:
        terms.append(f"folders.name NOT IN ('{TRASH}', '{DRAFTS}')")
    values: list[Any] = [inbox]
    for term, value in (
        ("messages.id < ?", before),
        ("folders.name = ?", where.folder),
        ("messages.direction = ?", where.direction),
        ("instr(' ' || placements.flags || ' ', ?) > 0", where.label and f" {where.label} "),
        ("(instr(' ' || placements.flags || ' ', ' \\Seen ') = 0) = ?", where.unread),
        ("(instr(' ' || placements.flags || ' ', ' \\Flagged ') > 0) = ?", where.starred),
        ("messages.has_attachments = ?", where.has_attachments),
        ("messages.thread = ?", where.thread),
        (
            "messages.number IN (SELECT value FROM json_each(?))",
            None if among is None else json.dumps([*among]),
        ),
        ("messages.created_at >= ?", _seconds(where.since)),
        ("messages.created_at < ?", _seconds(where.until)),
    ):
        if value is not None:
            terms.append(term)
            values.append(value)
    return select_messages(connection, " AND ".join(terms), values, limit)


def _seconds(moment: datetime | None) -> float | None:
    """Return a bound on ``created_at`` by which a message is not before the moment it is shown."""
    # Shown are whole microseconds, the nearest; stored is somewhat more or less.
    return None if moment is None else moment.timestamp() - 0.6e-6


def select_messages(
    connection: sqlite3.Connection,
    where: str,
    values: Sequence[Any],
    limit: int,
    order: Literal["messages.id", "messages.draft"] = "messages.id",
) -> list[MessageRow]:
    """Return messages by descending id.

    Arguments:
        where: SQL over ``messages``, ``placements`` and ``folders``; never a client's text.
        values: for its question marks.
        order: the id that they come by.
    """
    rows = connection.execute(_SELECT.format(where=where, order=order), (*values, limit))
    return [_message(row) for row in rows.fetchall()]


def find_message(connection: sqlite3.Connection, message: str) -> MessageRow | None:
    """Return a message."""
    found = select_messages(connection, "messages.id = ?", [message], 1)
    return found[0] if found else None


def messages_by_id(
    connection: sqlite3.Connection, messages: Sequence[str]
) -> dict[str, MessageRow]:
    """Return those of some messages that are there."""
    where = "messages.id IN (SELECT value FROM json_each(?))"
    found = select_messages(connection, where, [json.dumps(list(messages))], len(messages))
    return {message.id: message for message in found}


def messages_by_message_id(
    connection: sqlite3.Connection, inbox: str, message_ids: Sequence[str]
) -> dict[str, MessageRow]:
    """Return those messages of an inbox that have some Message-IDs; of several the latest."""
    values = json.dumps(list(message_ids))
    rows = connection.execute(
        "SELECT message_id, max(id) AS id FROM messages"
        " WHERE inbox = ? AND message_id IN (SELECT value FROM json_each(?)) GROUP BY message_id",
        (inbox, values),
    ).fetchall()
    found = messages_by_id(connection, [row["id"] for row in rows])
    return {row["message_id"]: found[row["id"]] for row in rows if row["id"] in found}


def _places(transaction: Transaction, message: str) -> list[tuple[int, int, str]]:
    """Return where a message lies: folder, UID, name of the folder."""
    rows = transaction.execute(
        "SELECT folder, uid, folders.name FROM messages JOIN placements ON message = number"
        " JOIN folders ON folders.id = folder WHERE messages.id = ? ORDER BY folder",
        (message,),
    )
    return [(row["folder"], row["uid"], row["name"]) for row in rows.fetchall()]


def change_message_flags(
    transaction: Transaction, message: str, add: frozenset[str], remove: frozenset[str]
) -> None:
    """Change the flags of a message wherever it lies."""
    for folder, uid, _ in _places(transaction, message):
        change_flags(transaction, folder, [uid], lambda old: (old - remove) | add)


def trash_message(transaction: Transaction, message: MessageRow) -> None:
    """Put a message into Trash and out of all other folders."""
    places = _places(transaction, message.id)
    trash = find_folder(transaction.connection, message.inbox_id, TRASH)
    if all(folder != trash.id for folder, _, _ in places):
        for folder, uid, _ in places[:1]:  # none, if it was purged meanwhile
            copy(transaction, folder, [uid], trash)
    for folder, uid, _ in places:
        if folder != trash.id:
            remove(transaction, folder, [uid])


def restore_message(transaction: Transaction, message: MessageRow) -> None:
    """Put a message out of Trash into where it belongs: drafts among drafts, mail by direction."""
    home = SENT if message.direction == "outbound" else INBOX
    if message.draft_id is not None:
        home = DRAFTS
    target = find_folder(transaction.connection, message.inbox_id, home)
    places = _places(transaction, message.id)
    if all(folder != target.id for folder, _, _ in places):
        for folder, uid, _ in [one for one in places if one[2] == TRASH][:1]:
            copy(transaction, folder, [uid], target)
    for folder, uid, name in places:
        if name == TRASH:
            remove(transaction, folder, [uid])


def find_body(connection: sqlite3.Connection, message: str) -> int | None:
    """Return the number of a message's body."""
    row = connection.execute("SELECT body FROM messages WHERE id = ?", (message,)).fetchone()
    return None if row is None else row["body"]
