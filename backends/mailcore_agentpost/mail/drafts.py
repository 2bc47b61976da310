"""Drafts: messages that lie in Drafts. Each change is a message of its own; an id ties them."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from mailcore.limits import Limits
from mailcore.message import Buffer, find_header, message_ids
from mailcore_agentpost.cases import DRAFT_CHANGED, Refusal
from mailcore_agentpost.ids import new_id
from mailcore_agentpost.mail.digest import Digest
from mailcore_agentpost.mail.events import record_updates
from mailcore_agentpost.mail.fields import with_fields
from mailcore_agentpost.mail.folders import DRAFTS, TRASH, Folder
from mailcore_agentpost.mail.listing import select_messages
from mailcore_agentpost.mail.messages import insert_message, write_body
from mailcore_agentpost.mail.placements import Placement, expunge, place
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import MessageRow

#: The field, in the octets of a draft, by which the next revision is known.
FIELD: Final = b"X-AgentPost-Draft-Id"
#: The flags that a draft begins with.
FLAGS: Final = frozenset({"\\Draft", "\\Seen"})

_NAME: Final = """
    UPDATE messages AS own SET draft = ? WHERE number = ? AND (draft IS NULL OR EXISTS (
        SELECT 1 FROM messages AS other JOIN placements ON message = other.number
        WHERE other.draft = own.draft AND other.number != own.number AND folder = ?))
"""
_FORGET: Final = """
    UPDATE messages SET draft = NULL WHERE number = ? AND NOT EXISTS (
        SELECT 1 FROM placements JOIN folders ON folders.id = folder
        WHERE message = number AND name = ?)
"""


@dataclass(frozen=True, slots=True)
class Revision:
    """What a draft becomes.

    Arguments:
        draft: its id.
        data: the octets, with :data:`FIELD`.
        flags: of the message.
        date: its internal date.
        labels: besides the flags; None for those that the draft has.
    """

    draft: str
    data: Buffer
    digest: Digest
    flags: frozenset[str]
    date: datetime
    labels: frozenset[str] | None = None


def find_draft(connection: sqlite3.Connection, draft: str) -> MessageRow | None:
    """Return a draft as it is now."""
    where = "messages.draft = ? AND folders.name = ?"
    found = select_messages(connection, where, [draft, DRAFTS], 1)
    return found[0] if found else None


def list_drafts(
    connection: sqlite3.Connection, inbox: str, before: str | None, limit: int
) -> Sequence[MessageRow]:
    """Return the drafts of an inbox by descending draft id, which no change of one alters."""
    where = "messages.inbox = ? AND folders.name = ? AND messages.draft < ?"
    # Every id is smaller than a tilde.
    return select_messages(
        connection, where, [inbox, DRAFTS, before or "~"], limit, order="messages.draft"
    )


def known_draft(connection: sqlite3.Connection, inbox: str, header: bytes) -> str | None:
    """Return the draft that a message is a revision of; None for a new one.

    It is named by the field that its octets were served with. Many clients drop fields that they
    do not know and keep the Message-ID, which is as good while the draft lies there.
    """
    named = (find_header(header, FIELD) or b"").decode("latin-1")
    own = message_ids(find_header(header, "message-id") or b"")
    row = connection.execute(
        "SELECT draft FROM messages WHERE inbox = ? AND draft = ? LIMIT 1", (inbox, named)
    ).fetchone()
    if row is None and own:
        row = connection.execute(
            "SELECT draft FROM messages JOIN placements ON message = number"
            " JOIN folders ON folders.id = folder"
            " WHERE messages.inbox = ? AND message_id = ? AND name = ? LIMIT 1",
            (inbox, own[0], DRAFTS),
        ).fetchone()
    return None if row is None else row["draft"]


def check_unchanged(connection: sqlite3.Connection, draft: MessageRow) -> None:
    """Make sure that a draft is still what was read; raises Refusal DRAFT_CHANGED."""
    now = find_draft(connection, draft.draft_id or "")
    if now is None or now.id != draft.id:
        raise Refusal(DRAFT_CHANGED)


def take_revision(
    transaction: Transaction, folder: Folder, draft: str
) -> tuple[str | None, frozenset[str]]:
    """Take what a draft was until now out of Drafts, for good; return its thread and labels."""
    rows = transaction.execute(
        "SELECT uid, thread, flags FROM placements JOIN messages ON number = message"
        " WHERE folder = ? AND draft = ? ORDER BY uid",
        (folder.id, draft),
    ).fetchall()
    if not rows:
        return None, frozenset()
    # Not into Trash: each save of a draft would leave one there.
    expunge(transaction, folder.id, [row["uid"] for row in rows], None)
    flags = frozenset(rows[-1]["flags"].split())
    return rows[-1]["thread"], frozenset(flag for flag in flags if not flag.startswith("\\"))


def save_revision(transaction: Transaction, folder: Folder, revision: Revision) -> tuple[int, str]:
    """Put a draft into Drafts in the place of what it was; return its UID and its message's id."""
    thread, labels = take_revision(transaction, folder, revision.draft)
    if revision.labels is not None:
        labels = revision.labels
    stored = insert_message(
        transaction,
        folder.inbox,
        "outbound",
        write_body(transaction, revision.data),
        revision.digest,
        time.time(),
        thread=thread,
        draft=revision.draft,
    )
    placement = Placement(stored.number, revision.flags | labels, len(revision.data), revision.date)
    (uid,) = place(transaction, folder.id, [placement])
    record_updates(transaction, folder.id, [uid])
    return uid, stored.id


def stamped(data: Buffer, header: bytes, draft: str, limits: Limits, spools: ExitStack) -> Buffer:
    """Return a draft with the field by which its next revision is known."""
    return with_fields(
        data,
        header,
        added=b"%b: %b\r\n" % (FIELD, draft.encode()),
        dropped={FIELD.lower()},
        limits=limits,
        spools=spools,
    )


def placed_draft(connection: sqlite3.Connection, folder: int, uid: int) -> str | None:
    """Return which draft lies under a UID; None for a message that is none."""
    row = connection.execute(
        "SELECT draft FROM placements JOIN messages ON number = message"
        " WHERE folder = ? AND uid = ?",
        (folder, uid),
    ).fetchone()
    return None if row is None else row["draft"]


def adopt(transaction: Transaction, target: Folder, uids: Sequence[int]) -> None:
    """Keep each draft one message, after messages came into a folder from Drafts or Trash.

    What came into Drafts is a draft: under its own id, unless that has gone on without it. What
    went elsewhere than into Trash is none any more.
    """
    if target.name == TRASH:
        return
    rows = transaction.execute(
        "SELECT DISTINCT message FROM placements"
        " WHERE folder = ? AND uid IN (SELECT value FROM json_each(?))",
        (target.id, json.dumps(list(uids))),
    ).fetchall()
    for row in rows:
        if target.name == DRAFTS:
            transaction.execute(_NAME, (new_id("drf"), row["message"], target.id))
        else:
            transaction.execute(_FORGET, (row["message"], DRAFTS))


def adopt_message(transaction: Transaction, target: Folder, message: str) -> None:
    """:func:`adopt`, of one message by its id."""
    rows = transaction.execute(
        "SELECT uid FROM placements JOIN messages ON number = message"
        " WHERE folder = ? AND messages.id = ?",
        (target.id, message),
    ).fetchall()
    adopt(transaction, target, [row["uid"] for row in rows])
