"""Uploads: octets that wait to be cited in a message, for a while."""

from __future__ import annotations

import hashlib
import hmac
import sqlite3
from datetime import UTC, datetime
from typing import Final

from mailcore.message import Buffer
from mailcore_agentpost.cases import TOO_MANY_UPLOADS, Refusal
from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail.messages import purge_body, write_body
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import UploadRow

#: Seconds for which an upload can be filled and cited.
LIFETIME: Final = 24 * 60 * 60.0
#: Uploads of one organization that may wait at a time, and octets in them.
MOST: Final = 1000
MOST_OCTETS: Final = 1024 * 1024 * 1024


def _upload(row: sqlite3.Row) -> UploadRow:
    return UploadRow(
        id=row["id"],
        org_id=row["organization"],
        inbox_id=row["inbox"],
        filename=row["filename"],
        mime_type=row["mime_type"],
        body=row["body"],
        size=row["size"],
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
        expires_at=datetime.fromtimestamp(row["created_at"] + LIFETIME, UTC),
    )


def _hash(ticket: str) -> bytes:
    return hashlib.sha256(ticket.encode("utf-8", "surrogatepass")).digest()


def insert_upload(
    transaction: Transaction,
    organization: str,
    *,
    inbox: str | None,
    filename: str,
    mime_type: str,
    ticket: str,
    now: float,
) -> UploadRow:
    """Make room for octets that are to come.

    Arguments:
        inbox: the only one that it can be cited in, or None.
        ticket: whoever shows it may send the octets.

    Raises:
        Refusal: TOO_MANY_UPLOADS.
    """
    count, octets = transaction.execute(
        "SELECT count(*), coalesce(sum(size), 0) FROM uploads"
        " WHERE organization = ? AND created_at > ?",
        (organization, now - LIFETIME),
    ).fetchone()
    if count >= MOST or octets >= MOST_OCTETS:
        raise Refusal(TOO_MANY_UPLOADS)
    row = transaction.execute(
        "INSERT INTO uploads"
        " (id, organization, inbox, filename, mime_type, ticket, created_at)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING *",
        (new_id("att"), organization, inbox, filename, mime_type, _hash(ticket), now),
    ).fetchone()
    return _upload(row)


def find_upload(connection: sqlite3.Connection, upload: str, now: float) -> UploadRow | None:
    """Return an upload that has not expired."""
    row = connection.execute(
        "SELECT * FROM uploads WHERE id = ? AND created_at > ?", (upload, now - LIFETIME)
    ).fetchone()
    return None if row is None else _upload(row)


def opens(connection: sqlite3.Connection, upload: str, ticket: str) -> bool:
    """Tell whether a ticket lets octets into an upload."""
    row = connection.execute("SELECT ticket FROM uploads WHERE id = ?", (upload,)).fetchone()
    return row is not None and hmac.compare_digest(row["ticket"], _hash(ticket))


def fill(transaction: Transaction, upload: str, data: Buffer) -> UploadRow | None:
    """Store the octets of an upload in the place of any before; None if it is gone."""
    old = transaction.execute("SELECT body FROM uploads WHERE id = ?", (upload,)).fetchone()
    if old is None:
        return None
    row = transaction.execute(
        "UPDATE uploads SET body = ?, size = ? WHERE id = ? RETURNING *",
        (write_body(transaction, data), len(data), upload),
    ).fetchone()
    if old["body"] is not None:
        purge_body(transaction, old["body"])
    return _upload(row)


def delete_upload(transaction: Transaction, upload: str) -> None:
    """Remove an upload; messages that cite it have a copy."""
    _forget(transaction, "id = ?", upload)


def forget_uploads(transaction: Transaction, now: float) -> None:
    """Remove the uploads that have expired."""
    _forget(transaction, "created_at <= ?", now - LIFETIME)


def _forget(transaction: Transaction, where: str, value: object) -> None:
    rows = transaction.execute(f"DELETE FROM uploads WHERE {where} RETURNING body", (value,))
    for row in rows.fetchall():
        if row["body"] is not None:
            purge_body(transaction, row["body"])
