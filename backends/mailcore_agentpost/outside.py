"""Noticing what another process writes to the file: ``mailcore.serve admin``, or any other.

SQLite tells a connection that some other one has committed, not what. So everybody who watches is
told to look, and keys that opened something are judged again; nothing has to be sent between the
processes, and nothing is missed.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from typing import Final

import trio

from mailcore.backend import Unavailable
from mailcore_agentpost.cases import Refusal
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.mail.folders import all_folders
from mailcore_agentpost.mail.keys import valid_key
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.texts import TextIndex

#: Seconds between two looks.
PAUSE: Final = 1.0


async def watch_outside(store: Store, hub: Hub, texts: TextIndex) -> None:
    """Tell the hub and the index what changed behind the server's back, until cancelled."""
    known: int | None = None
    while True:
        with suppress(Unavailable):  # it is logged
            version = await store.write(_version)
            if known is not None and version != known:
                await _tell(store, hub)
                texts.look_again()
            known = version
        await trio.sleep(PAUSE)


def _version(transaction: Transaction) -> int:
    # Of the connection that writes: it changes with the commits of others only.
    version: int = transaction.execute("PRAGMA data_version").fetchone()[0]
    return version


async def _tell(store: Store, hub: Hub) -> None:
    hub.stir()
    watchers = hub.watchers()
    now = datetime.now(UTC)
    for key in {watcher.key for watcher in watchers}:
        reason = await store.read(partial(_why_ended, key=key, now=now))
        if reason is not None:
            hub.end(reason, key=key)
    moved: set[tuple[str, int]] = set()
    for inbox in {watcher.inbox for watcher in watchers if watcher.inbox}:
        folders = await store.read(partial(all_folders, inbox=inbox))
        moved |= {(inbox, folder.id) for folder in folders}
        if not folders:
            hub.end("Inbox deleted", inbox=inbox)
    hub.tell(moved, [])


def _why_ended(connection: sqlite3.Connection, key: str, now: datetime) -> str | None:
    try:
        valid_key(connection, key, now)
    except Refusal as refusal:
        return str(refusal)
    return None
