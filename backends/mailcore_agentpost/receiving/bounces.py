"""Bounces that come later: a server took a message and could not deliver it.

Which message it is says the address that the bounce was sent to (see ``verp``), whatever the form
of the bounce; where that was turned off, the ENVID in a notification of RFC 3464.
"""

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
READ: Final = 256 * KIB
#: Recipients that are read from one.
_MOST: Final = 100
_HARD: Final = re.compile(r"5\.1\.(1|2|3|6|10)|5\.2\.1")

# A bounce of no known form: who writes it, and what it is called. Automatic answers come from the
# null path, too.
_DAEMON: Final = re.compile(r"\b(mailer-daemon|postmaster|mail delivery)", re.IGNORECASE)
_UNDELIVERED: Final = re.compile(
    r"undeliver|non-?deliver|not delivered|returned|failure|failed|could not send", re.IGNORECASE
)
_ADDRESS: Final = re.compile(rb"[^\s<>\"(),:;\[\]\x00-\x1f]+@[a-z0-9.-]+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Report:
    """What a bounce says.

    Arguments:
        envelope: the ENVID of the message. "" where it says none.
        failed: those who did not get it, each with the enhanced status.
        mentioned: addresses in the text of one that has no form, in lower case.
    """

    envelope: str
    failed: Sequence[tuple[str, str]]
    mentioned: frozenset[str] = frozenset()


def read_report(data: Buffer) -> Report | None:
    """Read a bounce; None for any other message, and for one of nothing final."""
    octets = bytes(data[:READ])
    message = message_from_bytes(octets)
    if message.get_content_type() == "multipart/report" and message.is_multipart():
        for part in message.get_payload():
            if isinstance(part, Message) and part.get_content_type() == "message/delivery-status":
                return _report(part)
        return None
    if _DAEMON.search(str(message["From"])) and _UNDELIVERED.search(str(message["Subject"])):
        found = (match[0].strip(b".").lower() for match in _ADDRESS.finditer(octets))
        return Report("", (), frozenset(one.decode("utf-8", "replace") for one in found))
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


def note_report(
    transaction: Transaction, inbox: InboxRow, message: str | None, report: Report, now: float
) -> None:
    """Note the bounce of a message that an inbox sent.

    Only an id counts, which nobody but the servers that it went to has seen: whoever makes up a
    notification must not be able to keep us from writing to somebody.

    Arguments:
        message: that the address of the bounce names; None if it names none.
    """
    message = message or report.envelope
    if not _sent(transaction.connection, inbox, message):
        return
    failed = [
        (address, status)
        for address, status in _failed(transaction.connection, message, report)
        if transaction.execute(
            "UPDATE recipients SET status = 'bounced'"
            " WHERE message = ? AND address = ? AND status <> 'bounced'",
            (message, address),
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
        message=message,
        recipients=[address for address, _ in failed],
        replies=[status for _, status in failed],
    )
    for address, status in failed:
        if _HARD.fullmatch(status):
            suppress(transaction, inbox.org_id, address, reason="bounce", message=message, now=now)


def _failed(connection: sqlite3.Connection, message: str, report: Report) -> list[tuple[str, str]]:
    """Return the recipients of a message that a bounce is about, with the status."""
    recipients = recipients_of(connection, message)
    known = {address.lower(): address for address in recipients}
    found = [
        (known[address.lower()], status)
        for address, status in report.failed
        if address.lower() in known
    ]
    found += [(known[address], "") for address in sorted(report.mentioned & known.keys())]
    if not found and len(recipients) == 1:
        # The mail was forwarded, and the bounce tells where to. There is but one whom it can mean.
        found = [(recipients[0], report.failed[0][1] if report.failed else "")]
    return found


def recipients_of(connection: sqlite3.Connection, message: str) -> list[str]:
    """Return the recipients of a message that was sent."""
    rows = connection.execute("SELECT address FROM recipients WHERE message = ?", (message,))
    return [row["address"] for row in rows.fetchall()]


def _sent(connection: sqlite3.Connection, inbox: InboxRow, message: str) -> bool:
    row = connection.execute(
        "SELECT 1 FROM messages WHERE id = ? AND inbox = ? AND direction = 'outbound'",
        (message, inbox.id),
    ).fetchone()
    return row is not None
