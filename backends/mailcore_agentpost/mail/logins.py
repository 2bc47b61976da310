"""Who logs in: from credentials to a key and the inbox that it opens."""

from __future__ import annotations

import hashlib
import sqlite3
from datetime import UTC, datetime

from mailcore.channel import ClientCertificate
from mailcore.sasl.types import (
    BearerCredentials,
    Credentials,
    ExternalCredentials,
    PlainCredentials,
    ScramCredentials,
)
from mailcore_agentpost.cases import BAD_KEY, Refusal
from mailcore_agentpost.mail import inboxes, keys, scram
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow, KeyRow


def judge(connection: sqlite3.Connection, credentials: Credentials) -> tuple[KeyRow, InboxRow]:
    """Return the key and the inbox that credentials name, if the one opens the other.

    Raises:
        Refusal: BAD_KEY, KEY_EXPIRED, ORG_SUSPENDED.
    """
    now = datetime.now(UTC)
    username = authzid = ""
    match credentials:
        case PlainCredentials(username, secret, authzid):
            key = keys.authenticate(connection, secret, now)
        case BearerCredentials(secret, username):
            key = keys.authenticate(connection, secret, now)
        case ScramCredentials(username, stored_key, authzid):
            key = _key(connection, scram.key_with(connection, stored_key), now)
        case ExternalCredentials(certificate, authzid):
            key = _key(connection, keys.key_of(connection, _digest(certificate)), now)
        case _:  # is not offered
            raise Refusal(BAD_KEY)
    if not username and key.inbox_id is not None and not isinstance(credentials, PlainCredentials):
        # A certificate is for one inbox, and a token may be (RFC 7628 §3.1).
        inbox = inboxes.find_inbox(connection, key.org_id, key.inbox_id)
    else:
        inbox = inboxes.inbox_at(connection, username)
    if inbox is None or inbox.org_id != key.org_id or key.inbox_id not in (None, inbox.id):
        raise Refusal(BAD_KEY)
    if authzid.lower() not in ("", inbox.address):
        raise Refusal(BAD_KEY, "Nobody acts for another inbox")
    return key, inbox


def _key(connection: sqlite3.Connection, key: str | None, now: datetime) -> KeyRow:
    if key is None:
        raise Refusal(BAD_KEY)
    return keys.valid_key(connection, key, now)


def knows_certificate(connection: sqlite3.Connection, certificate: ClientCertificate) -> bool:
    """Tell whether a certificate has come before."""
    return keys.key_of(connection, _digest(certificate)) is not None


def admit_certificate(transaction: Transaction, certificate: ClientCertificate) -> None:
    """Make the key that stands for a certificate from its first login on.

    So it is listed, limited and revoked like any other. It opens the inbox whose address the
    certificate holds, the first one if there are several.

    Raises:
        Refusal: BAD_KEY, there is no such inbox.
    """
    connection = transaction.connection
    found = (inboxes.inbox_at(connection, address) for address in certificate.emails)
    inbox = next((one for one in found if one is not None), None)
    if inbox is None:
        raise Refusal(BAD_KEY, "This certificate holds the address of no inbox")
    keys.insert_certificate_key(
        transaction, inbox, certificate, _digest(certificate), datetime.now(UTC)
    )


def _digest(certificate: ClientCertificate) -> bytes:
    """Return what a certificate is found by; no secret has it, as none holds a NUL."""
    return hashlib.sha256(b"certificate\0" + certificate.der).digest()
