"""``admin audit``."""

from __future__ import annotations

import argparse
import sqlite3
from collections.abc import Mapping
from typing import get_args

from mailcore.serve.admin import Administration, Answer
from mailcore_agentpost.admin.opening import opened, organization_of
from mailcore_agentpost.admin.words import Commands, group, organization, word
from mailcore_agentpost.mail.audit import list_audit
from mailcore_agentpost.types import AuditAction


async def list_all(admin: Administration) -> Answer:
    given = admin.arguments

    def work(connection: sqlite3.Connection) -> list[dict[str, object]]:
        owner = given.organization and organization_of(connection, given.organization)
        rows = list_audit(connection, owner, limit=given.limit, action=given.action)
        return [
            {
                "at": one.at,
                "action": one.action,
                "actor": one.actor,
                "subject": one.subject,
                "peer": one.peer,
                "count": one.count,
                "organization": one.org_id,
                "detail": one.detail if given.json else _words(one.detail),
            }
            for one in rows
        ]

    with opened(admin) as store:
        return await store.read(work)


def _words(detail: Mapping[str, object]) -> str:
    return " ".join(f"{name}={value}" for name, value in detail.items())


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "audit", "who did what")
    shown = word(words, "list", list_all, "list the audit trail, the latest first")
    shown.add_argument("--limit", type=int, default=100, metavar="N", help="how many (100)")
    shown.add_argument("--action", choices=get_args(AuditAction), metavar="ACTION")
    organization(shown)
