"""``admin inboxes``."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime

from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore_agentpost.admin.opening import actor, inbox_of, opened, organization_of
from mailcore_agentpost.admin.words import Commands, group, organization, word
from mailcore_agentpost.mail import audit, inboxes
from mailcore_agentpost.mail.quota import storage
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import AuditAction, InboxRow

_ALL = 1_000_000


async def list_all(admin: Administration) -> Answer:
    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        owners: Sequence[str]
        if admin.arguments.organization is None:
            owners = [one.id for one in inboxes.list_organizations(connection)]
        else:
            owners = [organization_of(connection, admin.arguments.organization)]
        return [
            {**_shown(one), "octets": storage(connection, one.id)}
            for owner in owners
            for one in inboxes.list_inboxes(connection, owner, "", _ALL)
        ]

    with opened(admin) as store:
        return await store.read(work)


async def create(admin: Administration) -> Answer:
    given = admin.arguments

    def work(transaction: Transaction) -> InboxRow:
        now = datetime.now(UTC)
        made = inboxes.insert_inbox(
            transaction,
            organization_of(transaction.connection, given.organization),
            username=given.username,
            domain=admin.domain,
            now=now,
            display_name=given.display_name,
        )
        _note(transaction, "inbox.created", made, now)
        return made

    with opened(admin) as store:
        return _shown(await store.write(work))


async def delete(admin: Administration) -> Answer:
    if not admin.arguments.yes:
        raise NotDone("all its mail would be gone for good; --yes says that this is meant")

    def work(transaction: Transaction) -> None:
        inbox = inbox_of(transaction.connection, admin.arguments.address)
        inboxes.delete_inbox(transaction, inbox.id)
        _note(transaction, "inbox.deleted", inbox, datetime.now(UTC))

    with opened(admin) as store:
        await store.write(work)
    return None


async def pause(admin: Administration) -> Answer:
    return await _change(admin, paused=True)


async def resume(admin: Administration) -> Answer:
    return await _change(admin, paused=False)


async def _change(admin: Administration, *, paused: bool) -> Answer:
    def work(transaction: Transaction) -> InboxRow:
        inbox = inbox_of(transaction.connection, admin.arguments.address)
        changed = inboxes.update_inbox(transaction, inbox.id, display_name=None, send_paused=paused)
        action: AuditAction = "inbox.paused" if paused else "inbox.resumed"
        _note(transaction, action, inbox, datetime.now(UTC))
        return changed

    with opened(admin) as store:
        return _shown(await store.write(work))


def _note(transaction: Transaction, action: AuditAction, inbox: InboxRow, now: datetime) -> None:
    audit.note(
        transaction,
        action,
        organization=inbox.org_id,
        actor=actor(),
        subject=inbox.id,
        now=now,
        email=inbox.address,
    )


def _shown(one: InboxRow) -> dict[str, object]:
    return {
        "email": one.address,
        "id": one.id,
        "organization": one.org_id,
        "name": one.display_name,
        "paused": one.send_paused,
        "created": one.created_at,
    }


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "inboxes", "addresses and their mail")
    organization(word(words, "list", list_all, "list inboxes, and how much is in them"))
    made = word(words, "create", create, "make an inbox")
    made.add_argument("username", nargs="?", default="inbox", help="what its address begins with")
    made.add_argument("--display-name", default="", metavar="NAME")
    organization(made)
    gone = word(words, "delete", delete, "remove an inbox with all its mail, for good")
    gone.add_argument("address")
    gone.add_argument("--yes", action="store_true", help="it is meant")
    for name, run, help in (
        ("pause", pause, "let nothing be sent from it"),
        ("resume", resume, "let it send again"),
    ):
        word(words, name, run, help).add_argument("address")
