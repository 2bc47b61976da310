"""AgentPost as REST sees it: what a key may do to the objects of its organization."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Concatenate, Final, ParamSpec, TypeVar

from mailcore_agentpost.cases import MISSING_SCOPE
from mailcore_agentpost.http.service import NotThere, Refused
from mailcore_agentpost.hub import Hub
from mailcore_agentpost.mail import (
    audit,
    drafts,
    folders,
    inboxes,
    keys,
    listing,
    messages,
    rules,
    suppressions,
    threads,
    url_keys,
)
from mailcore_agentpost.policy import Sender
from mailcore_agentpost.refusing import refusals
from mailcore_agentpost.searching import Searching
from mailcore_agentpost.sending import Message, Outbox, sent_by_key
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import (
    AuditAction,
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

P = ParamSpec("P")
T = TypeVar("T")

_USERNAME: Final = "inbox"


class Service:
    """What the HTTP door asks of the store (:class:`mailcore_agentpost.http.service.Service`).

    Arguments:
        store, outbox, searching, hub: the backend's.
        domain: of new inboxes.
    """

    def __init__(
        self, store: Store, outbox: Outbox, searching: Searching, hub: Hub, domain: str
    ) -> None:
        self._store = store
        self._outbox = outbox
        self._searching = searching
        self._hub = hub
        self._domain = domain

    async def _read(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with refusals():
            return await self._store.read(lambda connection: work(connection, *args, **kwargs))

    async def _write(
        self,
        work: Callable[Concatenate[Transaction, P], T],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> T:
        with refusals():
            return await self._store.write(lambda transaction: work(transaction, *args, **kwargs))

    async def authenticate(self, secret: str) -> KeyRow:
        return await self._read(keys.authenticate, secret, datetime.now(UTC))

    # ----------------------------------------------------------------------------------- inboxes

    async def create_inbox(
        self, key: KeyRow, *, username: str | None, display_name: str, client_id: str | None
    ) -> InboxRow:
        _check_unrestricted(key)

        def work(transaction: Transaction) -> InboxRow:
            now = datetime.now(UTC)
            before = transaction.connection.total_changes
            made = inboxes.insert_inbox(
                transaction,
                key.org_id,
                username=username or _USERNAME,
                domain=self._domain,
                now=now,
                display_name=display_name,
                client_id=client_id,
            )
            if transaction.connection.total_changes > before:  # not an earlier one by its client_id
                _note_inbox(transaction, "inbox.created", key, made)
            return made

        return await self._write(work)

    async def inboxes(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[InboxRow]:
        if key.inbox_id is not None:
            only = await self._read(inboxes.find_inbox, key.org_id, key.inbox_id)
            return [only] if only is not None and only.id > (after or "") else []
        return await self._read(inboxes.list_inboxes, key.org_id, after or "", limit)

    async def inbox(self, key: KeyRow, inbox_id: str) -> InboxRow:
        found = None
        if key.inbox_id in (None, inbox_id):
            found = await self._read(inboxes.find_inbox, key.org_id, inbox_id)
        if found is None:
            raise NotThere("inbox")
        return found

    async def update_inbox(
        self, key: KeyRow, inbox_id: str, *, display_name: str | None, send_paused: bool | None
    ) -> InboxRow:
        before = await self.inbox(key, inbox_id)

        def work(transaction: Transaction) -> InboxRow:
            after = inboxes.update_inbox(
                transaction, inbox_id, display_name=display_name, send_paused=send_paused
            )
            if after.send_paused != before.send_paused:
                action: AuditAction = "inbox.paused" if after.send_paused else "inbox.resumed"
                _note_inbox(transaction, action, key, after)
            return after

        return await self._write(work)

    async def delete_inbox(self, key: KeyRow, inbox_id: str) -> None:
        inbox = await self.inbox(key, inbox_id)

        def work(transaction: Transaction) -> None:
            inboxes.delete_inbox(transaction, inbox_id)
            _note_inbox(transaction, "inbox.deleted", key, inbox)
            transaction.after.append(lambda: self._hub.end("Inbox deleted", inbox=inbox_id))

        await self._write(work)

    # ---------------------------------------------------------------------------------- messages

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
        with refusals():
            return await self._searching.messages(inbox_id, where, before, limit)

    async def message(self, key: KeyRow, message_id: str) -> MessageRow:
        found = await self._read(listing.find_message, message_id)
        if found is None or not await self.opens(key, found.inbox_id):
            raise NotThere("message")
        return found

    async def opens(self, key: KeyRow, inbox_id: str) -> bool:
        """Tell whether an inbox is there, and a key's to see."""
        if key.inbox_id not in (None, inbox_id):
            return False
        return await self._read(inboxes.find_inbox, key.org_id, inbox_id) is not None

    async def read(self, key: KeyRow, message_id: str, start: int, end: int) -> bytes:
        await self.message(key, message_id)

        def work(connection: sqlite3.Connection) -> bytes | None:
            body = listing.find_body(connection, message_id)
            return None if body is None else messages.read_body(connection, body, start, end)

        octets = await self._read(work)
        if octets is None:
            raise NotThere("message")
        return octets

    async def send(self, key: KeyRow, inbox_id: str, message: Outgoing) -> MessageRow:
        inbox = await self.inbox(key, inbox_id)
        idempotency = None
        if message.idempotency_key is not None:
            idempotency = (message.idempotency_key, message.fingerprint)
        with refusals():
            stored = await self._outbox.send(
                Sender(key.id, key.org_id, inbox.id, inbox.address),
                Message(
                    data=message.octets,
                    sender=inbox.address,
                    recipients=message.recipients,
                    labels=message.labels,
                    idempotency=idempotency,
                    draft=message.draft,
                ),
            )
        return await self.message(key, stored.id)

    async def send_rates(self, key: KeyRow, inbox_id: str) -> Sequence[Rate]:
        with refusals():
            return await self._outbox.rates(Sender(key.id, key.org_id, inbox_id, ""))

    async def sent_before(
        self, key: KeyRow, idempotency_key: str | None, fingerprint: bytes
    ) -> MessageRow | None:
        if idempotency_key is None:
            return None
        sent = await self._read(sent_by_key, key.org_id, idempotency_key, fingerprint, time.time())
        return None if sent is None else await self.message(key, sent)

    async def change_flags(
        self, key: KeyRow, message_id: str, *, add: frozenset[str], remove: frozenset[str]
    ) -> MessageRow:
        await self.message(key, message_id)
        await self._write(listing.change_message_flags, message_id, add, remove)
        return await self.message(key, message_id)

    async def trash(self, key: KeyRow, message_id: str) -> None:
        message = await self.message(key, message_id)
        await self._write(listing.trash_message, message)

    async def restore(self, key: KeyRow, message_id: str) -> MessageRow:
        message = await self.message(key, message_id)
        await self._write(_restore, message)
        return await self.message(key, message_id)

    async def folders(self, key: KeyRow, inbox_id: str) -> Sequence[FolderRow]:
        await self.inbox(key, inbox_id)
        return await self._read(folders.count_folders, inbox_id)

    # ----------------------------------------------------------------------------------- threads

    async def threads(
        self, key: KeyRow, inbox_id: str, *, before: str | None, limit: int
    ) -> Sequence[tuple[ThreadRow, MessageRow]]:
        await self.inbox(key, inbox_id)
        return await self._read(threads.list_threads, inbox_id, before, limit)

    async def thread(self, key: KeyRow, thread_id: str) -> Sequence[MessageRow]:
        found = await self._read(threads.thread_messages, thread_id)
        if not found or not await self.opens(key, found[0].inbox_id):
            raise NotThere("thread")
        return found

    async def change_thread_flags(
        self, key: KeyRow, thread_id: str, *, add: frozenset[str], remove: frozenset[str]
    ) -> None:
        await self.thread(key, thread_id)
        await self._write(threads.change_thread_flags, thread_id, add, remove)

    # ------------------------------------------------------------------------------ keys and rules

    async def create_key(
        self,
        key: KeyRow,
        *,
        name: str,
        scopes: frozenset[str],
        inbox_id: str | None,
        expires_at: datetime | None,
    ) -> tuple[KeyRow, str]:
        """Make a key that exceeds the asking one in nothing: scopes, inbox, lifetime."""
        if beyond := scopes - key.scopes:
            raise _refused(f"This key has no {', '.join(sorted(beyond))} to give.")
        if inbox_id is not None:
            await self.inbox(key, inbox_id)
        if key.expires_at is not None:
            expires_at = min(expires_at or key.expires_at, key.expires_at)

        def work(transaction: Transaction) -> tuple[KeyRow, str]:
            now = datetime.now(UTC)
            made, secret = keys.insert_key(
                transaction,
                key.org_id,
                name=name,
                scopes=scopes,
                inbox=inbox_id or key.inbox_id,
                now=now,
                expires_at=expires_at,
            )
            audit.note(
                transaction,
                "key.created",
                organization=key.org_id,
                actor=key.id,
                subject=made.id,
                now=now,
                name=name,
                scopes=sorted(scopes),
            )
            return made, secret

        return await self._write(work)

    async def keys(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[KeyRow]:
        _check_unrestricted(key)
        return await self._read(keys.list_keys, key.org_id, after or "", limit)

    async def revoke_key(self, key: KeyRow, key_id: str) -> None:
        if key_id != key.id:
            _check_unrestricted(key)
        if await self._read(keys.find_key, key.org_id, key_id) is None:
            raise NotThere("key")

        def work(transaction: Transaction) -> None:
            now = datetime.now(UTC)
            keys.revoke(transaction, key_id, now)
            url_keys.forget_keys_behind(transaction, key_id)
            audit.note(
                transaction,
                "key.revoked",
                organization=key.org_id,
                actor=key.id,
                subject=key_id,
                now=now,
            )
            transaction.after.append(lambda: self._hub.end("API key revoked", key=key_id))

        await self._write(work)

    async def create_rule(
        self,
        key: KeyRow,
        *,
        direction: RuleDirection,
        action: RuleAction,
        match_type: MatchType,
        value: str,
    ) -> RuleRow:
        _check_unrestricted(key)

        def work(transaction: Transaction) -> RuleRow:
            now = datetime.now(UTC)
            rule = rules.insert_rule(
                transaction,
                key.org_id,
                direction=direction,
                action=action,
                match_type=match_type,
                value=value,
                now=now,
            )
            audit.note_rule(transaction, "rule.created", key.org_id, key.id, rule, now)
            return rule

        try:
            return await self._write(work)
        except ValueError as error:
            raise Refused(
                422, "invalid_request", f"{value!r} can not match: {error}.", fix="Correct value."
            ) from error

    async def rules(self, key: KeyRow, *, after: str | None, limit: int) -> Sequence[RuleRow]:
        return await self._read(rules.list_rules, key.org_id, after or "", limit)

    async def rule(self, key: KeyRow, rule_id: str) -> RuleRow:
        found = await self._read(rules.find_rule, key.org_id, rule_id)
        if found is None:
            raise NotThere("rule")
        return found

    async def delete_rule(self, key: KeyRow, rule_id: str) -> None:
        _check_unrestricted(key)

        def work(transaction: Transaction) -> RuleRow | None:
            rule = rules.delete_rule(transaction, key.org_id, rule_id)
            if rule is not None:
                audit.note_rule(
                    transaction, "rule.deleted", key.org_id, key.id, rule, datetime.now(UTC)
                )
            return rule

        if await self._write(work) is None:
            raise NotThere("rule")

    # ------------------------------------------------------------------------------ suppressions

    async def add_suppression(self, key: KeyRow, address: str) -> SuppressionRow:
        _check_unrestricted(key)

        def work(transaction: Transaction) -> None:
            suppressions.suppress(
                transaction,
                key.org_id,
                address,
                reason="manual",
                message=None,
                now=time.time(),
            )
            _note_suppression(transaction, "suppression.added", key, address)

        await self._write(work)
        return await self.suppression(key, address)

    async def suppressions(
        self, key: KeyRow, *, after: str | None, limit: int
    ) -> Sequence[SuppressionRow]:
        return await self._read(suppressions.list_suppressions, key.org_id, after or "", limit)

    async def suppression(self, key: KeyRow, address: str) -> SuppressionRow:
        found = await self._read(suppressions.find_suppression, key.org_id, address)
        if found is None:
            raise NotThere("suppression")
        return found

    async def remove_suppression(self, key: KeyRow, address: str) -> None:
        _check_unrestricted(key)

        def work(transaction: Transaction) -> bool:
            if not suppressions.remove_suppression(transaction, key.org_id, address):
                return False
            _note_suppression(transaction, "suppression.removed", key, address)
            return True

        if not await self._write(work):
            raise NotThere("suppression")


def _restore(transaction: Transaction, message: MessageRow) -> None:
    listing.restore_message(transaction, message)
    if message.draft_id is not None:
        target = folders.find_folder(transaction.connection, message.inbox_id, folders.DRAFTS)
        drafts.adopt_message(transaction, target, message.id)


def _note_suppression(
    transaction: Transaction, action: AuditAction, key: KeyRow, address: str
) -> None:
    audit.note(
        transaction,
        action,
        organization=key.org_id,
        actor=key.id,
        subject=address.lower(),
        now=datetime.now(UTC),
    )


def _note_inbox(
    transaction: Transaction, action: AuditAction, key: KeyRow, inbox: InboxRow
) -> None:
    audit.note(
        transaction,
        action,
        organization=key.org_id,
        actor=key.id,
        subject=inbox.id,
        now=datetime.now(UTC),
        email=inbox.address,
    )


def _check_unrestricted(key: KeyRow) -> None:
    """Refuse what reaches beyond the one inbox that a key is restricted to."""
    if key.inbox_id is not None:
        raise _refused("This key is restricted to one inbox.")


def _refused(detail: str) -> Refused:
    return Refused(MISSING_SCOPE.status, MISSING_SCOPE.code, detail, fix=MISSING_SCOPE.fix)
