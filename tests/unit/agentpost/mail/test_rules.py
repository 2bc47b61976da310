"""Filter rules: the most specific decides."""

from __future__ import annotations

from typing import Any

import pytest

from mailcore_agentpost.mail import rules
from mailcore_agentpost.mail.inboxes import insert_organization
from mailcore_agentpost.store import Transaction

from .conftest import NOW


def add(
    transaction: Transaction, organization: str, action: str, value: str, direction: str = "send"
) -> str:
    """Add a rule of the type that its value shows."""
    kind = "address" if "@" in value else "subdomain_wildcard" if "*" in value else "domain"
    fields: Any = {"direction": direction, "action": action, "match_type": kind}
    return rules.insert_rule(transaction, organization, value=value, now=NOW, **fields).id


# What is there, then whom it blocks and whom it lets pass.
TABLE = {
    "nothing": ([], [], ["a@b.example"]),
    "an address": (["block a@b.example"], ["a@b.example", "A@B.Example"], ["x@b.example"]),
    "its plus-tags": (["block a@b.example"], ["a+tag@b.example"], ["ab@b.example"]),
    "one plus-tag": (["block a+t@b.example"], ["a+t@b.example"], ["a@b.example", "a+u@b.example"]),
    "a domain": (["block b.example"], ["a@b.example"], ["a@sub.b.example", "a@xb.example"]),
    "domains below": (
        ["block *.b.example"],
        ["a@x.b.example", "a@y.x.b.example"],
        ["a@b.example", "a@xb.example"],
    ),
    "an address before its domain": (
        ["block b.example", "allow a@b.example"],
        ["x@b.example"],
        ["a@b.example", "a+tag@b.example"],
    ),
    "a tagged address before the address": (
        ["allow a@b.example", "block a+t@b.example"],
        ["a+t@b.example"],
        ["a@b.example", "a+u@b.example"],
    ),
    "a domain before those above": (
        ["block *.example", "allow b.example"],
        ["a@c.example", "a@x.b.example"],
        ["a@b.example"],
    ),
    "the nearest above": (
        ["block *.example", "allow *.b.example"],
        ["a@b.example"],
        ["a@x.b.example", "a@y.x.b.example"],
    ),
    "of equals the one that blocks": (
        ["allow b.example", "block b.example"],
        ["a@b.example"],
        [],
    ),
}


@pytest.mark.parametrize("case", TABLE)
def test_the_most_specific_rule_decides(
    transaction: Transaction, organization: str, case: str
) -> None:
    there, blocked, passing = TABLE[case]
    for one in there:
        add(transaction, organization, *one.split())
    for address in (*blocked, *passing):
        found = rules.is_blocked(transaction.connection, organization, "send", address)
        assert found is (address in blocked), address


def test_rules_of_the_other_direction_and_of_others_do_not_count(
    transaction: Transaction, organization: str
) -> None:
    other = insert_organization(transaction, "two", NOW)
    add(transaction, other, "block", "b.example")
    add(transaction, organization, "block", "b.example", "receive")
    connection = transaction.connection
    assert not rules.is_blocked(connection, organization, "send", "a@b.example")
    assert rules.is_blocked(connection, organization, "receive", "a@b.example")


def test_an_address_without_a_domain_matches_no_rule(
    transaction: Transaction, organization: str
) -> None:
    """The bare postmaster of RFC 5321 §4.5.1, and the null path."""
    add(transaction, organization, "block", "*.example")
    for address in ("postmaster", ""):
        assert not rules.is_blocked(transaction.connection, organization, "send", address)


@pytest.mark.parametrize(
    ("kind", "value"),
    [
        ("address", "b.example"),
        ("address", "@b.example"),
        ("address", "a@"),
        ("domain", "a@b.example"),
        ("domain", "*.b.example"),
        ("domain", ".b.example"),
        ("domain", " "),
        ("subdomain_wildcard", "b.example"),
        ("subdomain_wildcard", "*."),
        ("subdomain_wildcard", "*.*.example"),
        ("subdomain_wildcard", "a@*.example"),
    ],
)
def test_a_value_of_another_kind_is_refused(
    transaction: Transaction, organization: str, kind: Any, value: str
) -> None:
    with pytest.raises(ValueError, match="written"):
        rules.insert_rule(
            transaction,
            organization,
            direction="send",
            action="block",
            match_type=kind,
            value=value,
            now=NOW,
        )


def test_rules_are_kept_in_lower_case_without_space(
    transaction: Transaction, organization: str
) -> None:
    add(transaction, organization, "block", " A@B.Example ")
    (row,) = rules.list_rules(transaction.connection, organization, "", 9)
    assert row.value == "a@b.example"


def test_rules_are_listed_and_removed_by_their_owner(
    transaction: Transaction, organization: str
) -> None:
    other = insert_organization(transaction, "two", NOW)
    made = [add(transaction, organization, "block", f"{name}.example") for name in "abc"]
    connection = transaction.connection
    assert [row.id for row in rules.list_rules(connection, organization, made[0], 1)] == [made[1]]
    assert rules.list_rules(connection, other, "", 9) == []
    assert not rules.delete_rule(transaction, other, made[0])
    assert rules.delete_rule(transaction, organization, made[0])
    assert not rules.delete_rule(transaction, organization, made[0])
    assert not rules.is_blocked(connection, organization, "send", "x@a.example")
