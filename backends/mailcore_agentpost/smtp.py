"""AgentPost as the SMTP session sees it where users submit; strangers come to ``receiving``."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final

from mailcore.backend import MailTransaction, Peer, Recipient
from mailcore.log import log_event
from mailcore.smtp.trace import received_field
from mailcore.smtp.types import MailParameters, Reply, ReversePath
from mailcore.spool import Content
from mailcore_agentpost.cases import RATE_LIMITED, Refusal
from mailcore_agentpost.policy import Sender, SendPolicy
from mailcore_agentpost.rejections import Rejections
from mailcore_agentpost.sending import Message, Outbox
from mailcore_agentpost.store import Store

logger: Final = logging.getLogger("mailcore.agentpost")

_TOO_FAST: Final = Reply.of(421, "4.7.1", "Too many messages; goodbye")


@dataclass(frozen=True, slots=True)
class Submitting:
    """What all submissions share.

    Arguments:
        store, policy, outbox, rejections: the backend's.
        hostname: what this server calls itself.
    """

    store: Store
    policy: SendPolicy
    outbox: Outbox
    rejections: Rejections
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
        self._rejections = submitting.rejections
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
        check = partial(self._policy.check_recipients, sender=self._sender, addresses=[address])
        try:
            await self._store.read(check)
        except Refusal as refusal:
            await self._rejections.note_sending(refusal, self._sender)
            raise
        self._recipients.append(address)

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        # Of a recipient that is named twice, the first wish counts.
        asked = {one.path.address: one.parameters for one in reversed(transaction.recipients)}
        stored = await self._outbox.send(
            self._sender,
            Message(
                data=content.buffer(),
                sender=transaction.sender.address,
                recipients=list(reversed(asked)),
                parameters=transaction.parameters,
                asked=asked,
                trace=_received(transaction, self._peer, self._hostname),
            ),
        )
        log_event(
            logger,
            "sent",
            message=stored.id,
            inbox=self._sender.inbox,
            key=self._sender.key,
            recipients=len(asked),
            octets=content.size,
            peer=self._peer.host,
        )
        return [Reply.of(250, "2.0.0", f"Sent as {stored.id}")]


def _received(transaction: MailTransaction, peer: Peer, hostname: str) -> bytes:
    return received_field(
        hello=transaction.hello,
        host=peer.host,
        by=hostname,
        protocol=transaction.protocol,
        when=datetime.now(UTC),
    )
