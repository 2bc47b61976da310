"""Organizations and inboxes."""

from __future__ import annotations

import re

import pytest

from mailcore_agentpost.mail import folders, inboxes
from mailcore_agentpost.mail.folders import Folder
from mailcore_agentpost.mail.placements import copy
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow

from .conftest import NOW, count, put


def make(transaction: Transaction, organization: str, **fields: str) -> InboxRow:
    options = {"username": "sales", "domain": "Shared.Localhost", **fields}
    return inboxes.insert_inbox(transaction, organization, now=NOW, **options)


def test_an_address_has_a_random_end(transaction: Transaction, organization: str) -> None:
    made = [make(transaction, organization).address for _ in range(20)]
    assert len(set(made)) == 20
    assert all(re.fullmatch(r"sales-[a-z0-9]{6}@shared\.localhost", one) for one in made)


def test_a_repeated_client_id_gives_the_same_inbox(
    transaction: Transaction, organization: str
) -> None:
    first = make(transaction, organization, client_id="mine")
    assert make(transaction, organization, username="other", client_id="mine") == first
    other = inboxes.insert_organization(transaction, "two", NOW)
    assert make(transaction, other, client_id="mine").id != first.id
    # Without one, each is new.
    assert make(transaction, organization).id != make(transaction, organization).id


@pytest.mark.parametrize("address", ["{}", "{}+tag", "{}+", "{}+a+b", "{upper}", "{upper}+Tag"])
def test_mail_finds_its_inbox(transaction: Transaction, inbox: InboxRow, address: str) -> None:
    local, _, domain = inbox.address.partition("@")
    written = address.format(local, upper=local.upper()) + "@" + domain.upper()
    assert inboxes.find_recipient(transaction.connection, written) == inbox


@pytest.mark.parametrize("address", ["", "@", "+", "{}", "x{}@{}", "{}@x{}", "+{}@{}", "{}@{}@y"])
def test_other_addresses_find_none(transaction: Transaction, inbox: InboxRow, address: str) -> None:
    local, _, domain = inbox.address.partition("@")
    assert inboxes.find_recipient(transaction.connection, address.format(local, domain)) is None


def test_an_exact_address_has_no_tag(transaction: Transaction, inbox: InboxRow) -> None:
    """That is what a login is looked up by."""
    local, _, domain = inbox.address.partition("@")
    assert inboxes.inbox_at(transaction.connection, inbox.address.upper()) == inbox
    assert inboxes.inbox_at(transaction.connection, f"{local}+tag@{domain}") is None


def test_changes_leave_what_is_not_given(transaction: Transaction, inbox: InboxRow) -> None:
    def update(display_name: str | None, send_paused: bool | None) -> tuple[str, bool]:
        row = inboxes.update_inbox(
            transaction, inbox.id, display_name=display_name, send_paused=send_paused
        )
        return row.display_name, row.send_paused

    assert update("Sales", None) == ("Sales", False)
    assert update(None, True) == ("Sales", True)
    assert update("", None) == ("", True)
    assert update(None, False) == ("", False)


def test_inboxes_are_their_organizations(transaction: Transaction, organization: str) -> None:
    made = [make(transaction, organization).id for _ in range(3)]
    other = inboxes.insert_organization(transaction, "two", NOW)
    connection = transaction.connection
    assert inboxes.first_organization(connection) == organization
    assert inboxes.find_inbox(connection, other, made[0]) is None
    assert inboxes.list_inboxes(connection, other, "", 9) == []
    found = inboxes.list_inboxes(connection, organization, made[0], 9)
    assert [row.id for row in found] == made[1:]
    first = inboxes.first_inbox(connection)
    assert first is not None
    assert first.id == made[0]


def test_an_inbox_goes_with_all_that_is_in_it(
    transaction: Transaction, inbox: InboxRow, box: Folder, trash: Folder, organization: str
) -> None:
    other = make(transaction, organization)
    theirs = folders.find_folder(transaction.connection, other.id, "INBOX")
    put(transaction, theirs)
    uid, _ = put(transaction, box, data=b"x" * 3000)
    copy(transaction, box.id, [uid], trash)
    put(transaction, trash)
    inboxes.delete_inbox(transaction, inbox.id)
    assert inboxes.inbox_at(transaction.connection, inbox.address) is None
    assert count(transaction, "inboxes") == 1
    assert count(transaction, "folders") == 4
    assert count(transaction, "vanished") == 0
    for table in ("messages", "bodies", "chunks", "placements"):
        assert count(transaction, table) == 1
    assert (inbox.id, box.id) in transaction.moved
