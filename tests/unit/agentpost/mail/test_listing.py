"""Messages as REST shows them: each once, wherever it lies."""

from __future__ import annotations

from typing import Any

import pytest

from mailcore_agentpost.mail import folders, inboxes, listing
from mailcore_agentpost.mail.folders import Folder
from mailcore_agentpost.mail.messages import Stored, purge
from mailcore_agentpost.mail.placements import all_uids, copy, remove
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow, MessageFilter, MessageRow

from .conftest import NOW, count, put


def find(transaction: Transaction, stored: Stored) -> MessageRow:
    row = listing.find_message(transaction.connection, stored.id)
    assert row is not None
    return row


def listed(transaction: Transaction, inbox: str, **where: Any) -> list[str]:
    rows = listing.list_messages(
        transaction.connection, inbox, MessageFilter(**where), before=None, limit=99
    )
    return [row.id for row in rows]


def places(transaction: Transaction, stored: Stored) -> list[str]:
    rows = transaction.execute(
        "SELECT folders.name FROM placements JOIN folders ON folders.id = folder"
        " WHERE message = ? ORDER BY folder, uid",
        (stored.number,),
    )
    return [row[0] for row in rows.fetchall()]


def named(transaction: Transaction, box: Folder, name: str) -> Folder:
    return folders.find_folder(transaction.connection, box.inbox, name)


def test_a_message_in_several_folders_is_one(transaction: Transaction, box: Folder) -> None:
    folders.create_folder(transaction, box.inbox, "A work folder")
    work = named(transaction, box, "A work folder")
    uid, stored = put(transaction, work, "work")
    (here,) = copy(transaction, work.id, [uid], box).target
    assert listed(transaction, box.inbox) == [stored.id]
    assert find(transaction, stored).folder == "INBOX"
    remove(transaction, box.id, [here])
    copy(transaction, work.id, [uid], named(transaction, box, "Trash"))
    assert find(transaction, stored).folder == "A work folder"
    remove(transaction, work.id, [uid])
    assert find(transaction, stored).folder == "Trash"


def test_what_is_told_of_a_message(transaction: Transaction, box: Folder) -> None:
    data = b"Subject: hello\r\n\r\nbody"
    _, stored = put(transaction, box, "work", "\\Seen", data=data)
    row = find(transaction, stored)
    assert row.flags == {"work", "\\Seen"}
    assert (row.size, row.header) == (len(data), b"Subject: hello\r\n\r\n")
    assert (row.inbox_id, row.direction, row.created_at) == (box.inbox, "inbound", NOW)


def test_pages_go_back_in_time(transaction: Transaction, box: Folder) -> None:
    made = [put(transaction, box)[1].id for _ in range(5)]

    def page(before: str | None) -> list[str]:
        rows = listing.list_messages(
            transaction.connection, box.inbox, MessageFilter(), before=before, limit=2
        )
        return [row.id for row in rows]

    assert page(None) == [made[4], made[3]]
    put(transaction, box)
    assert page(made[3]) == [made[2], made[1]]
    assert page(made[1]) == [made[0]]


def test_filters(transaction: Transaction, box: Folder) -> None:
    seen = put(transaction, box, "\\Seen", "work")[1].id
    unread = put(transaction, box, "workshop")[1].id
    draft = put(transaction, named(transaction, box, "Drafts"))[1].id
    trashed = put(transaction, named(transaction, box, "Trash"), "work")[1].id
    assert listed(transaction, box.inbox) == [unread, seen]
    assert listed(transaction, box.inbox, folder="Drafts") == [draft]
    assert listed(transaction, box.inbox, folder="Trash") == [trashed]
    assert listed(transaction, box.inbox, folder="Nothing") == []
    assert listed(transaction, box.inbox, unread=True) == [unread]
    assert listed(transaction, box.inbox, unread=False) == [seen]
    assert listed(transaction, box.inbox, label="work") == [seen]
    assert listed(transaction, box.inbox, label="work", unread=True) == []
    assert listed(transaction, box.inbox, label="wor") == []
    assert listed(transaction, box.inbox, direction="outbound") == []
    assert listed(transaction, box.inbox, direction="inbound", folder="INBOX") == [unread, seen]


def test_another_inbox_is_not_looked_into(
    transaction: Transaction, box: Folder, organization: str
) -> None:
    other = inboxes.insert_inbox(transaction, organization, username="b", domain="b", now=NOW)
    put(transaction, named(transaction, box, "INBOX"))
    assert listed(transaction, other.id) == []


def test_flags_change_wherever_it_lies(transaction: Transaction, box: Folder) -> None:
    uid, stored = put(transaction, box, "\\Seen", "old")
    sent = named(transaction, box, "Sent")
    copy(transaction, box.id, [uid], sent)
    transaction.moved.clear()
    listing.change_message_flags(
        transaction, stored.id, frozenset({"new"}), frozenset({"old", "\\Seen"})
    )
    rows = transaction.execute("SELECT flags FROM placements").fetchall()
    assert [row[0] for row in rows] == ["new", "new"]
    assert transaction.moved == {(box.inbox, box.id), (box.inbox, sent.id)}


def test_trash_takes_it_out_of_all_folders(transaction: Transaction, box: Folder) -> None:
    uid, stored = put(transaction, box, "\\Flagged")
    copy(transaction, box.id, [uid], named(transaction, box, "Sent"))
    for _ in range(2):
        listing.trash_message(transaction, find(transaction, stored))
        assert places(transaction, stored) == ["Trash"]
    assert find(transaction, stored).flags == {"\\Flagged"}


def test_trash_of_what_was_purged_meanwhile_does_nothing(
    transaction: Transaction, box: Folder
) -> None:
    uid, stored = put(transaction, box)
    row = find(transaction, stored)
    purge(transaction, remove(transaction, box.id, [uid]))
    listing.trash_message(transaction, row)
    listing.restore_message(transaction, row)
    assert count(transaction, "placements") == 0


@pytest.mark.parametrize(("direction", "home"), [("inbound", "INBOX"), ("outbound", "Sent")])
def test_restoring_brings_it_home(
    transaction: Transaction, box: Folder, direction: str, home: str
) -> None:
    _, stored = put(transaction, box)
    transaction.execute("UPDATE messages SET direction = ?", (direction,))
    listing.trash_message(transaction, find(transaction, stored))
    for _ in range(2):
        listing.restore_message(transaction, find(transaction, stored))
        assert places(transaction, stored) == [home]


def test_restoring_what_is_at_home_as_well_leaves_one(
    transaction: Transaction, box: Folder, trash: Folder
) -> None:
    """A client that copies to Trash and does not expunge leaves it in both."""
    uid, stored = put(transaction, box)
    copy(transaction, box.id, [uid], trash)
    listing.restore_message(transaction, find(transaction, stored))
    assert places(transaction, stored) == ["INBOX"]
    assert all_uids(transaction, box.id) == [uid]


def test_a_body_is_found_by_the_message(transaction: Transaction, inbox: InboxRow) -> None:
    box = folders.find_folder(transaction.connection, inbox.id, "INBOX")
    _, stored = put(transaction, box)
    assert listing.find_body(transaction.connection, stored.id) is not None
    assert listing.find_body(transaction.connection, "msg_x") is None
    assert listing.find_message(transaction.connection, "msg_x") is None
