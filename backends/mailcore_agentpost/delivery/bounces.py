"""Bounces that come later: a server took a message and could not deliver it (RFC 3464)."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from email import message_from_bytes
from email.message import Message
from typing import Final

from mailcore.limits import KIB
from mailcore.message import Buffer
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.mail.suppressions import suppress
from mailcore_agentpost.store import Transaction
from mailcore_agentpost.types import InboxRow

#: What is read of a notification: its report comes before the message that it returns.
_READ: Final = 256 * KIB
#: Recipients that are read from one.
_MOST: Final = 100
_HARD: Final = re.compile(r"5\.1\.(1|2|3|6|10)|5\.2\.1")


@dataclass(frozen=True, slots=True)
class Report:
    """What a notification says.

    Arguments:
        envelope: the ENVID of the message: its id here. "" where it says none.
        failed: those who did not get it, each with the enhanced status.
    """

    envelope: str
    failed: Sequence[tuple[str, str]]


def read_report(data: Buffer) -> Report | None:
    """Read a notification; None for any other message, and for one of nothing final."""
    message = message_from_bytes(bytes(data[:_READ]))
    if message.get_content_type() != "multipart/report" or not message.is_multipart():
        return None
    for part in message.get_payload():
        if isinstance(part, Message) and part.get_content_type() == "message/delivery-status":
            return _report(part)
    return None


def _report(part: Message) -> Report | None:
    groups = part.get_payload()
    if not isinstance(groups, list) or not groups:
        return None
    failed = []
    for group in groups[1 : _MOST + 1]:
        if not isinstance(group, Message) or group.get("Action", "").strip().lower() != "failed":
            continue
        address = (group.get("Original-Recipient") or group.get("Final-Recipient") or "").strip()
        failed.append((address.partition(";")[2].strip(), group.get("Status", "").strip()[:11]))
    head = groups[0]
    envelope = head.get("Original-Envelope-Id", "") if isinstance(head, Message) else ""
    return Report(envelope.strip(), failed) if failed else None


def note_report(transaction: Transaction, inbox: InboxRow, report: Report, now: float) -> None:
    """Note the bounce of a message that an inbox sent.

    Only its id counts, which nobody but the servers that it went to has seen: whoever makes up a
    notification must not be able to keep us from writing to somebody.
    """
    connection = transaction.connection
    if not _sent(connection, inbox, report.envelope):
        return
    failed = [
        (address, status)
        for address, status in report.failed
        if transaction.execute(
            "UPDATE recipients SET status = 'bounced'"
            " WHERE message = ? AND lower(address) = ? AND status <> 'bounced'",
            (report.envelope, address.lower()),
        ).rowcount
    ]
    if not failed:
        return
    record(
        transaction,
        "message.bounced",
        organization=inbox.org_id,
        now=now,
        inbox=inbox.id,
        message=report.envelope,
        recipients=[address for address, _ in failed],
        replies=[status for _, status in failed],
    )
    for address, status in failed:
        if _HARD.fullmatch(status):
            suppress(
                transaction,
                inbox.org_id,
                address,
                reason="bounce",
                message=report.envelope,
                now=now,
            )


def _sent(connection: sqlite3.Connection, inbox: InboxRow, message: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM messages WHERE id = ? AND inbox = ? AND direction = 'outbound'",
        (message, inbox.id),
    ).fetchone()
    return row is not None
