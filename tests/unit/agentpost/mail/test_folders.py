"""Folders: names, levels, and numbers that are never used again."""

from __future__ import annotations

import pytest

from mailcore.backend import Cannot, LimitReached, MailboxExists, NoSuchMailbox
from mailcore_agentpost.mail import folders
from mailcore_agentpost.mail.folders import STANDARD, Folder
from mailcore_agentpost.store import Step, Transaction
from mailcore_agentpost.types import InboxRow

from .conftest import put


def listed(transaction: Transaction, inbox: InboxRow) -> list[str]:
    """Return the names of the folders that are not standard ones, sorted."""
    found = folders.all_folders(transaction.connection, inbox.id)
    return sorted(one.name for one in found if one.name not in STANDARD)


def test_an_inbox_begins_with_the_standard_folders(
    transaction: Transaction, inbox: InboxRow
) -> None:
    found = folders.all_folders(transaction.connection, inbox.id)
    assert [(one.name, one.special_use, one.subscribed) for one in found] == [
        ("INBOX", None, True),
        ("Sent", "\\Sent", True),
        ("Drafts", "\\Drafts", True),
        ("Trash", "\\Trash", True),
    ]


def test_two_inboxes_have_folders_of_the_same_name(
    transaction: Transaction, inbox: InboxRow, organization: str
) -> None:
    from mailcore_agentpost.mail.inboxes import insert_inbox

    other = insert_inbox(transaction, organization, username="b", domain="b", now=inbox.created_at)
    folders.create_folder(transaction, inbox.id, "Work")
    assert listed(transaction, inbox) == ["Work"]
    assert listed(transaction, other) == []


@pytest.mark.parametrize("name", ["INBOX", "Sent", "Work", "Work/2030"])
def test_a_name_is_taken_once(transaction: Transaction, inbox: InboxRow, name: str) -> None:
    folders.create_folder(transaction, inbox.id, "Work")
    folders.create_folder(transaction, inbox.id, "Work/2030")
    with pytest.raises(MailboxExists):
        folders.create_folder(transaction, inbox.id, name)


@pytest.mark.parametrize("name", ["", "/", "/a", "a/", "a//b", "x" * 256])
def test_some_names_can_not_be(transaction: Transaction, inbox: InboxRow, name: str) -> None:
    folders.create_folder(transaction, inbox.id, "Work")
    with pytest.raises(Cannot):
        folders.create_folder(transaction, inbox.id, name)
    with pytest.raises(Cannot):
        folders.rename_folder(transaction, inbox.id, "Work", name)
    assert listed(transaction, inbox) == ["Work"]


def test_an_inbox_has_so_many_folders_and_no_more(
    transaction: Transaction, inbox: InboxRow
) -> None:
    for number in range(1000 - len(STANDARD)):
        folders.create_folder(transaction, inbox.id, f"{number}")
    with pytest.raises(LimitReached, match="1000"):
        folders.create_folder(transaction, inbox.id, "one more")


def test_renaming_takes_along_what_lies_below(transaction: Transaction, inbox: InboxRow) -> None:
    for name in ("Work", "Work/2030", "Work/2030/May", "Workshop", "x/Work"):
        folders.create_folder(transaction, inbox.id, name)
    before = folders.find_folder(transaction.connection, inbox.id, "Work/2030")
    folders.rename_folder(transaction, inbox.id, "Work", "Old/Jobs")
    assert listed(transaction, inbox) == [
        "Old/Jobs", "Old/Jobs/2030", "Old/Jobs/2030/May", "Workshop", "x/Work",
    ]  # fmt: skip
    after = folders.find_folder(transaction.connection, inbox.id, "Old/Jobs/2030")
    assert after.id == before.id


def test_names_are_no_patterns(transaction: Transaction, inbox: InboxRow) -> None:
    for name in ("a_", "a_/x", "ab/x", "%", "%/x"):
        folders.create_folder(transaction, inbox.id, name)
    folders.rename_folder(transaction, inbox.id, "a_", "c")
    folders.rename_folder(transaction, inbox.id, "%", "d")
    assert listed(transaction, inbox) == ["ab/x", "c", "c/x", "d", "d/x"]


@pytest.mark.parametrize("order", [1, -1])
def test_a_folder_can_move_up_into_the_place_above_it(
    transaction: Transaction, inbox: InboxRow, order: int
) -> None:
    """Its new name may be one that something below it is about to leave."""
    for name in ["a/a", "a/a/a", "a/a/a/b"][::order]:
        folders.create_folder(transaction, inbox.id, name)
    folders.rename_folder(transaction, inbox.id, "a/a", "a")
    assert listed(transaction, inbox) == ["a", "a/a", "a/a/b"]


def test_renaming_refuses_what_is_taken_or_can_not_be(
    transaction: Transaction, inbox: InboxRow
) -> None:
    for name in ("a", "a/x", "b/x", "c"):
        folders.create_folder(transaction, inbox.id, name)
    for name, new_name, refusal in (
        ("a", "c", MailboxExists),
        ("a", "a", MailboxExists),
        ("a", "b", MailboxExists),  # b/x is there, although b is not
        ("a", "Sent", MailboxExists),
        ("a", "a/y", Cannot),
        ("Sent", "z", Cannot),
        ("nothing", "z", NoSuchMailbox),
    ):
        transaction.execute("SAVEPOINT piece")
        with pytest.raises(refusal):
            folders.rename_folder(transaction, inbox.id, name, new_name)
        transaction.execute("ROLLBACK TO piece")
    assert listed(transaction, inbox) == ["a", "a/x", "b/x", "c"]
    folders.rename_folder(transaction, inbox.id, "b", "z")  # a level, and no folder
    assert listed(transaction, inbox) == ["a", "a/x", "c", "z/x"]


def test_a_folder_made_again_is_another(transaction: Transaction, inbox: InboxRow) -> None:
    seen: set[int] = set()
    for _ in range(3):
        folders.create_folder(transaction, inbox.id, "Work")
        folder = folders.find_folder(transaction.connection, inbox.id, "Work")
        uid, _ = put(transaction, folder)
        assert uid == 1
        assert folder.id not in seen
        seen.add(folder.id)
        transaction.execute("DELETE FROM placements")
        folders.forget_folder(transaction, folder)
        assert (folder.inbox, folder.id) in transaction.moved


def test_subscriptions_are_kept(transaction: Transaction, box: Folder) -> None:
    folders.subscribe(transaction, box.inbox, "INBOX", False)
    assert not folders.find_folder(transaction.connection, box.inbox, "INBOX").subscribed
    folders.subscribe(transaction, box.inbox, "INBOX", True)
    assert folders.find_folder(transaction.connection, box.inbox, "INBOX").subscribed
    with pytest.raises(NoSuchMailbox):
        folders.subscribe(transaction, box.inbox, "nothing", True)


def test_mod_sequences_and_uids_only_rise(transaction: Transaction, box: Folder) -> None:
    steps = [folders.advance(transaction, box.id, count) for count in (3, 0, 1)]
    assert steps == [Step(box.id, 2, 4), Step(box.id, 3, 4), Step(box.id, 4, 5)]
    assert transaction.steps == steps
    assert transaction.moved == {(box.inbox, box.id)}
