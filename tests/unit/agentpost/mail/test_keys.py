"""Keys: shown once, kept as a hash, and judged by what is stored now."""

from __future__ import annotations

from datetime import timedelta

import pytest

from mailcore_agentpost.cases import BAD_KEY, KEY_EXPIRED, ORG_SUSPENDED, Case, Refusal
from mailcore_agentpost.mail import keys
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import KeyRow

from .conftest import NOW

SECOND = timedelta(seconds=1)


@pytest.fixture
def key(transaction: Transaction, organization: str) -> tuple[KeyRow, str]:
    """One that expires in an hour."""
    return keys.insert_key(
        transaction,
        organization,
        name="mine",
        scopes=frozenset({"messages:read", "keys:write"}),
        inbox=None,
        now=NOW,
        expires_at=NOW + timedelta(hours=1),
    )


def refusal(transaction: Transaction, secret: str, later: timedelta = SECOND) -> Case:
    with pytest.raises(Refusal) as refused:
        keys.authenticate(transaction.connection, secret, NOW + later)
    return refused.value.case


def test_a_secret_finds_its_key(transaction: Transaction, key: tuple[KeyRow, str]) -> None:
    row, secret = key
    assert keys.authenticate(transaction.connection, secret, NOW) == row
    assert secret.startswith(row.prefix)
    assert secret.endswith(row.last_four)
    assert row.scopes == {"messages:read", "keys:write"}


def test_no_secret_is_in_the_file(transaction: Transaction, key: tuple[KeyRow, str]) -> None:
    _, secret = key
    dump = "\n".join(transaction.connection.iterdump())
    assert key[0].id in dump
    assert secret not in dump
    assert secret.removeprefix("ap_sk_")[:-4] not in dump
    assert secret.encode().hex() not in dump.lower()


def test_secrets_are_long_and_differ(transaction: Transaction, organization: str) -> None:
    made = {
        keys.insert_key(
            transaction, organization, name="", scopes=frozenset(), inbox=None, now=NOW
        )[1]
        for _ in range(50)
    }
    assert len(made) == 50
    assert all(secret.startswith("ap_sk_") and len(secret) >= 6 + 27 for secret in made)


@pytest.mark.parametrize("how", ["", "ap_sk_", "cut", "longer", "upper", "space", "\ud800", "é"])
def test_what_is_almost_a_secret_finds_nothing(
    transaction: Transaction, key: tuple[KeyRow, str], how: str
) -> None:
    secret = key[1]
    wrong = {
        "cut": secret[:-1],
        "longer": secret + "x",
        "upper": secret.swapcase(),
        "space": secret + " ",
    }.get(how, how)
    assert refusal(transaction, wrong) is BAD_KEY


def test_a_key_expires_to_the_second(transaction: Transaction, key: tuple[KeyRow, str]) -> None:
    hour = timedelta(hours=1)
    assert keys.authenticate(transaction.connection, key[1], NOW + hour - SECOND) == key[0]
    assert refusal(transaction, key[1], hour) is KEY_EXPIRED


def test_a_revoked_key_is_as_unknown(transaction: Transaction, key: tuple[KeyRow, str]) -> None:
    keys.revoke(transaction, key[0].id, NOW)
    keys.revoke(transaction, key[0].id, NOW + SECOND)
    assert refusal(transaction, key[1]) is BAD_KEY
    assert refusal(transaction, key[1], timedelta(hours=2)) is BAD_KEY
    found = keys.find_key(transaction.connection, key[0].org_id, key[0].id)
    assert found is not None
    assert found.revoked_at == NOW


def test_a_suspended_organization_is_told_so(
    transaction: Transaction, key: tuple[KeyRow, str]
) -> None:
    transaction.execute("UPDATE organizations SET status = 'suspended'")
    assert refusal(transaction, key[1]) is ORG_SUSPENDED
    transaction.execute("UPDATE organizations SET status = 'active'")
    assert keys.authenticate(transaction.connection, key[1], NOW) == key[0]


def test_keys_are_listed_by_organization_in_pages(
    transaction: Transaction, organization: str
) -> None:
    from mailcore_agentpost.mail.inboxes import insert_organization

    def add(owner: str) -> str:
        row, _ = keys.insert_key(
            transaction, owner, name="", scopes=frozenset(), inbox=None, now=NOW
        )
        return row.id

    other = insert_organization(transaction, "two", NOW)
    theirs = add(other)
    ours = [add(organization) for _ in range(3)]
    connection = transaction.connection
    assert [row.id for row in keys.list_keys(connection, organization, "", 2)] == ours[:2]
    assert [row.id for row in keys.list_keys(connection, organization, ours[1], 2)] == ours[2:]
    assert keys.find_key(connection, organization, theirs) is None
