"""Folders: named sets of placements, each with a mod-sequence and UIDs of its own."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from mailcore.backend import Cannot, CannotServe, LimitReached, MailboxExists, NoSuchMailbox
from mailcore_agentpost.store import Step, Transaction
from mailcore_agentpost.types import FolderRow

INBOX: Final = "INBOX"
SENT: Final = "Sent"
DRAFTS: Final = "Drafts"
TRASH: Final = "Trash"

#: The folders that every inbox has, with their special use (RFC 6154). They stay.
STANDARD: Final[Mapping[str, str | None]] = {
    INBOX: None,
    SENT: "\\Sent",
    DRAFTS: "\\Drafts",
    TRASH: "\\Trash",
}

# Uses that show messages of other folders (RFC 6154 §2).
_VIEWS: Final = frozenset({"\\All", "\\Flagged"})
#: Folders of an inbox.
MOST_FOLDERS: Final = 1000
_LONGEST_NAME: Final = 255


@dataclass(frozen=True, slots=True)
class Folder:
    """A folder of an inbox."""

    id: int
    inbox: str
    name: str
    special_use: str | None
    subscribed: bool


_COLUMNS = "id, inbox, name, special_use, subscribed"


def _folder(row: sqlite3.Row) -> Folder:
    return Folder(row["id"], row["inbox"], row["name"], row["special_use"], bool(row["subscribed"]))


def all_folders(connection: sqlite3.Connection, inbox: str) -> list[Folder]:
    """Return the folders of an inbox, the standard ones first."""
    rows = connection.execute(
        f"SELECT {_COLUMNS} FROM folders WHERE inbox = ? ORDER BY id", (inbox,)
    )
    return [_folder(row) for row in rows.fetchall()]


def count_folders(connection: sqlite3.Connection, inbox: str) -> list[FolderRow]:
    """Return the folders of an inbox with how many messages lie in each."""
    rows = connection.execute(
        "SELECT name, special_use, count(uid) AS total,"
        " count(uid) FILTER (WHERE instr(' ' || flags || ' ', ' \\Seen ') = 0) AS unread"
        " FROM folders LEFT JOIN placements ON folder = id WHERE inbox = ?"
        " GROUP BY id ORDER BY id",
        (inbox,),
    )
    return [
        FolderRow(
            name=row["name"],
            special_use=row["special_use"],
            total=row["total"],
            unread=row["unread"],
        )
        for row in rows.fetchall()
    ]


def find_folder(connection: sqlite3.Connection, inbox: str, name: str) -> Folder:
    """Return a folder by its name; raises NoSuchMailbox."""
    row = connection.execute(
        f"SELECT {_COLUMNS} FROM folders WHERE inbox = ? AND name = ?", (inbox, name)
    ).fetchone()
    if row is None:
        raise NoSuchMailbox
    return _folder(row)


def create_standard(transaction: Transaction, inbox: str) -> None:
    """Make the folders of a new inbox."""
    for name, special_use in STANDARD.items():
        _insert(transaction, inbox, name, special_use)


def create_folder(
    transaction: Transaction, inbox: str, name: str, special_use: str | None = None
) -> None:
    """Make a folder, perhaps for a special use (RFC 6154 §3).

    Raises:
        MailboxExists: there is one of that name.
        LimitReached: there are too many.
        Cannot: nothing can have that name.
        CannotServe: no folder is for that use, or there is one already.
    """
    _check_name(name)
    if special_use is not None:
        _check_free(transaction, inbox, special_use)
    (count,) = transaction.execute(
        "SELECT count(*) FROM folders WHERE inbox = ?", (inbox,)
    ).fetchone()
    if count >= MOST_FOLDERS:
        raise LimitReached(f"An inbox has at most {MOST_FOLDERS} folders")
    _insert(transaction, inbox, name, special_use)


def _check_free(transaction: Transaction, inbox: str, special_use: str) -> None:
    if special_use in _VIEWS:
        raise CannotServe("Folders hold messages; views of other folders they are not")
    taken = transaction.execute(
        "SELECT 1 FROM folders WHERE inbox = ? AND special_use = ?", (inbox, special_use)
    ).fetchone()
    if taken is not None:
        raise CannotServe("There is a folder for that already")


def _check_name(name: str) -> None:
    if len(name) > _LONGEST_NAME or not all(name.split("/")):
        raise Cannot(f"A name has at most {_LONGEST_NAME} characters, and something in each level")


def _insert(transaction: Transaction, inbox: str, name: str, special_use: str | None) -> None:
    try:
        transaction.execute(
            "INSERT INTO folders (inbox, name, special_use, subscribed, uid_next, modseq)"
            " VALUES (?, ?, ?, 1, 1, 1)",
            (inbox, name, special_use),
        )
    except sqlite3.IntegrityError:
        raise MailboxExists from None


def rename_folder(transaction: Transaction, inbox: str, name: str, new_name: str) -> None:
    """Rename a folder and those below it (RFC 9051 §6.3.6); their ids and UIDs stay.

    Raises:
        NoSuchMailbox, MailboxExists: as they say.
        Cannot: it is a standard folder, or the new name can not be.
    """
    if name in STANDARD:
        raise Cannot("This folder keeps its name")
    _check_name(new_name)
    moving = [
        folder
        for folder in all_folders(transaction.connection, inbox)
        if folder.name == name or folder.name.startswith(name + "/")
    ]
    # A name that is no folder has some below it, perhaps.
    if not moving:
        raise NoSuchMailbox
    if new_name == name:
        raise MailboxExists
    if new_name.startswith(name + "/"):
        raise Cannot("A folder can not go below itself")
    # From the top: what moves up may take a name that one above it has just left.
    moving.sort(key=lambda folder: len(folder.name))
    try:
        for folder in moving:
            transaction.execute(
                "UPDATE folders SET name = ? WHERE id = ?",
                (new_name + folder.name.removeprefix(name), folder.id),
            )
    except sqlite3.IntegrityError:
        raise MailboxExists from None


def forget_folder(transaction: Transaction, folder: Folder) -> None:
    """Remove an empty folder."""
    transaction.execute("DELETE FROM vanished WHERE folder = ?", (folder.id,))
    transaction.execute(
        "DELETE FROM annotations WHERE inbox = ? AND folder = ?", (folder.inbox, folder.id)
    )
    transaction.execute("DELETE FROM url_keys WHERE folder = ?", (folder.id,))
    transaction.execute("DELETE FROM folders WHERE id = ?", (folder.id,))
    transaction.moved.add((folder.inbox, folder.id))
    transaction.steps.append(Step(folder.id, 0, 0))


def subscribe(transaction: Transaction, inbox: str, name: str, subscribed: bool) -> None:
    """Note whether LSUB shows a folder; raises NoSuchMailbox."""
    folder = find_folder(transaction.connection, inbox, name)
    transaction.execute(
        "UPDATE folders SET subscribed = ? WHERE id = ?", (int(subscribed), folder.id)
    )


def advance(transaction: Transaction, folder: int, count: int = 0) -> Step:
    """Raise the mod-sequence of a folder that is about to change; return what is to be filled in.

    Arguments:
        count: UIDs to take for new placements, the last ones below the new ``uid_next``.

    Raises:
        NoSuchMailbox: the folder was removed.
    """
    row = transaction.execute(
        "UPDATE folders SET uid_next = uid_next + ?, modseq = modseq + 1 WHERE id = ?"
        " RETURNING uid_next, modseq, inbox",
        (count, folder),
    ).fetchone()
    if row is None:
        raise NoSuchMailbox
    transaction.moved.add((row["inbox"], folder))
    step = Step(folder, row["modseq"], row["uid_next"])
    transaction.steps.append(step)
    return step
