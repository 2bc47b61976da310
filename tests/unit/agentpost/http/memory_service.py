"""A service in memory: the least that the HTTP door can be put in front of."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Protocol, TypeVar

from mailcore.message import parse_structure
from mailcore_agentpost.http.reading import read_text
from mailcore_agentpost.http.service import NotThere, Refused
from mailcore_agentpost.types import (
    InboxRow,
    KeyRow,
    MessageFilter,
    MessageRow,
    Outgoing,
    Rate,
    RuleRow,
)

NOW = datetime(2030, 1, 1, tzinfo=UTC)
ALL = frozenset(
    f"{what}:{how}" for what in ("messages", "inboxes", "rules") for how in ("read", "write")
) | {"keys:write"}


class Row(Protocol):
    @property
    def id(self) -> str: ...


RowT = TypeVar("RowT", bound=Row)


class MemoryService:
    """One organization per key prefix; nothing is kept."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)
        self._keys: dict[str, KeyRow] = {}
        self._inboxes: dict[str, tuple[str, InboxRow]] = {}
        self._messages: dict[str, tuple[MessageRow, bytes]] = {}
        self._rules: dict[str, tuple[str, RuleRow]] = {}
        self._sent: dict[tuple[str, str], tuple[bytes, str]] = {}
        self.rate_limited = False

    def _id(self, kind: str) -> str:
        return f"{kind}_{next(self._numbers):06}"

    def add_key(self, org_id: str, scopes: frozenset[str] = ALL, **fields: Any) -> str:
        number = self._id("key")
        secret = f"ap_sk_{number}"
        row = {"name": "", "inbox_id": None, "expires_at": None, "revoked_at": None, **fields}
        self._keys[secret] = KeyRow(
            id=number,
            org_id=org_id,
            prefix="ap_sk_",
            last_four=secret[-4:],
            scopes=scopes,
            created_at=NOW,
            **row,
        )
        return secret

    async def authenticate(self, secret: str) -> KeyRow:
        key = self._keys.get(secret)
        if key is None or key.revoked_at is not None:
            raise Refused(401, "unauthorized", "This key is not valid.", fix="Use another.")
        if self.rate_limited:
            raise Refused(429, "rate_limited", "Too fast.", fix="Wait.", retry_after=0.3)
        return key

    # ----------------------------------------------------------------------------- inboxes

    async def create_inbox(
        self, key: KeyRow, *, username: str | None, display_name: str, client_id: str | None
    ) -> InboxRow:
        for inbox in await self.inboxes(key, after=None, limit=1000):
            if client_id is not None and inbox.client_id == client_id:
                return inbox
        number = self._id("inb")
        row = InboxRow(
            id=number,
            org_id=key.org_id,
            address=f"{username or 'inbox'}-{number[-3:]}@shared.localhost",
            display_name=display_name,
            client_id=client_id,
            send_paused=False,
            created_at=NOW,
        )
        self._inboxes[row.id] = (key.org_id, row)
        return row

    async def inboxes(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[InboxRow]:
        return _page(
            [row for org, row in self._inboxes.values() if org == key.org_id], after, limit
        )

    async def inbox(self, key: KeyRow, inbox_id: str) -> InboxRow:
        org, row = self._inboxes.get(inbox_id, ("", None))
        if row is None or org != key.org_id:
            raise NotThere("inbox")
        return row

    async def update_inbox(
        self, key: KeyRow, inbox_id: str, *, display_name: str | None, send_paused: bool | None
    ) -> InboxRow:
        row = await self.inbox(key, inbox_id)
        if display_name is not None:
            row = replace(row, display_name=display_name)
        if send_paused is not None:
            row = replace(row, send_paused=send_paused)
        self._inboxes[inbox_id] = (key.org_id, row)
        return row

    async def delete_inbox(self, key: KeyRow, inbox_id: str) -> None:
        await self.inbox(key, inbox_id)
        del self._inboxes[inbox_id]

    # ---------------------------------------------------------------------------- messages

    async def messages(
        self,
        key: KeyRow,
        inbox_id: str,
        *,
        where: MessageFilter,
        before: str | None,
        limit: int,
    ) -> Sequence[MessageRow]:
        await self.inbox(key, inbox_id)
        rows = [
            row
            for row, _ in self._messages.values()
            if row.inbox_id == inbox_id
            and (before is None or row.id < before)
            and where.folder in (None, row.folder)
            and where.direction in (None, row.direction)
            and where.unread in (None, "\\Seen" not in row.flags)
            and (where.label is None or where.label in row.flags)
        ]
        return sorted(rows, key=lambda row: row.id, reverse=True)[:limit]

    async def message(self, key: KeyRow, message_id: str) -> MessageRow:
        if message_id not in self._messages:
            raise NotThere("message")
        row = self._messages[message_id][0]
        try:
            await self.inbox(key, row.inbox_id)
        except NotThere:
            raise NotThere("message") from None
        return row

    async def read(self, key: KeyRow, message_id: str, start: int, end: int) -> bytes:
        await self.message(key, message_id)
        return self._messages[message_id][1][start:end]

    async def send_rates(self, key: KeyRow, inbox_id: str) -> Sequence[Rate]:
        return [Rate(name="key", quota=9, window=60.0, remaining=8, reset=59.5)]

    async def sent_before(
        self, key: KeyRow, idempotency_key: str | None, fingerprint: bytes
    ) -> MessageRow | None:
        return None  # send() looks itself

    async def send(self, key: KeyRow, inbox_id: str, message: Outgoing) -> MessageRow:
        inbox = await self.inbox(key, inbox_id)
        if message.idempotency_key is not None:
            name = (key.org_id, message.idempotency_key)
            if name in self._sent:
                fingerprint, message_id = self._sent[name]
                if fingerprint != message.fingerprint:
                    raise Refused(409, "idempotency_conflict", "Another request.", fix="New key.")
                return self._messages[message_id][0]
        blocked = [
            address
            for address in message.recipients
            if any(rule.value == address for _, rule in self._rules.values())
        ]
        if inbox.send_paused or blocked:
            code = "message_rejected" if blocked else "send_paused"
            raise Refused(403, code, "Not sent.", fix="Ask.", recipients=blocked)
        row = self.add_message(inbox_id, message.octets, "outbound", frozenset(message.labels))
        if message.idempotency_key is not None:
            self._sent[name] = (message.fingerprint, row.id)
        return row

    def add_message(
        self, inbox_id: str, octets: bytes, direction: Any, flags: frozenset[str] = frozenset()
    ) -> MessageRow:
        row = MessageRow(
            id=self._id("msg"),
            inbox_id=inbox_id,
            thread_id=None,
            direction=direction,
            folder="Sent" if direction == "outbound" else "INBOX",
            flags=flags,
            has_attachments=read_text(octets, parse_structure(octets)).has_attachments,
            size=len(octets),
            created_at=NOW,
            header=octets.partition(b"\r\n\r\n")[0] + b"\r\n\r\n",
        )
        self._messages[row.id] = (row, octets)
        return row

    async def change_flags(
        self, key: KeyRow, message_id: str, *, add: frozenset[str], remove: frozenset[str]
    ) -> MessageRow:
        row = await self.message(key, message_id)
        return self._put(replace(row, flags=row.flags - remove | add))

    async def trash(self, key: KeyRow, message_id: str) -> None:
        self._put(replace(await self.message(key, message_id), folder="Trash"))

    async def restore(self, key: KeyRow, message_id: str) -> MessageRow:
        row = await self.message(key, message_id)
        return self._put(replace(row, folder="Sent" if row.direction == "outbound" else "INBOX"))

    def _put(self, row: MessageRow) -> MessageRow:
        self._messages[row.id] = (row, self._messages[row.id][1])
        return row

    # ------------------------------------------------------------------------ keys and rules

    async def create_key(
        self,
        key: KeyRow,
        *,
        name: str,
        scopes: frozenset[str],
        inbox_id: str | None,
        expires_at: datetime | None,
    ) -> tuple[KeyRow, str]:
        if not scopes <= key.scopes:
            raise Refused(403, "missing_scope", "More than you may.", fix="Ask for less.")
        secret = self.add_key(
            key.org_id, scopes, name=name, inbox_id=inbox_id, expires_at=expires_at
        )
        return self._keys[secret], secret

    async def keys(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[KeyRow]:
        return _page([row for row in self._keys.values() if row.org_id == key.org_id], after, limit)

    async def revoke_key(self, key: KeyRow, key_id: str) -> None:
        for secret, row in self._keys.items():
            if row.id == key_id and row.org_id == key.org_id:
                self._keys[secret] = replace(row, revoked_at=NOW)
                return
        raise NotThere("key")

    async def create_rule(
        self, key: KeyRow, *, direction: Any, action: Any, match_type: Any, value: str
    ) -> RuleRow:
        row = RuleRow(
            id=self._id("rul"),
            direction=direction,
            action=action,
            match_type=match_type,
            value=value,
            created_at=NOW,
        )
        self._rules[row.id] = (key.org_id, row)
        return row

    async def rules(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[RuleRow]:
        return _page([row for org, row in self._rules.values() if org == key.org_id], after, limit)

    async def delete_rule(self, key: KeyRow, rule_id: str) -> None:
        if self._rules.get(rule_id, ("", None))[0] != key.org_id:
            raise NotThere("rule")
        del self._rules[rule_id]


def _page(rows: list[RowT], after: str | None, limit: int) -> list[RowT]:
    """Return the rows after a key, by ascending id."""
    kept = [row for row in rows if after is None or row.id > after]
    return sorted(kept, key=lambda row: row.id)[:limit]
