"""API keys: made once, kept as a hash, and as what SCRAM needs of them."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, get_args

from mailcore.channel import ClientCertificate
from mailcore_agentpost.cases import BAD_KEY, KEY_EXPIRED, ORG_SUSPENDED, Refusal
from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail import scram
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow, KeyRow, Scope

ALL_SCOPES: Final[frozenset[str]] = frozenset(get_args(Scope))

PREFIX: Final = "ap_sk_"
#: What stands in its place where a client certificate takes that of a secret.
CERTIFICATE: Final = "certificate"
_ALPHABET: Final = string.ascii_letters + string.digits
# log2(62) bits each: 190 bits, which no guessing finds, so that a fast hash is enough.
_LENGTH: Final = 32


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def _key(row: sqlite3.Row) -> KeyRow:
    return KeyRow(
        id=row["id"],
        org_id=row["organization"],
        name=row["name"],
        prefix=row["prefix"],
        last_four=row["last_four"],
        scopes=frozenset(row["scopes"].split()),
        inbox_id=row["inbox"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        expires_at=_time(row["expires_at"]),
        revoked_at=_time(row["revoked_at"]),
    )


def _time(seconds: float | None) -> datetime | None:
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def insert_key(
    transaction: Transaction,
    organization: str,
    *,
    name: str,
    scopes: frozenset[str],
    inbox: str | None,
    now: datetime,
    expires_at: datetime | None = None,
) -> tuple[KeyRow, str]:
    """Make a key; return it with its secret, which is kept nowhere."""
    secret = PREFIX + "".join(secrets.choice(_ALPHABET) for _ in range(_LENGTH))
    pair = scram.pair_for(transaction.connection, secret)
    row = _insert(
        transaction,
        organization=organization,
        name=name,
        hash=_hash(secret),
        prefix=PREFIX,
        last_four=secret[-4:],
        scopes=" ".join(sorted(scopes)),
        inbox=inbox,
        created_at=now.timestamp(),
        expires_at=None if expires_at is None else expires_at.timestamp(),
        scram_stored=pair.stored_key,
        scram_server=pair.server_key,
    )
    return row, secret


def insert_certificate_key(
    transaction: Transaction,
    inbox: InboxRow,
    certificate: ClientCertificate,
    digest: bytes,
    now: datetime,
) -> KeyRow:
    """Make a key without a secret, for whoever has a certificate; it opens one inbox."""
    return _insert(
        transaction,
        organization=inbox.org_id,
        name=f"Certificate of {certificate.common_name or inbox.address}",
        hash=digest,
        prefix=CERTIFICATE,
        last_four=certificate.fingerprint[-4:],
        scopes="messages:read messages:write",
        inbox=inbox.id,
        created_at=now.timestamp(),
    )


def _insert(transaction: Transaction, **columns: object) -> KeyRow:
    names = ", ".join(columns)
    row = transaction.execute(
        f"INSERT INTO keys (id, {names}) VALUES (?{', ?' * len(columns)}) RETURNING *",
        (new_id("key"), *columns.values()),
    ).fetchone()
    return _key(row)


def authenticate(connection: sqlite3.Connection, secret: str, now: datetime) -> KeyRow:
    """Return the key with a secret.

    Raises:
        Refusal: BAD_KEY, KEY_EXPIRED, ORG_SUSPENDED.
    """
    key = key_of(connection, _hash(secret))
    if key is None:
        raise Refusal(BAD_KEY)
    return valid_key(connection, key, now)


def key_of(connection: sqlite3.Connection, digest: bytes) -> str | None:
    """Return the id of the key with a hash, valid or not."""
    row = connection.execute("SELECT id FROM keys WHERE hash = ?", (digest,)).fetchone()
    return None if row is None else row["id"]


def valid_key(connection: sqlite3.Connection, key: str, now: datetime) -> KeyRow:
    """Return a key if it still opens something; raises Refusal as :func:`authenticate` does."""
    row = connection.execute(
        "SELECT keys.*, organizations.status FROM keys"
        " JOIN organizations ON organizations.id = organization WHERE keys.id = ?",
        (key,),
    ).fetchone()
    if row is None or row["revoked_at"] is not None:
        raise Refusal(BAD_KEY)
    if row["status"] != "active":
        raise Refusal(ORG_SUSPENDED)
    found = _key(row)
    if found.expires_at is not None and found.expires_at <= now:
        raise Refusal(KEY_EXPIRED)
    return found


def find_key(connection: sqlite3.Connection, organization: str, key: str) -> KeyRow | None:
    """Return a key of an organization, valid or not."""
    row = connection.execute(
        "SELECT * FROM keys WHERE id = ? AND organization = ?", (key, organization)
    ).fetchone()
    return None if row is None else _key(row)


def list_keys(
    connection: sqlite3.Connection, organization: str, after: str, limit: int
) -> Sequence[KeyRow]:
    """Return keys by ascending id."""
    rows = connection.execute(
        "SELECT * FROM keys WHERE organization = ? AND id > ? ORDER BY id LIMIT ?",
        (organization, after, limit),
    )
    return [_key(row) for row in rows.fetchall()]


def revoke(transaction: Transaction, key: str, now: datetime) -> None:
    """Revoke a key, unless that was done."""
    transaction.execute(
        "UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL",
        (now.timestamp(), key),
    )
