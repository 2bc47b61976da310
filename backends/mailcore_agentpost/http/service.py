"""What the HTTP door asks of the store. Whoever has these methods can be put behind it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Protocol

from mailcore_agentpost.types import (
    FolderRow,
    InboxRow,
    KeyRow,
    MatchType,
    MessageFilter,
    MessageRow,
    Outgoing,
    Rate,
    RuleAction,
    RuleDirection,
    RuleRow,
    SuppressionRow,
    ThreadRow,
)


class Refused(Exception):
    """The service refuses.

    Arguments:
        status: the HTTP status that says so.
        code: what programs decide by.
        detail: one line for a person.
        fix: what to do about it.
        retry_after: seconds, for 429 and 503.
        recipients: those that were refused.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        fix: str,
        retry_after: float | None = None,
        recipients: Sequence[str] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fix = fix
        self.retry_after = retry_after
        self.recipients = tuple(recipients)


class NotThere(Exception):
    """There is no such object, or it is another organization's: nobody can tell which."""


class Service(Protocol):
    """The store, the policy and the keys of one server.

    Every method takes the key that asks and sees only what is that key's. Each raises NotThere for
    an object that is not, and Refused for what the policy does not allow.
    """

    async def authenticate(self, secret: str) -> KeyRow:
        """Return the key with this secret. Refused: 401 wrong, expired, revoked; 403 suspended."""
        ...

    async def create_inbox(
        self, key: KeyRow, *, username: str | None, display_name: str, client_id: str | None
    ) -> InboxRow: ...

    async def inboxes(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[InboxRow]:
        """Return inboxes by ascending id."""
        ...

    async def inbox(self, key: KeyRow, inbox_id: str) -> InboxRow: ...

    async def update_inbox(
        self,
        key: KeyRow,
        inbox_id: str,
        *,
        display_name: str | None,
        send_paused: bool | None,
    ) -> InboxRow: ...

    async def delete_inbox(self, key: KeyRow, inbox_id: str) -> None: ...

    async def messages(
        self,
        key: KeyRow,
        inbox_id: str,
        *,
        where: MessageFilter,
        before: str | None,
        limit: int,
    ) -> Sequence[MessageRow]:
        """Return messages by descending id."""
        ...

    async def message(self, key: KeyRow, message_id: str) -> MessageRow: ...

    async def read(self, key: KeyRow, message_id: str, start: int, end: int) -> bytes: ...

    async def send(self, key: KeyRow, inbox_id: str, message: Outgoing) -> MessageRow:
        """Judge, store and hand over a message; return after the commit has reached the disk."""
        ...

    async def send_rates(self, key: KeyRow, inbox_id: str) -> Sequence[Rate]:
        """Return how much may still be sent from an inbox by a key."""
        ...

    async def sent_before(
        self, key: KeyRow, idempotency_key: str | None, fingerprint: bytes
    ) -> MessageRow | None:
        """Return the message that this very request has sent, if it is repeated.

        Refused: 409 another request had this key.
        """
        ...

    async def change_flags(
        self, key: KeyRow, message_id: str, *, add: frozenset[str], remove: frozenset[str]
    ) -> MessageRow: ...

    async def trash(self, key: KeyRow, message_id: str) -> None: ...

    async def restore(self, key: KeyRow, message_id: str) -> MessageRow: ...

    async def folders(self, key: KeyRow, inbox_id: str) -> Sequence[FolderRow]: ...

    async def threads(
        self, key: KeyRow, inbox_id: str, *, before: str | None, limit: int
    ) -> Sequence[tuple[ThreadRow, MessageRow]]:
        """Return threads with their latest messages, the one with the latest of them first."""
        ...

    async def thread(self, key: KeyRow, thread_id: str) -> Sequence[MessageRow]:
        """Return the messages of a thread, at least one, the oldest first."""
        ...

    async def change_thread_flags(
        self, key: KeyRow, thread_id: str, *, add: frozenset[str], remove: frozenset[str]
    ) -> None:
        """Change the flags of every message of a thread."""
        ...

    async def create_key(
        self,
        key: KeyRow,
        *,
        name: str,
        scopes: frozenset[str],
        inbox_id: str | None,
        expires_at: datetime | None,
    ) -> tuple[KeyRow, str]:
        """Make a key; return it with its secret. Refused: it would exceed the asking key."""
        ...

    async def keys(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[KeyRow]:
        """Return keys by ascending id."""
        ...

    async def revoke_key(self, key: KeyRow, key_id: str) -> None: ...

    async def create_rule(
        self,
        key: KeyRow,
        *,
        direction: RuleDirection,
        action: RuleAction,
        match_type: MatchType,
        value: str,
    ) -> RuleRow: ...

    async def rules(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[RuleRow]:
        """Return rules by ascending id."""
        ...

    async def rule(self, key: KeyRow, rule_id: str) -> RuleRow: ...

    async def delete_rule(self, key: KeyRow, rule_id: str) -> None: ...

    async def add_suppression(self, key: KeyRow, address: str) -> SuppressionRow:
        """Send nothing to an address; return what is noted of it, by now or before."""
        ...

    async def suppressions(
        self, key: KeyRow, *, after: str | None, limit: int
    ) -> Sequence[SuppressionRow]:
        """Return suppressions by ascending address."""
        ...

    async def suppression(self, key: KeyRow, address: str) -> SuppressionRow: ...

    async def remove_suppression(self, key: KeyRow, address: str) -> None: ...
