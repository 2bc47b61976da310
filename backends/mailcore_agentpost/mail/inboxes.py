"""Organizations and their inboxes."""

from __future__ import annotations

import secrets
import sqlite3
import string
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final, Literal

from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail.folders import all_folders, create_standard, forget_folder
from mailcore_agentpost.mail.messages import purge
from mailcore_agentpost.mail.placements import all_uids, remove
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow, OrganizationRow

_SUFFIX: Final = string.ascii_lowercase + string.digits
_SUFFIX_LENGTH: Final = 6


def _inbox(row: sqlite3.Row) -> InboxRow:
    return InboxRow(
        id=row["id"],
        org_id=row["organization"],
        address=row["address"],
        display_name=row["display_name"],
        client_id=row["client_id"],
        send_paused=bool(row["send_paused"]),
        created_at=datetime.fromtimestamp(row["created_at"], UTC),
    )


def insert_organization(transaction: Transaction, name: str, now: datetime) -> str:
    """Make an organization; return its id."""
    organization = new_id("org")
    transaction.execute(
        "INSERT INTO organizations (id, name, status, created_at) VALUES (?, ?, 'active', ?)",
        (organization, name, now.timestamp()),
    )
    return organization


def list_organizations(connection: sqlite3.Connection) -> Sequence[OrganizationRow]:
    """Return all organizations, the oldest first."""
    rows = connection.execute(
        "SELECT organizations.*, (SELECT count(*) FROM inboxes"
        " WHERE organization = organizations.id) AS inboxes FROM organizations ORDER BY id"
    )
    return [
        OrganizationRow(
            id=row["id"],
            name=row["name"],
            status=row["status"],
            inboxes=row["inboxes"],
            created_at=datetime.fromtimestamp(row["created_at"], UTC),
        )
        for row in rows.fetchall()
    ]


def set_status(
    transaction: Transaction, organization: str, status: Literal["active", "suspended"]
) -> OrganizationRow:
    """Suspend an organization or not; raises KeyError."""
    transaction.execute("UPDATE organizations SET status = ? WHERE id = ?", (status, organization))
    for one in list_organizations(transaction.connection):
        if one.id == organization:
            return one
    raise KeyError(organization)


def count_organizations(connection: sqlite3.Connection) -> int:
    """Return how many organizations there are."""
    count: int = connection.execute("SELECT count(*) FROM organizations").fetchone()[0]
    return count


def first_organization(connection: sqlite3.Connection) -> str | None:
    """Return the id of the organization that was made first."""
    row = connection.execute("SELECT id FROM organizations ORDER BY id LIMIT 1").fetchone()
    return None if row is None else row["id"]


def insert_inbox(
    transaction: Transaction,
    organization: str,
    *,
    username: str,
    domain: str,
    now: datetime,
    display_name: str = "",
    client_id: str | None = None,
) -> InboxRow:
    """Make an inbox with its folders; a repeated ``client_id`` gives the same one again.

    Arguments:
        username: what the address begins with; random characters follow, as the domain is shared.
    """
    if client_id is not None:
        row = transaction.execute(
            "SELECT * FROM inboxes WHERE organization = ? AND client_id = ?",
            (organization, client_id),
        ).fetchone()
        if row is not None:
            return _inbox(row)
    row = transaction.execute(
        "INSERT INTO inboxes (id, organization, address, display_name, client_id, send_paused,"
        " created_at) VALUES (?, ?, ?, ?, ?, 0, ?) RETURNING *",
        (
            new_id("inb"),
            organization,
            _free_address(transaction, username, domain),
            display_name,
            client_id,
            now.timestamp(),
        ),
    ).fetchone()
    create_standard(transaction, row["id"])
    return _inbox(row)


def _free_address(transaction: Transaction, username: str, domain: str) -> str:
    while True:
        suffix = "".join(secrets.choice(_SUFFIX) for _ in range(_SUFFIX_LENGTH))
        address = f"{username}-{suffix}@{domain}".lower()
        if inbox_at(transaction.connection, address) is None:
            return address


def inbox_at(connection: sqlite3.Connection, address: str) -> InboxRow | None:
    """Return the inbox with exactly that address, in any case."""
    row = connection.execute(
        "SELECT * FROM inboxes WHERE address = ?", (address.lower(),)
    ).fetchone()
    return None if row is None else _inbox(row)


def without_tag(address: str) -> str:
    """Return an address in lower case, without what follows a plus in its local part."""
    local, _, domain = address.lower().rpartition("@")
    return f"{local.partition('+')[0]}@{domain}"


def find_recipient(connection: sqlite3.Connection, address: str) -> InboxRow | None:
    """Return the inbox that mail to an address goes to: plus-tags are passed over."""
    return inbox_at(connection, without_tag(address))


def first_inbox(connection: sqlite3.Connection) -> InboxRow | None:
    """Return the inbox that was made first: that of whoever runs the server."""
    row = connection.execute("SELECT * FROM inboxes ORDER BY id LIMIT 1").fetchone()
    return None if row is None else _inbox(row)


def find_inbox(connection: sqlite3.Connection, organization: str, inbox: str) -> InboxRow | None:
    """Return an inbox of an organization."""
    row = connection.execute(
        "SELECT * FROM inboxes WHERE id = ? AND organization = ?", (inbox, organization)
    ).fetchone()
    return None if row is None else _inbox(row)


def list_inboxes(
    connection: sqlite3.Connection, organization: str, after: str, limit: int
) -> Sequence[InboxRow]:
    """Return inboxes by ascending id."""
    rows = connection.execute(
        "SELECT * FROM inboxes WHERE organization = ? AND id > ? ORDER BY id LIMIT ?",
        (organization, after, limit),
    )
    return [_inbox(row) for row in rows.fetchall()]


def update_inbox(
    transaction: Transaction, inbox: str, *, display_name: str | None, send_paused: bool | None
) -> InboxRow:
    """Change what is not None."""
    row = transaction.execute(
        "UPDATE inboxes SET display_name = coalesce(?, display_name),"
        " send_paused = coalesce(?, send_paused) WHERE id = ? RETURNING *",
        (display_name, None if send_paused is None else int(send_paused), inbox),
    ).fetchone()
    return _inbox(row)


def delete_inbox(transaction: Transaction, inbox: str) -> None:
    """Remove an inbox and everything in it."""
    for folder in all_folders(transaction.connection, inbox):
        purge(transaction, remove(transaction, folder.id, all_uids(transaction, folder.id)))
        forget_folder(transaction, folder)
    transaction.execute("DELETE FROM sends WHERE inbox = ?", (inbox,))
    transaction.execute("DELETE FROM annotations WHERE inbox = ?", (inbox,))
    transaction.execute("DELETE FROM inboxes WHERE id = ?", (inbox,))
