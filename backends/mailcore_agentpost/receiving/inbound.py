"""The door for strangers' mail: an MX, or LMTP from a mail server of one's own."""

from __future__ import annotations

import logging
import sqlite3
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import Final, NamedTuple

from mailcore.backend import BackendError, MailTransaction, OverQuota, Peer, Recipient
from mailcore.limits import Limits
from mailcore.log import log_event
from mailcore.message import Buffer, Header, field_values, header_block, headers, unfold
from mailcore.smtp.trace import received_field
from mailcore.smtp.types import ForwardPath, MailParameters, Reply, ReversePath
from mailcore.spool import Content
from mailcore_agentpost.cases import (
    MESSAGE_REJECTED,
    NOT_AUTHENTIC,
    NOT_RELAYED,
    UNKNOWN_RECIPIENT,
    Refusal,
)
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.fields import delivered_to, return_path, write_with_fields
from mailcore_agentpost.mail.inboxes import find_recipient, first_inbox
from mailcore_agentpost.mail.messages import write_body
from mailcore_agentpost.mail.quota import storage
from mailcore_agentpost.mail.rules import is_blocked
from mailcore_agentpost.receiving.authentication import (
    FIELD,
    Authenticator,
    Verdict,
    forged_fields,
)
from mailcore_agentpost.receiving.bounces import Report, note_report, read_report
from mailcore_agentpost.receiving.complaints import Complaint, note_complaint, read_complaint
from mailcore_agentpost.rejections import Rejections
from mailcore_agentpost.sending import Copy, in_thread_if_large, receive_message
from mailcore_agentpost.settings import Settings
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import InboxRow
from mailcore_agentpost.verp import message_of

logger: Final = logging.getLogger("mailcore.agentpost")

# RFC 5321 §6.3: at least 100.
_MOST_HOPS: Final = 100
_LOOP: Final = Reply.of(554, "5.4.6", "This message goes in circles")
# Names that every domain has (RFC 5321 §4.5.1, RFC 2142 §4): whoever runs the server reads these.
_ROLES: Final = frozenset({"postmaster", "abuse"})
_RETURN_PATH: Final = b"return-path"
_OURS: Final = frozenset({FIELD, _RETURN_PATH})

_Fields = Mapping[bytes, Sequence[bytes]]


@dataclass(frozen=True, slots=True)
class Receiving:
    """What all connections of strangers share.

    Arguments:
        store, rejections, authenticator: the backend's.
        settings: the backend's.
        domain: the mail domain of the inboxes, and what this server calls itself.
        limits: of the summaries, and of what is kept in memory.
    """

    store: Store
    rejections: Rejections
    authenticator: Authenticator
    settings: Settings
    domain: str
    limits: Limits


class _Found(NamedTuple):
    """What becomes of a recipient."""

    inbox: InboxRow
    blocked: bool
    full: bool


class Inbound:
    """Where one stranger delivers mail to inboxes here: a :class:`mailcore.backend.Delivery`.

    Arguments:
        receiving: what all of them share.
        peer: the stranger.
    """

    def __init__(self, receiving: Receiving, peer: Peer) -> None:
        self._receiving = receiving
        self._store = receiving.store
        self._limits = receiving.limits
        self._peer = peer
        self._sender = ReversePath()
        self._inboxes: dict[str, InboxRow] = {}

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        self._sender = sender
        self._inboxes = {}

    async def rcpt_to(self, recipient: Recipient) -> None:
        path = recipient.path
        ours = path.domain.lower() in (self._receiving.domain.lower(), "")
        found = await self._store.read(partial(self._find, path=path, ours=ours))
        if found is None:
            raise Refusal(UNKNOWN_RECIPIENT if ours else NOT_RELAYED)
        if found.blocked:
            refusal = Refusal(MESSAGE_REJECTED)
            await self._note_rejected(refusal, [found.inbox])
            raise refusal
        if found.full:
            raise OverQuota("This inbox is full")
        self._inboxes[path.address] = found.inbox

    def _find(
        self, connection: sqlite3.Connection, path: ForwardPath, *, ours: bool
    ) -> _Found | None:
        """Read all that decides on a recipient at once: each reading is a way to another thread."""
        inbox = find_recipient(connection, path.address)
        if inbox is None and ours and path.local_part.lower() in _ROLES:
            inbox = first_inbox(connection)
        if inbox is None:
            return None
        blocked = not self._sender.is_null and is_blocked(
            connection,
            organization=inbox.org_id,
            direction="receive",
            address=self._sender.address,
        )
        # Asked here, so that one full inbox does not keep the message from the others.
        most = self._receiving.settings.inbox_storage
        return _Found(inbox, blocked, bool(most) and storage(connection, inbox.id) >= most)

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        data = content.buffer()
        header = header_block(data, self._limits.header_block)
        fields = field_values(header)
        _check_hops(fields)
        addresses = [one.path.address for one in transaction.recipients]
        inboxes = _not_looped(fields, [self._inboxes[address] for address in addresses])
        verdict = await self._receiving.authenticator.check(transaction, self._peer, data)
        if verdict is not None and verdict.dmarc.refused and self._refuses:
            refusal = Refusal(NOT_AUTHENTIC, f"{verdict.dmarc.domain} asks to refuse this")
            await self._note_rejected(refusal, inboxes)
            raise refusal
        # Only the null path says that this is a notification (RFC 3464 §2).
        news = _News(
            read_report(data) if transaction.sender.is_null else None,
            {self._inboxes[one].id: message_of(one) for one in addresses},
            read_complaint(fields, data),
        )
        # The fields that nobody but us may write; most messages have none.
        dropped = [] if _OURS.isdisjoint(fields) else self._dropped(header, transaction)
        with Content(memory=self._limits.spool_memory) as stamped:
            write_with_fields(
                stamped, self._trace(transaction, inboxes, verdict), data, header, dropped
            )
            whole = stamped.buffer()
            copy = await in_thread_if_large(
                whole, self._limits, partial(self._copy, whole, verdict)
            )
            await self._store.write(partial(_store, copy=copy, inboxes=inboxes, news=news))
        for inbox in inboxes:
            log_event(
                logger,
                "delivered",
                inbox=inbox.id,
                sender=transaction.sender.address,
                octets=content.size,
                protocol=self._peer.protocol,
                peer=self._peer.host,
                **({} if verdict is None else verdict.summary()),
            )
        return [Reply.of(250, "2.0.0", "Delivered")]

    @property
    def _refuses(self) -> bool:
        return self._receiving.settings.inbound.dmarc == "reject"

    def _trace(
        self, transaction: MailTransaction, inboxes: Sequence[InboxRow], verdict: Verdict | None
    ) -> bytes:
        """Make what stands in front of the message, the latest first (RFC 5321 §4.4)."""
        domain = self._receiving.domain
        # With several recipients, naming one would tell the others of it (RFC 5321 §7.2).
        recipients = transaction.recipients
        only = recipients[0].path if len({one.path for one in recipients}) == 1 else None
        return b"".join(
            (
                return_path(transaction.sender.address),
                delivered_to(inboxes[0].address) if len(inboxes) == 1 else b"",
                verdict.field(domain) if verdict is not None else b"",
                received_field(
                    hello=transaction.hello,
                    host=self._peer.host,
                    by=domain,
                    protocol=transaction.protocol,
                    when=datetime.now(UTC),
                    recipient=only,
                ),
            )
        )

    def _dropped(self, header: bytes, transaction: MailTransaction) -> list[Header]:
        """Return the fields that nobody but us may write."""
        # A mail server of one's own may have checked the message, and said so in our name.
        forged = (
            [] if "LMTP" in transaction.protocol else forged_fields(header, self._receiving.domain)
        )
        paths = [field for field in headers(header) if field.name.lower() == _RETURN_PATH]
        return sorted((*forged, *paths), key=lambda field: field.start)

    def _copy(self, data: Buffer, verdict: Verdict | None) -> Copy:
        authentication = verdict.summary() if verdict is not None else None
        return Copy(data, digest(data, self._limits), authentication)

    async def _note_rejected(self, refusal: Refusal, inboxes: Sequence[InboxRow]) -> None:
        for inbox in inboxes:
            await self._receiving.rejections.note(
                refusal,
                direction="receive",
                organization=inbox.org_id,
                inbox=inbox.id,
                sender=self._sender.address,
                recipients=[inbox.address],
            )


def _check_hops(fields: _Fields) -> None:
    """Refuse what has been on its way for too long: it goes in circles (RFC 5321 §6.3)."""
    if len(fields.get(b"received", ())) > _MOST_HOPS:
        raise BackendError("Mail loop", reply=_LOOP)


def _not_looped(fields: _Fields, inboxes: Sequence[InboxRow]) -> list[InboxRow]:
    """Return the inboxes that have not had this message yet, each once.

    Raises:
        BackendError: all have had it.
    """
    been = {
        unfold(value).decode("utf-8", "replace").lower()
        for value in fields.get(b"delivered-to", ())
    }
    found = [inbox for inbox in dict.fromkeys(inboxes) if inbox.address not in been]
    if not found:
        raise BackendError("Mail loop", reply=_LOOP)
    return found


@dataclass(frozen=True, slots=True)
class _News:
    """What mail from outside says of mail that left.

    Arguments:
        named: the message that the address names by which each inbox got this, by inbox.
    """

    report: Report | None
    named: Mapping[str, str | None]
    complaint: Complaint | None


def _store(transaction: Transaction, copy: Copy, inboxes: Sequence[InboxRow], news: _News) -> None:
    now = time.time()
    body = write_body(transaction, copy.data)
    for inbox in inboxes:
        receive_message(transaction, inbox, body, copy, now)
        if news.report is not None:
            note_report(transaction, inbox, news.named[inbox.id], news.report, now)
        if news.complaint is not None:
            note_complaint(transaction, inbox, news.complaint, now)
