"""SCRAM and certificates: what opens an inbox without a secret that is sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from mailcore.channel import ClientCertificate
from mailcore.sasl import (
    BearerCredentials,
    ExternalCredentials,
    PlainCredentials,
    ScramCredentials,
    derive_keys,
)
from mailcore_agentpost.cases import BAD_KEY, KEY_EXPIRED, ORG_SUSPENDED, Case, Refusal
from mailcore_agentpost.mail import inboxes, keys, scram
from mailcore_agentpost.mail.logins import admit_certificate, judge, knows_certificate
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow, KeyRow

from .conftest import NOW


def new_key(
    transaction: Transaction, organization: str, inbox: str | None = None, **more: object
) -> tuple[KeyRow, str]:
    return keys.insert_key(
        transaction,
        organization,
        name="",
        scopes=keys.ALL_SCOPES,
        inbox=inbox,
        now=NOW,
        **more,  # type: ignore[arg-type]
    )


def refusal(transaction: Transaction, credentials: object) -> Case:
    with pytest.raises(Refusal) as refused:
        judge(transaction.connection, credentials)  # type: ignore[arg-type]
    return refused.value.case


@pytest.fixture
def neighbour(transaction: Transaction, organization: str) -> InboxRow:
    return inboxes.insert_inbox(
        transaction, organization, username="b", domain="shared.localhost", now=NOW
    )


def proven(transaction: Transaction, inbox: InboxRow, secret: str) -> ScramCredentials:
    """Return what a proof with a secret comes to."""
    known = scram.keys_of(transaction.connection, inbox.address)
    made = derive_keys(secret, scram.HASH, salt=known.salt, iterations=known.iterations)
    assert made.pairs[0] in known.pairs
    return ScramCredentials(inbox.address, made.pairs[0].stored_key)


def test_every_key_that_opens_an_inbox_proves_it(
    transaction: Transaction, organization: str, inbox: InboxRow, neighbour: InboxRow
) -> None:
    wide, narrow, other = (
        new_key(transaction, organization),
        new_key(transaction, organization, inbox.id),
        new_key(transaction, organization, neighbour.id),
    )
    for row, secret in (wide, narrow):
        assert judge(transaction.connection, proven(transaction, inbox, secret)) == (row, inbox)
    assert len(scram.keys_of(transaction.connection, inbox.address.upper()).pairs) == 2
    theirs = proven(transaction, neighbour, other[1])
    assert refusal(transaction, replace(theirs, username=inbox.address)) is BAD_KEY


def test_a_key_of_another_organization_opens_nothing(
    transaction: Transaction, organization: str, inbox: InboxRow
) -> None:
    _, secret = new_key(transaction, inboxes.insert_organization(transaction, "two", NOW))
    with pytest.raises(AssertionError):
        proven(transaction, inbox, secret)
    salt = scram.keys_of(transaction.connection, inbox.address).salt
    forged = derive_keys(secret, scram.HASH, salt=salt).pairs[0].stored_key
    assert refusal(transaction, ScramCredentials(inbox.address, forged)) is BAD_KEY


def test_what_is_kept_tells_nobody_who_is_there(
    transaction: Transaction, organization: str, inbox: InboxRow
) -> None:
    new_key(transaction, organization)
    real = scram.keys_of(transaction.connection, inbox.address)
    nobody = scram.keys_of(transaction.connection, "nobody@shared.localhost")
    assert (nobody.salt, nobody.iterations) == (real.salt, real.iterations)
    assert (len(real.pairs), nobody.pairs) == (1, ())


def test_a_key_is_judged_after_its_proof_as_well(
    transaction: Transaction, organization: str, inbox: InboxRow
) -> None:
    past = NOW - timedelta(hours=1)
    _, expired = new_key(transaction, organization, expires_at=past)
    assert refusal(transaction, proven(transaction, inbox, expired)) is KEY_EXPIRED
    row, secret = new_key(transaction, organization)
    credentials = proven(transaction, inbox, secret)
    transaction.execute("UPDATE organizations SET status = 'suspended'")
    assert refusal(transaction, credentials) is ORG_SUSPENDED
    transaction.execute("UPDATE organizations SET status = 'active'")
    assert refusal(transaction, replace(credentials, authzid="b@c")) is BAD_KEY
    keys.revoke(transaction, row.id, NOW)
    assert refusal(transaction, credentials) is BAD_KEY


def test_scram_is_for_stores_in_which_every_key_can_use_it(
    transaction: Transaction, organization: str
) -> None:
    """Clients that are offered it try nothing else; an earlier version kept less of its keys."""

    def offered() -> bool:
        return scram.opens_all(transaction.connection, keys.PREFIX, NOW)

    assert offered()
    row, _ = new_key(transaction, organization)
    assert offered()
    transaction.execute("UPDATE keys SET scram_stored = NULL, scram_server = NULL")
    assert not offered()
    transaction.execute("UPDATE keys SET expires_at = ?", (NOW.timestamp(),))
    assert offered()
    transaction.execute("UPDATE keys SET expires_at = NULL")
    keys.revoke(transaction, row.id, NOW)
    assert offered()


# ----------------------------------------------------------------------------------- EXTERNAL


def test_a_certificate_becomes_a_key_for_one_inbox(
    transaction: Transaction, organization: str, inbox: InboxRow
) -> None:
    certificate = ClientCertificate(b"der", "Anna", ("x@y", inbox.address.upper()))
    assert not knows_certificate(transaction.connection, certificate)
    assert refusal(transaction, ExternalCredentials(certificate)) is BAD_KEY
    admit_certificate(transaction, certificate)
    assert knows_certificate(transaction.connection, certificate)
    for authzid in ("", inbox.address):
        key, opened = judge(transaction.connection, ExternalCredentials(certificate, authzid))
        assert opened == inbox
    assert (key.name, key.prefix, key.inbox_id) == ("Certificate of Anna", "certificate", inbox.id)
    assert key.scopes == {"messages:read", "messages:write"}
    assert refusal(transaction, ExternalCredentials(certificate, "x@y")) is BAD_KEY
    assert scram.opens_all(transaction.connection, keys.PREFIX, NOW)
    keys.revoke(transaction, key.id, NOW)
    assert refusal(transaction, ExternalCredentials(certificate)) is BAD_KEY


def test_a_certificate_for_no_inbox_is_refused(transaction: Transaction, inbox: InboxRow) -> None:
    with pytest.raises(Refusal, match="no inbox"):
        admit_certificate(transaction, ClientCertificate(b"der", inbox.address, ("x@y",)))


def test_the_octets_of_a_certificate_are_no_secret(
    transaction: Transaction, organization: str, inbox: InboxRow
) -> None:
    certificate = ClientCertificate(b"der", "", (inbox.address,))
    admit_certificate(transaction, certificate)
    for credentials in (
        PlainCredentials(inbox.address, "der"),
        PlainCredentials(inbox.address, certificate.fingerprint),
        BearerCredentials("der", inbox.address),
    ):
        assert refusal(transaction, credentials) is BAD_KEY
