"""What SCRAM verifies API keys by, without their secrets (RFC 5802 §3).

SCRAM wants one salt for all passwords of a user, so that the keys of an organization need a common
one. A salt keeps guesses at one password from counting for another; a secret of 190 random bits is
guessed by nobody, so one salt for the whole store takes nothing away. Everybody gets it, users who
are not there as well: then it tells nobody who is.

What is kept proves nothing to this server, as a proof takes what the stored key is the hash of.
Keys made before there was SCRAM have nothing of the kind, and nothing can be made for them.
"""

from __future__ import annotations

import sqlite3
from datetime import datetime
from typing import Final

from mailcore.sasl import KeyPair, ScramHash, ScramKeys, derive_keys

#: The hash function that keys are kept for: what offers only SCRAM-SHA-1 takes PLAIN as well.
HASH: Final[ScramHash] = "SHA-256"


def pair_for(connection: sqlite3.Connection, secret: str) -> KeyPair:
    """Return what is kept of a new secret."""
    salt, iterations = _common(connection)
    return derive_keys(secret, HASH, salt=salt, iterations=iterations).pairs[0]


def keys_of(connection: sqlite3.Connection, address: str) -> ScramKeys:
    """Return what opens an inbox: no pair if nothing does, or there is no such inbox."""
    rows = connection.execute(
        "SELECT scram_stored, scram_server FROM keys JOIN inboxes"
        " ON inboxes.organization = keys.organization"
        " WHERE address = ? AND (inbox IS NULL OR inbox = inboxes.id)"
        " AND revoked_at IS NULL AND scram_stored IS NOT NULL ORDER BY keys.id DESC",
        (address.lower(),),
    )
    pairs = tuple(KeyPair(row["scram_stored"], row["scram_server"]) for row in rows.fetchall())
    return ScramKeys(*_common(connection), pairs)


def key_with(connection: sqlite3.Connection, stored_key: bytes) -> str | None:
    """Return the id of the key that has a stored key."""
    row = connection.execute("SELECT id FROM keys WHERE scram_stored = ?", (stored_key,)).fetchone()
    return None if row is None else row["id"]


def opens_all(connection: sqlite3.Connection, prefix: str, now: datetime) -> bool:
    """Tell whether SCRAM works for every key that still opens something.

    A client that is offered SCRAM tries nothing else, so that it must not be offered while a key
    from before it is in use.

    Arguments:
        prefix: of keys that have a secret.
    """
    row = connection.execute(
        "SELECT 1 FROM keys WHERE scram_stored IS NULL AND revoked_at IS NULL AND prefix = ?"
        " AND (expires_at IS NULL OR expires_at > ?) LIMIT 1",
        (prefix, now.timestamp()),
    ).fetchone()
    return row is None


def _common(connection: sqlite3.Connection) -> tuple[bytes, int]:
    salt, iterations = connection.execute("SELECT salt, iterations FROM scram").fetchone()
    return salt, iterations
