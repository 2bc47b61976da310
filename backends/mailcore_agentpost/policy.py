"""SendPolicy: what may be sent, whichever door it comes in by."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

from mailcore.message import find_header, parse_addresses
from mailcore_agentpost.cases import (
    BAD_KEY,
    MESSAGE_REJECTED,
    MESSAGE_TOO_BIG,
    MISSING_SCOPE,
    RATE_LIMITED,
    SEND_PAUSED,
    SENDER_NOT_ALLOWED,
    TOO_MANY_RECIPIENTS,
    UNKNOWN_RECIPIENT,
    Refusal,
)
from mailcore_agentpost.mail.inboxes import find_inbox, find_recipient, without_tag
from mailcore_agentpost.mail.keys import valid_key
from mailcore_agentpost.mail.rules import is_blocked
from mailcore_agentpost.mail.suppressions import find_suppression
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.types import InboxRow, Rate

_MINUTE: Final = 60.0
_DAY: Final = 24 * 60 * 60.0


@dataclass(frozen=True, slots=True)
class Sender:
    """Who sends: an inbox, by the right of a key."""

    key: str
    organization: str
    inbox: str
    address: str


@dataclass(frozen=True, slots=True)
class Resolved:
    """One recipient. ``inbox`` is None for an address outside."""

    address: str
    inbox: InboxRow | None


class SendPolicy:
    """Judges senders, recipients and messages, against what is stored now.

    Arguments:
        settings: the rates, and how many recipients.
        domain: the mail domain of the inboxes here: an address in it is an inbox or nothing.
        message_size: octets that a message may have.
    """

    def __init__(self, settings: Settings, domain: str, message_size: int) -> None:
        self._settings = settings
        self._domain = domain.lower()
        self._message_size = message_size

    def check_sender(self, connection: sqlite3.Connection, sender: Sender, now: float) -> None:
        """Judge whether anything may be sent now.

        Raises:
            Refusal: BAD_KEY, KEY_EXPIRED, MISSING_SCOPE, ORG_SUSPENDED, SEND_PAUSED, RATE_LIMITED.
        """
        key = valid_key(connection, sender.key, datetime.fromtimestamp(now, UTC))
        inbox = find_inbox(connection, sender.organization, sender.inbox)
        if inbox is None:
            raise Refusal(BAD_KEY, "This inbox was deleted")
        if "messages:write" not in key.scopes:
            raise Refusal(MISSING_SCOPE, "This API key lacks the scope messages:write")
        if inbox.send_paused:
            raise Refusal(SEND_PAUSED)
        self._check_rates(connection, sender, now)

    def _check_rates(self, connection: sqlite3.Connection, sender: Sender, now: float) -> None:
        for column, value, most, window in self._rates(sender):
            # The one that has to leave the window before there is room again.
            row = connection.execute(
                f"SELECT at FROM sends WHERE {column} = ? AND at > ?"
                " ORDER BY at DESC LIMIT 1 OFFSET ?",
                (value, now - window, most - 1),
            ).fetchone()
            if row is not None:
                wait = row["at"] + window - now
                raise Refusal(
                    RATE_LIMITED,
                    f"Too many messages of this {column}; try again in {max(wait, 1):.0f} s",
                    retry_after=wait,
                )

    def _rates(self, sender: Sender) -> tuple[tuple[str, str, int, float], ...]:
        """Return the column of ``sends`` and its value, how many in it, and in which seconds."""
        settings = self._settings
        return (
            ("key", sender.key, settings.sends_per_key_minute, _MINUTE),
            ("inbox", sender.inbox, settings.sends_per_inbox_minute, _MINUTE),
            ("organization", sender.organization, settings.sends_per_organization_day, _DAY),
        )

    def rates(self, connection: sqlite3.Connection, sender: Sender, now: float) -> list[Rate]:
        """Return how near each bound on sending is."""
        found: list[Rate] = []
        for column, value, most, window in self._rates(sender):
            count, first = connection.execute(
                f"SELECT count(*), min(at) FROM sends WHERE {column} = ? AND at > ?",
                (value, now - window),
            ).fetchone()
            found.append(
                Rate(
                    name=column,
                    quota=most,
                    window=window,
                    remaining=max(most - count, 0),
                    reset=0 if first is None else first + window - now,
                )
            )
        return found

    def check_from(self, sender: Sender, address: str) -> None:
        """Judge MAIL FROM; raises Refusal SENDER_NOT_ALLOWED."""
        if without_tag(address) != sender.address:
            raise Refusal(SENDER_NOT_ALLOWED, f"This login sends as {sender.address}")

    def check_header(self, sender: Sender, header: bytes) -> None:
        """Judge the From field, if there is one; raises Refusal SENDER_NOT_ALLOWED."""
        field = find_header(header, "from")
        if field is None:
            return
        addresses = parse_addresses(field)
        authors = [
            b"@".join((one.mailbox, one.host)).decode("utf-8", "replace")
            for one in addresses
            if one.mailbox and one.host
        ]
        if not authors:
            raise Refusal(SENDER_NOT_ALLOWED, "From names no address")
        for author in authors:
            self.check_from(sender, author)

    def check_size(self, size: int) -> None:
        """Judge how large a message is; raises Refusal MESSAGE_TOO_BIG."""
        if size > self._message_size:
            raise Refusal(MESSAGE_TOO_BIG, f"A message has at most {self._message_size} octets")

    def check_count(self, recipients: int) -> None:
        """Judge how many recipients a message has; raises Refusal TOO_MANY_RECIPIENTS."""
        most = self._settings.recipients
        if recipients > most:
            raise Refusal(TOO_MANY_RECIPIENTS, f"A message has at most {most} recipients")

    def check_recipients(
        self, connection: sqlite3.Connection, sender: Sender, addresses: Sequence[str]
    ) -> list[Resolved]:
        """Judge the recipients of one message and find those that are inboxes here.

        Raises:
            Refusal: TOO_MANY_RECIPIENTS, UNKNOWN_RECIPIENT, MESSAGE_REJECTED; with all recipients
                that it is about.
        """
        self.check_count(len(addresses))
        resolved = [Resolved(one, find_recipient(connection, one)) for one in addresses]
        unknown = [
            one.address
            for one in resolved
            if one.inbox is None and one.address.lower().endswith("@" + self._domain)
        ]
        if unknown:
            raise Refusal(UNKNOWN_RECIPIENT, recipients=unknown)
        blocked = [one.address for one in resolved if self._is_blocked(connection, sender, one)]
        if blocked:
            raise Refusal(MESSAGE_REJECTED, recipients=blocked)
        return resolved

    def _is_blocked(
        self, connection: sqlite3.Connection, sender: Sender, recipient: Resolved
    ) -> bool:
        if recipient.inbox is None and find_suppression(
            connection, sender.organization, recipient.address
        ):
            return True
        return is_blocked(connection, sender.organization, "send", recipient.address) or (
            recipient.inbox is not None
            and is_blocked(connection, recipient.inbox.org_id, "receive", sender.address)
        )
