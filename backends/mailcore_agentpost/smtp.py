"""AgentPost as the SMTP session sees it: submission by an inbox, and delivery by strangers."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mailcore.backend import BackendError, MailTransaction, OverQuota, Peer, Recipient
from mailcore.limits import Limits
from mailcore.log import log_event
from mailcore.message import Buffer, header_block, headers
from mailcore.smtp.trace import received_field
from mailcore.smtp.types import ForwardPath, MailParameters, Reply, ReversePath
from mailcore.spool import Content
from mailcore_agentpost.cases import (
    MESSAGE_REJECTED,
    NOT_RELAYED,
    RATE_LIMITED,
    UNKNOWN_RECIPIENT,
    Refusal,
)
from mailcore_agentpost.delivery.bounces import Report, note_report, read_report
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.inboxes import find_recipient, first_inbox
from mailcore_agentpost.mail.messages import write_body
from mailcore_agentpost.mail.quota import storage
from mailcore_agentpost.mail.rules import is_blocked
from mailcore_agentpost.policy import Sender, SendPolicy
from mailcore_agentpost.sending import (
    Copy,
    Message,
    Outbox,
    in_thread_if_large,
    receive_message,
    return_path,
)
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import InboxRow

logger: Final = logging.getLogger("mailcore.agentpost")

# RFC 5321 §6.3: at least 100.
_MOST_HOPS: Final = 100
_LOOP: Final = Reply.of(554, "5.4.6", "This message goes in circles")
_TOO_FAST: Final = Reply.of(421, "4.7.1", "Too many messages; goodbye")


@dataclass(frozen=True, slots=True)
class Submitting:
    """What all submissions share.

    Arguments:
        store, policy, outbox: the backend's.
        hostname: what this server calls itself.
    """

    store: Store
    policy: SendPolicy
    outbox: Outbox
    hostname: str


class Submission:
    """Where one logged-in connection submits its mail: a :class:`mailcore.backend.Delivery`.

    Arguments:
        submitting: what all submissions share.
        sender: the inbox that is logged in.
        peer: the client.
    """

    def __init__(self, submitting: Submitting, sender: Sender, peer: Peer) -> None:
        self._store = submitting.store
        self._policy = submitting.policy
        self._outbox = submitting.outbox
        self._hostname = submitting.hostname
        self._sender = sender
        self._peer = peer
        self._recipients: list[str] = []
        self._was_too_fast = False

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        self._recipients = []
        self._policy.check_from(self._sender, sender.address)
        check = partial(self._policy.check_sender, sender=self._sender, now=time.time())
        try:
            await self._store.read(check)
        except Refusal as refusal:
            if refusal.case is RATE_LIMITED:
                if self._was_too_fast:
                    refusal.reply = _TOO_FAST
                self._was_too_fast = True
            raise

    async def rcpt_to(self, recipient: Recipient) -> None:
        address = recipient.path.address
        self._policy.check_count(len(self._recipients) + 1)
        await self._store.read(
            partial(self._policy.check_recipients, sender=self._sender, addresses=[address])
        )
        self._recipients.append(address)

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        recipients = [one.path.address for one in transaction.recipients]
        stored = await self._outbox.send(
            self._sender,
            Message(
                data=content.buffer(),
                sender=transaction.sender.address,
                recipients=list(dict.fromkeys(recipients)),
                trace=_received(transaction, self._peer, self._hostname),
            ),
        )
        log_event(
            logger,
            "sent",
            message=stored.id,
            inbox=self._sender.inbox,
            key=self._sender.key,
            recipients=len(set(recipients)),
            octets=content.size,
            peer=self._peer.host,
        )
        return [Reply.of(250, "2.0.0", f"Sent as {stored.id}")]


class Inbound:
    """Where one stranger delivers mail to inboxes here: a :class:`mailcore.backend.Delivery`.

    Arguments:
        store: where it is kept.
        domain: the mail domain of the inboxes.
        hostname: what this server calls itself.
        limits: of the summaries, and of what is kept in memory.
        inbox_storage: octets that an inbox may hold; 0 for no limit.
        peer: the stranger.
    """

    def __init__(
        self,
        store: Store,
        *,
        domain: str,
        hostname: str,
        limits: Limits,
        inbox_storage: int = 0,
        peer: Peer,
    ) -> None:
        self._store = store
        self._domain = domain.lower()
        self._hostname = hostname
        self._limits = limits
        self._inbox_storage = inbox_storage
        self._peer = peer
        self._sender = ReversePath()
        self._inboxes: dict[str, InboxRow] = {}

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        self._sender = sender
        self._inboxes = {}

    async def rcpt_to(self, recipient: Recipient) -> None:
        address = recipient.path.address
        ours = recipient.path.domain.lower() in (self._domain, "")
        inbox = await self._store.read(partial(find_recipient, address=address))
        if inbox is None and ours and recipient.path.local_part.lower() == "postmaster":
            # RFC 5321 §4.5.1: somebody reads this.
            inbox = await self._store.read(first_inbox)
        if inbox is None:
            raise Refusal(UNKNOWN_RECIPIENT if ours else NOT_RELAYED)
        if not self._sender.is_null and await self._is_blocked(inbox):
            raise Refusal(MESSAGE_REJECTED)
        if self._inbox_storage:
            # Asked here, so that one full inbox does not keep the message from the others.
            octets = await self._store.read(partial(storage, inbox=inbox.id))
            if octets >= self._inbox_storage:
                raise OverQuota("This inbox is full")
        self._inboxes[address] = inbox

    async def _is_blocked(self, inbox: InboxRow) -> bool:
        sender = self._sender.address
        return await self._store.read(
            partial(is_blocked, organization=inbox.org_id, direction="receive", address=sender)
        )

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        addresses = list(dict.fromkeys(one.path.address for one in transaction.recipients))
        _check_hops(header_block(content.buffer(), self._limits.header_block))
        # Only the null path says that this is a notification (RFC 3464 §2).
        report = read_report(content.buffer()) if transaction.sender.is_null else None
        inboxes = dict.fromkeys(self._inboxes[address] for address in addresses)
        # With several recipients, naming one would tell the others of it (RFC 5321 §7.2).
        only = transaction.recipients[0].path if len(addresses) == 1 else None
        trace = return_path(transaction.sender.address)
        trace += _received(transaction, self._peer, self._hostname, only)
        with Content(trace, memory=self._limits.spool_memory) as stamped:
            for piece in content.chunks():
                stamped.write(piece)
            data = stamped.buffer()
            copy = await in_thread_if_large(data, self._limits, partial(self._copy, data))
            await self._store.write(
                partial(_store, copy=copy, inboxes=list(inboxes), report=report)
            )
        for inbox in inboxes:
            log_event(
                logger,
                "delivered",
                inbox=inbox.id,
                sender=transaction.sender.address,
                octets=content.size,
                protocol=self._peer.protocol,
                peer=self._peer.host,
            )
        return [Reply.of(250, "2.0.0", "Delivered")]

    def _copy(self, data: Buffer) -> Copy:
        return Copy(data, digest(data, self._limits))


def _check_hops(header: bytes) -> None:
    """Refuse what has been on its way for too long: it goes in circles (RFC 5321 §6.3)."""
    hops = sum(field.name.lower() == b"received" for field in headers(header))
    if hops > _MOST_HOPS:
        raise BackendError("Mail loop", reply=_LOOP)


def _store(
    transaction: Transaction, copy: Copy, inboxes: Sequence[InboxRow], report: Report | None
) -> None:
    now = time.time()
    body = write_body(transaction, copy.data)
    for inbox in inboxes:
        receive_message(transaction, inbox, body, copy, now)
        if report is not None:
            note_report(transaction, inbox, report, now)


def _received(
    transaction: MailTransaction, peer: Peer, hostname: str, only: ForwardPath | None = None
) -> bytes:
    return received_field(
        hello=transaction.hello,
        host=peer.host,
        by=hostname,
        protocol=transaction.protocol,
        when=datetime.now(UTC),
        recipient=only,
    )
