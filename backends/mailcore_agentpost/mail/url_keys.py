"""Keys by which URLs of messages are authorized, one for each folder (RFC 4467 §2.2)."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final

from mailcore.backend import NoSuchMailbox
from mailcore_agentpost.mail.folders import Folder, find_folder
from mailcore_agentpost.store import Transaction

_OCTETS: Final = 32


def shared_folder(connection: sqlite3.Connection, address: str, name: str) -> Folder:
    """Return a folder of whoever has that address, while its organization is active.

    Raises:
        NoSuchMailbox: there is none.
    """
    row = connection.execute(
        "SELECT inboxes.id FROM inboxes JOIN organizations ON organizations.id = organization"
        " WHERE address = ? AND status = 'active'",
        (address.lower(),),
    ).fetchone()
    if row is None:
        raise NoSuchMailbox
    return find_folder(connection, row["id"], name)


def read_key(connection: sqlite3.Connection, address: str, name: str) -> bytes | None:
    """Return the key of a folder, or None if it has none yet; raises NoSuchMailbox."""
    folder = shared_folder(connection, address, name)
    row = connection.execute("SELECT key FROM url_keys WHERE folder = ?", (folder.id,)).fetchone()
    return None if row is None else bytes(row["key"])


def make_key(transaction: Transaction, inbox: str, name: str) -> bytes:
    """Return the key of a folder, made if it has none yet; raises NoSuchMailbox."""
    folder = find_folder(transaction.connection, inbox, name)
    transaction.execute(
        "INSERT OR IGNORE INTO url_keys (folder, key) VALUES (?, ?)",
        (folder.id, secrets.token_bytes(_OCTETS)),
    )
    row = transaction.execute("SELECT key FROM url_keys WHERE folder = ?", (folder.id,)).fetchone()
    return bytes(row["key"])


def forget_keys(transaction: Transaction, inbox: str, name: str | None) -> None:
    """Forget the key of a folder, or for None those of all; raises NoSuchMailbox."""
    if name is None:
        transaction.execute(
            "DELETE FROM url_keys WHERE folder IN (SELECT id FROM folders WHERE inbox = ?)",
            (inbox,),
        )
    else:
        folder = find_folder(transaction.connection, inbox, name)
        transaction.execute("DELETE FROM url_keys WHERE folder = ?", (folder.id,))


def forget_keys_behind(transaction: Transaction, api_key: str) -> None:
    """Forget the keys of all folders that an API key opens: who has it may have made URLs."""
    transaction.execute(
        "DELETE FROM url_keys WHERE folder IN (SELECT folders.id FROM keys"
        " JOIN inboxes ON inboxes.organization = keys.organization"
        " AND (keys.inbox IS NULL OR keys.inbox = inboxes.id)"
        " JOIN folders ON folders.inbox = inboxes.id WHERE keys.id = ?)",
        (api_key,),
    )
