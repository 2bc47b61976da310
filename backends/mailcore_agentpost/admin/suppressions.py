"""``admin suppressions``."""

from __future__ import annotations

import argparse
import sqlite3
import time
from datetime import UTC, datetime

from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore_agentpost.admin.opening import actor, opened, organization_of
from mailcore_agentpost.admin.words import Commands, group, organization, word
from mailcore_agentpost.mail import audit, suppressions
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import AuditAction

_ALL = 1_000_000


async def list_all(admin: Administration) -> Answer:
    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        owner = organization_of(connection, admin.arguments.organization)
        return [
            {
                "address": one.address,
                "reason": one.reason,
                "message": one.message_id,
                "created": one.created_at,
            }
            for one in suppressions.list_suppressions(connection, owner, "", _ALL)
        ]

    with opened(admin) as store:
        return await store.read(work)


async def add(admin: Administration) -> Answer:
    def work(transaction: Transaction) -> None:
        owner = organization_of(transaction.connection, admin.arguments.organization)
        suppressions.suppress(
            transaction,
            owner,
            admin.arguments.address,
            reason="manual",
            message=None,
            now=time.time(),
        )
        _note(transaction, "suppression.added", owner, admin)

    with opened(admin) as store:
        await store.write(work)
    return None


async def remove(admin: Administration) -> Answer:
    address = admin.arguments.address

    def work(transaction: Transaction) -> None:
        owner = organization_of(transaction.connection, admin.arguments.organization)
        if not suppressions.remove_suppression(transaction, owner, address):
            raise NotDone(f"{address} is not suppressed")
        _note(transaction, "suppression.removed", owner, admin)

    with opened(admin) as store:
        await store.write(work)
    return None


def _note(transaction: Transaction, action: AuditAction, owner: str, admin: Administration) -> None:
    audit.note(
        transaction,
        action,
        organization=owner,
        actor=actor(),
        subject=admin.arguments.address.lower(),
        now=datetime.now(UTC),
    )


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "suppressions", "addresses that no mail is sent to any more")
    organization(word(words, "list", list_all, "list them, and why"))
    for name, run, help in (
        ("add", add, "send nothing to an address from now on"),
        ("remove", remove, "send to an address again"),
    ):
        parser = word(words, name, run, help)
        parser.add_argument("address")
        organization(parser)
