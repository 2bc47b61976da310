"""``admin organizations``."""

from __future__ import annotations

import argparse
from datetime import UTC, datetime

from mailcore.serve.admin import Administration, Answer
from mailcore_agentpost.admin.opening import actor, opened, organization_of
from mailcore_agentpost.admin.words import Commands, group, word
from mailcore_agentpost.mail import audit, inboxes
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import OrganizationRow


async def list_all(admin: Administration) -> Answer:
    with opened(admin) as store:
        return [_shown(one) for one in await store.read(inboxes.list_organizations)]


async def create(admin: Administration) -> Answer:
    name = admin.arguments.name

    def work(transaction: Transaction) -> str:
        now = datetime.now(UTC)
        made = inboxes.insert_organization(transaction, name, now)
        audit.note(
            transaction,
            "organization.created",
            organization=made,
            actor=actor(),
            subject=made,
            now=now,
            name=name,
        )
        return made

    with opened(admin) as store:
        return {"id": await store.write(work), "name": name, "status": "active"}


async def suspend(admin: Administration) -> Answer:
    return await _change(admin, suspended=True)


async def resume(admin: Administration) -> Answer:
    return await _change(admin, suspended=False)


async def _change(admin: Administration, *, suspended: bool) -> Answer:
    def work(transaction: Transaction) -> OrganizationRow:
        wanted = organization_of(transaction.connection, admin.arguments.organization)
        changed = inboxes.set_status(transaction, wanted, "suspended" if suspended else "active")
        audit.note(
            transaction,
            "organization.suspended" if suspended else "organization.resumed",
            organization=wanted,
            actor=actor(),
            subject=wanted,
            now=datetime.now(UTC),
        )
        return changed

    with opened(admin) as store:
        return _shown(await store.write(work))


def _shown(one: OrganizationRow) -> dict[str, object]:
    return {
        "id": one.id,
        "name": one.name,
        "status": one.status,
        "inboxes": one.inboxes,
        "created": one.created_at,
    }


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "organizations", "whose inboxes and keys are apart")
    word(words, "list", list_all, "list all organizations")
    made = word(words, "create", create, "make an organization; then make it a key")
    made.add_argument("name")
    for name, run, help in (
        ("suspend", suspend, "refuse all its keys, and end its connections"),
        ("resume", resume, "let it in again"),
    ):
        parser = word(words, name, run, help)
        parser.add_argument("organization", metavar="ID", help="id or name")
