"""``admin rules``."""

from __future__ import annotations

import argparse
import sqlite3
from datetime import UTC, datetime

from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore_agentpost.admin.opening import actor, opened, organization_of
from mailcore_agentpost.admin.words import Commands, group, organization, word
from mailcore_agentpost.mail import audit, rules
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import MatchType, RuleRow

_ALL = 1_000_000


async def list_all(admin: Administration) -> Answer:
    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        owner = organization_of(connection, admin.arguments.organization)
        return [_shown(one) for one in rules.list_rules(connection, owner, "", _ALL)]

    with opened(admin) as store:
        return await store.read(work)


async def add(admin: Administration) -> Answer:
    given = admin.arguments
    now = datetime.now(UTC)
    match_type: MatchType = "address" if "@" in given.value else "domain"
    if given.value.startswith("*."):
        match_type = "subdomain_wildcard"

    def work(transaction: Transaction) -> RuleRow:
        owner = organization_of(transaction.connection, given.organization)
        made = rules.insert_rule(
            transaction,
            owner,
            direction=given.direction,
            action=given.action,
            match_type=match_type,
            value=given.value,
            now=now,
        )
        audit.note_rule(transaction, "rule.created", owner, actor(), made, now)
        return made

    with opened(admin) as store:
        return _shown(await store.write(work))


async def remove(admin: Administration) -> Answer:
    def work(transaction: Transaction) -> None:
        owner = organization_of(transaction.connection, admin.arguments.organization)
        found = rules.delete_rule(transaction, owner, admin.arguments.id)
        if found is None:
            raise NotDone(f"there is no rule {admin.arguments.id}")
        audit.note_rule(transaction, "rule.deleted", owner, actor(), found, datetime.now(UTC))

    with opened(admin) as store:
        await store.write(work)
    return None


def _shown(one: RuleRow) -> dict[str, object]:
    return {
        "id": one.id,
        "direction": one.direction,
        "action": one.action,
        "value": one.value,
        "created": one.created_at,
    }


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "rules", "who may send to whom")
    organization(word(words, "list", list_all, "list filter rules"))
    made = word(words, "add", add, "add a filter rule; it holds from the next recipient on")
    made.add_argument("direction", choices=["send", "receive"], help="which mail it judges")
    made.add_argument("action", choices=["allow", "block"])
    made.add_argument("value", help="user@example.com, example.com, or *.example.com")
    organization(made)
    gone = word(words, "remove", remove, "remove a filter rule")
    gone.add_argument("id")
    organization(gone)
