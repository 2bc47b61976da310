"""Complaints: somebody called our mail spam, and their provider tells us (ARF, RFC 5965)."""

from __future__ import annotations

import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from email.utils import parseaddr
from typing import Final

from mailcore.message import Buffer, message_ids, unfold
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.mail.suppressions import suppress
from mailcore_agentpost.receiving.bounces import READ, recipients_of
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow
from mailcore_agentpost.verp import message_of

_KINDS: Final = frozenset({"abuse", "fraud", "other"})
_MOST: Final = 20


@dataclass(frozen=True, slots=True)
class Complaint:
    """What a report says.

    Arguments:
        kind: Feedback-Type (RFC 5965 §7.3).
        messages: ids that it names, by the return path.
        message_id: Message-ID of what it returns; None if it says none.
        recipients: who complained, as far as that is told; many providers do not.
    """

    kind: str
    messages: Sequence[str]
    message_id: str | None
    recipients: frozenset[str]


def read_complaint(header: Mapping[bytes, Sequence[bytes]], data: Buffer) -> Complaint | None:
    """Read a report; None for any other message, and for one that says it is no spam.

    Arguments:
        header: the fields of the message, as :func:`mailcore.message.field_values` has them.
        data: all of it.
    """
    kinds = header.get(b"content-type", (b"",))
    if not unfold(kinds[0]).lower().startswith(b"multipart/report"):
        return None
    message = message_from_bytes(bytes(data[:READ]))
    if not message.is_multipart():
        return None
    fields, returned = Message(), Message()
    for part in message.get_payload():
        if not isinstance(part, Message):
            continue
        match part.get_content_type():
            case "message/feedback-report":
                fields = _inner(part)
            case "message/rfc822" | "message/global" | "text/rfc822-headers":
                returned = _inner(part)
    kind = str(fields.get("Feedback-Type", "")).strip().lower()
    if kind not in _KINDS:
        return None
    paths = [*fields.get_all("Original-Mail-From", []), *returned.get_all("Return-Path", [])]
    found = (message_of(_address(path)) for path in paths[:_MOST])
    identifiers = message_ids(str(returned.get("Message-ID", "")).encode("utf-8", "replace"))
    recipients = fields.get_all("Original-Rcpt-To", [])[:_MOST]
    return Complaint(
        kind,
        [one for one in found if one is not None],
        identifiers[0] if identifiers else None,
        frozenset(_address(one).lower() for one in recipients),
    )


def _inner(part: Message) -> Message:
    """Return the fields in a part, which the parser takes for a message or for text."""
    payload = part.get_payload()
    if isinstance(payload, list):
        return payload[0] if payload and isinstance(payload[0], Message) else Message()
    return message_from_bytes(str(payload).lstrip().encode("utf-8", "replace"))


def _address(text: object) -> str:
    return parseaddr(str(text))[1]


def note_complaint(
    transaction: Transaction, inbox: InboxRow, complaint: Complaint, now: float
) -> None:
    """Note a complaint about a message of the organization, and write to that address no more.

    What is not about a message that we sent is only mail: the ids in it are known to nobody else
    than those who got it.
    """
    found = _find(transaction.connection, inbox.org_id, complaint)
    if found is None:
        return
    message, sender = found
    everybody = recipients_of(transaction.connection, message)
    named = [one for one in everybody if one.lower() in complaint.recipients]
    # Who complains is often left out (RFC 5965 §3.2); of one it can be nobody else.
    recipients = named or (everybody if len(everybody) == 1 else [])
    if recipients and not _is_new(transaction, message, recipients):
        return
    record(
        transaction,
        "message.complained",
        organization=inbox.org_id,
        now=now,
        inbox=sender,
        message=message,
        recipients=recipients,
        reason=complaint.kind,
    )
    for address in recipients:
        suppress(transaction, inbox.org_id, address, reason="complaint", message=message, now=now)


def _is_new(transaction: Transaction, message: str, recipients: Sequence[str]) -> bool:
    changed = [
        transaction.execute(
            "UPDATE recipients SET status = 'complained'"
            " WHERE message = ? AND address = ? AND status <> 'complained'",
            (message, address),
        ).rowcount
        for address in recipients
    ]
    return any(changed)


def _find(
    connection: sqlite3.Connection, organization: str, complaint: Complaint
) -> tuple[str, str] | None:
    """Return the message, and the inbox that sent it."""
    for column, values in (("id", complaint.messages), ("message_id", [complaint.message_id])):
        for value in values:
            row = connection.execute(
                "SELECT messages.id, inbox FROM messages JOIN inboxes ON inboxes.id = inbox"
                f" WHERE messages.{column} = ? AND organization = ? AND direction = 'outbound'",
                (value, organization),
            ).fetchone()
            if row is not None:
                return row["id"], row["inbox"]
    return None
