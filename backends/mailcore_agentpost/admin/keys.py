"""``admin keys``."""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime, timedelta

from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore_agentpost.admin.opening import actor, inbox_of, opened, organization_of
from mailcore_agentpost.admin.words import Commands, group, organization, word
from mailcore_agentpost.mail import audit, keys
from mailcore_agentpost.mail.inboxes import list_organizations
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import KeyRow

_ALL = 1_000_000
_SCOPES = ", ".join(sorted(keys.ALL_SCOPES))


async def list_all(admin: Administration) -> Answer:
    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        owners = [one.id for one in list_organizations(connection)]
        if admin.arguments.organization is not None:
            owners = [organization_of(connection, admin.arguments.organization)]
        return [
            _shown(one) for owner in owners for one in keys.list_keys(connection, owner, "", _ALL)
        ]

    with opened(admin) as store:
        return await store.read(work)


async def create(admin: Administration) -> Answer:
    given = admin.arguments
    now = datetime.now(UTC)

    def work(transaction: Transaction) -> tuple[KeyRow, str]:
        if given.inbox is not None:
            inbox = inbox_of(transaction.connection, given.inbox)
            owner, only = inbox.org_id, inbox.id
        else:
            owner, only = organization_of(transaction.connection, given.organization), None
        made, secret = keys.insert_key(
            transaction,
            owner,
            name=given.name,
            scopes=frozenset(given.scope) or keys.ALL_SCOPES,
            inbox=only,
            now=now,
            expires_at=now + timedelta(days=given.days) if given.days else None,
        )
        audit.note(
            transaction,
            "key.created",
            organization=owner,
            actor=actor(),
            subject=made.id,
            now=now,
            name=made.name,
            scopes=sorted(made.scopes),
        )
        return made, secret

    with opened(admin) as store:
        made, secret = await store.write(work)
    return {"key": secret, **_shown(made)}


async def revoke(admin: Administration) -> Answer:
    now = datetime.now(UTC)

    def work(transaction: Transaction) -> KeyRow:
        row = transaction.execute(
            "SELECT organization FROM keys WHERE id = ?", (admin.arguments.id,)
        ).fetchone()
        if row is None:
            raise NotDone(f"there is no key {admin.arguments.id}")
        keys.revoke(transaction, admin.arguments.id, now)
        audit.note(
            transaction,
            "key.revoked",
            organization=row["organization"],
            actor=actor(),
            subject=admin.arguments.id,
            now=now,
        )
        found = keys.find_key(transaction.connection, row["organization"], admin.arguments.id)
        assert found is not None
        return found

    with opened(admin) as store:
        return _shown(await store.write(work))


def _shown(one: KeyRow) -> dict[str, object]:
    return {
        "id": one.id,
        "organization": one.org_id,
        "name": one.name,
        "ends": f"…{one.last_four}",
        "scopes": "all" if one.scopes == keys.ALL_SCOPES else sorted(one.scopes),
        "inbox": one.inbox_id,
        "created": one.created_at,
        "expires": one.expires_at,
        "revoked": one.revoked_at,
    }


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "keys", "API keys, which are the passwords too")
    organization(word(words, "list", list_all, "list keys, without their secrets"))
    made = word(words, "create", create, "make a key, and show it this once")
    made.add_argument("--name", default="")
    made.add_argument("--inbox", metavar="ADDRESS", help="for this inbox only")
    made.add_argument(
        "--scope",
        action="append",
        default=[],
        choices=sorted(keys.ALL_SCOPES),
        metavar="SCOPE",
        help=f"what it may do; again for more; all if not given: {_SCOPES}",
    )
    made.add_argument("--days", type=float, metavar="N", help="how long it is good for")
    organization(made)
    word(words, "revoke", revoke, "refuse a key from now on, and end its connections").add_argument(
        "id"
    )
