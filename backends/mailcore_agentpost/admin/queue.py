"""``admin queue``: mail that is on its way to the outside."""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from functools import partial

from mailcore.serve.admin import Administration, Answer, NotDone
from mailcore_agentpost.admin.opening import actor, opened
from mailcore_agentpost.admin.words import Commands, group, word
from mailcore_agentpost.mail import queue
from mailcore_agentpost.mail.queue import Queued
from mailcore_agentpost.store import Transaction

_ALL = 1_000_000


async def list_all(admin: Administration) -> Answer:
    with opened(admin) as store:
        rows = await store.read(partial(queue.list_queued, limit=_ALL))
    return [
        {
            "id": one.id,
            "message": one.message,
            "from": one.sender,
            "to": one.recipient,
            "attempts": one.attempts,
            "next": datetime.fromtimestamp(one.next_at, UTC),
            "since": datetime.fromtimestamp(one.created_at, UTC),
            "last reply": one.last_reply,
        }
        for one in rows
    ]


async def retry(admin: Administration) -> Answer:
    def work(transaction: Transaction) -> int:
        rows = _chosen(transaction, admin)
        queue.retry(transaction, rows, actor(), time.time())
        return len(rows)

    with opened(admin) as store:
        return {"retried": await store.write(work)}


async def drop(admin: Administration) -> Answer:
    def work(transaction: Transaction) -> int:
        rows = _chosen(transaction, admin)
        queue.drop(transaction, rows, actor(), time.time())
        return len(rows)

    with opened(admin) as store:
        return {"dropped": await store.write(work)}


def _chosen(transaction: Transaction, admin: Administration) -> list[Queued]:
    given = admin.arguments
    if bool(given.ids) == given.all:
        raise NotDone("name what is meant: ids, or --all")
    rows = queue.list_queued(transaction.connection, limit=_ALL)
    if given.all:
        return [*rows]
    known = {one.id: one for one in rows}
    if missing := [one for one in given.ids if one not in known]:
        raise NotDone(f"not in the queue: {', '.join(missing)}")
    return [known[one] for one in given.ids]


def add_commands(commands: Commands[argparse.ArgumentParser]) -> None:
    """Add the words of this group."""
    words = group(commands, "queue", "mail on its way to the outside")
    word(words, "list", list_all, "list who is still to be sent what, the oldest first")
    for name, run, help in (
        ("retry", retry, "try again now"),
        ("drop", drop, "give up; its sender gets no notice"),
    ):
        parser = word(words, name, run, help)
        parser.add_argument("ids", nargs="*", metavar="ID")
        parser.add_argument("--all", action="store_true", help="all that wait")
