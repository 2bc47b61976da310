"""Sending: what is done to a message on its way out, and the one transaction that sends it."""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from functools import partial
from typing import Final, TypeVar

import trio

from mailcore.limits import Limits
from mailcore.message import Buffer, field_values, find_header, header_block, pieces
from mailcore.smtp.types import MailParameters, RcptParameters, Reply
from mailcore_agentpost.cases import IDEMPOTENCY_CONFLICT, MESSAGE_TOO_BIG, Refusal
from mailcore_agentpost.delivery.notices import About, Fate, notice
from mailcore_agentpost.mail.audit import forget_audit
from mailcore_agentpost.mail.digest import Digest, digest, with_fields_in_front
from mailcore_agentpost.mail.drafts import check_unchanged, take_revision
from mailcore_agentpost.mail.events import forget_events, record
from mailcore_agentpost.mail.fields import return_path, with_fields
from mailcore_agentpost.mail.folders import DRAFTS, INBOX, SENT, find_folder
from mailcore_agentpost.mail.inboxes import find_inbox
from mailcore_agentpost.mail.messages import Stored, insert_message, write_body
from mailcore_agentpost.mail.placements import Placement, place
from mailcore_agentpost.mail.queue import enqueue
from mailcore_agentpost.mail.uploads import forget_uploads
from mailcore_agentpost.mail.wishes import Wishes
from mailcore_agentpost.policy import Resolved, Sender, SendPolicy
from mailcore_agentpost.rejections import Rejections
from mailcore_agentpost.store import Store, Transaction
from mailcore_agentpost.types import Direction, InboxRow, MessageRow, Rate

T = TypeVar("T")

SEEN: Final = "\\Seen"

#: Fields that only the sender sees, or only we may write.
_NOT_DELIVERED: Final = frozenset({b"bcc", b"return-path"})

#: What notifications say of a message that is in its inbox.
DELIVERED: Final = Reply.of(250, "2.1.5", "Delivered")

#: A client that lost the answer tries again within this many seconds.
_RETRY: Final = 10 * 60.0
_IDEMPOTENCY: Final = 24 * 60 * 60.0
_DAY: Final = 24 * 60 * 60.0
_EVENTS_KEPT: Final = 30 * _DAY


@dataclass(frozen=True, slots=True)
class Copy:
    """Octets to store, and what is known of them.

    Arguments:
        authentication: what SPF, DKIM and DMARC say of them; None if they were not asked.
    """

    data: Buffer
    digest: Digest
    authentication: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message to send.

    Arguments:
        data: its octets as they came.
        sender: MAIL FROM.
        recipients: RCPT TO.
        parameters: of MAIL FROM.
        asked: parameters of RCPT TO, by recipient.
        trace: header fields to put in front of what is delivered here.
        labels: of the copy in Sent.
        idempotency: a key and the fingerprint of its request, or None.
        draft: what is sent, as it was read: it is gone when the message is sent; or None.
    """

    data: Buffer
    sender: str
    recipients: Sequence[str]
    parameters: MailParameters = field(default_factory=MailParameters)
    asked: Mapping[str, RcptParameters] = field(default_factory=dict)
    trace: bytes = b""
    labels: Collection[str] = ()
    idempotency: tuple[str, bytes] | None = None
    draft: MessageRow | None = None


class Outbox:
    """Sends messages.

    Arguments:
        store: where they are kept.
        policy: what may be sent.
        rejections: told of what may not.
        limits: of the summaries, and of what is kept in memory.
        reporter: our name, in notifications.
        leaves: whether mail to an address outside is sent there; what is not is only kept.
    """

    def __init__(
        self,
        store: Store,
        policy: SendPolicy,
        rejections: Rejections,
        limits: Limits,
        reporter: str,
        leaves: Callable[[str], bool] = lambda address: False,
    ) -> None:
        self._store = store
        self._policy = policy
        self._rejections = rejections
        self._limits = limits
        self._reporter = reporter
        self._leaves = leaves

    async def send(self, sender: Sender, message: Message) -> Stored:
        """Judge, store and deliver a message; return its copy in Sent.

        A message that was sent within the last ten minutes (same inbox, envelope, Message-ID and
        octets), or with this idempotency key, is not sent again.

        Raises:
            Refusal: as the policy says.
            Unavailable: nothing was sent.
        """
        self._policy.check_size(len(message.data))
        with ExitStack() as spools:
            prepare = partial(self._prepare, sender, message, spools)
            sent, delivered = await in_thread_if_large(message.data, self._limits, prepare)
            # A draft is sent once because it is gone then; the same text may be drafted again.
            fingerprint = None if message.draft else _fingerprint(sender, message)
            commit = partial(self._commit, sender, message, sent, delivered, fingerprint)
            try:
                return await self._store.write(commit)
            except Refusal as refusal:
                await self._rejections.note_sending(refusal, sender)
                raise

    async def rates(self, sender: Sender) -> list[Rate]:
        """Return how near each bound on sending is."""
        return await self._store.read(partial(self._policy.rates, sender=sender, now=time.time()))

    def _prepare(self, sender: Sender, message: Message, spools: ExitStack) -> tuple[Copy, Copy]:
        """Make the copy for Sent and the one that is delivered (RFC 6409 §8, RFC 5321 §4.4)."""
        most = self._limits.header_block
        header = header_block(message.data, most)
        if len(header) == most:
            # What lies beyond could be a Bcc that is not taken out.
            raise Refusal(MESSAGE_TOO_BIG, f"A header has fewer than {most} octets")
        self._policy.check_header(sender, header)
        fields = field_values(header)
        missing = missing_fields(sender.address, fields)
        change = partial(with_fields, message.data, header, limits=self._limits, spools=spools)
        sent = self._copy(change(added=missing, dropped=()))
        trace = return_path(message.sender) + message.trace
        if not _NOT_DELIVERED.isdisjoint(fields):
            return sent, self._copy(change(added=trace + missing, dropped=_NOT_DELIVERED))
        # Most are the same but for what stands in front of them.
        delivered = change(added=trace + missing, dropped=())
        return sent, Copy(delivered, with_fields_in_front(sent.digest, trace))

    def _copy(self, data: Buffer) -> Copy:
        return Copy(data, digest(data, self._limits))

    def _commit(
        self,
        sender: Sender,
        message: Message,
        sent: Copy,
        delivered: Copy,
        fingerprint: bytes | None,
        transaction: Transaction,
    ) -> Stored:
        now = time.time()
        before = _sent_before(transaction, sender, message, fingerprint, now)
        if before is not None:
            return before
        connection = transaction.connection
        if message.draft is not None:
            _use_up(transaction, message.draft)
        self._policy.check_sender(connection, sender, now)
        recipients = self._policy.check_recipients(connection, sender, message.recipients)
        kept = store_message(
            transaction,
            sender.inbox,
            SENT,
            "outbound",
            write_body(transaction, sent.data),
            sent,
            now,
            flags=frozenset({SEEN, *message.labels}),
        )
        wishes = {
            one: Wishes.of(message.parameters, message.asked.get(one, RcptParameters()), now)
            for one in message.recipients
        }
        held = message.parameters.hold is not None
        queued = [
            one
            for one in recipients
            if (held if one.inbox is not None else self._leaves(one.address))
        ]
        arrived = [one for one in recipients if one.inbox is not None and not held]
        leaving = [one.address for one in queued]
        _note(transaction, sender, message, kept, recipients, leaving, fingerprint, now)
        _tell_sent(transaction, sender, kept, recipients, arrived, now)
        if not queued and not arrived:
            return kept
        body = write_body(transaction, delivered.data)
        for one in queued:
            enqueue(
                transaction,
                organization=sender.organization,
                inbox=sender.inbox,
                message=kept.id,
                body=body,
                sender=message.sender,
                recipient=one.address,
                here=one.inbox is not None,
                wishes=wishes[one.address],
                now=now,
            )
        for inbox in dict.fromkeys(one.inbox for one in arrived if one.inbox is not None):
            receive_message(transaction, inbox, body, delivered, now)
        told = [one for one in arrived if wishes[one.address].tells("SUCCESS")]
        if told:
            self._tell_delivered(transaction, sender, message, kept, told, wishes, now)
        return kept

    def _tell_delivered(
        self,
        transaction: Transaction,
        sender: Sender,
        message: Message,
        kept: Stored,
        recipients: Sequence[Resolved],
        wishes: Mapping[str, Wishes],
        now: float,
    ) -> None:
        """Tell the sender of what has arrived here (RFC 3461 §5.2.3)."""
        header = header_block(message.data, self._limits.header_block)
        data = notice(
            "delivered",
            [Fate(one.address, DELIVERED, "", wishes[one.address]) for one in recipients],
            About(sender=message.sender, identifier=kept.id, octets=header, arrived=now),
            reporter=self._reporter,
            now=now,
        )
        copy = self._copy(return_path("") + data)
        tell_sender(transaction, sender.organization, sender.inbox, copy, now)


def _use_up(transaction: Transaction, draft: MessageRow) -> None:
    """Take a draft out of Drafts, as it is being sent; raises Refusal DRAFT_CHANGED."""
    check_unchanged(transaction.connection, draft)
    assert draft.draft_id is not None
    drafts = find_folder(transaction.connection, draft.inbox_id, DRAFTS)
    take_revision(transaction, drafts, draft.draft_id)


async def in_thread_if_large(data: Buffer, limits: Limits, work: Callable[[], T]) -> T:
    """Read a message here, or in a thread of its own if that would hold others up."""
    if len(data) <= limits.spool_memory:
        return work()
    return await trio.to_thread.run_sync(work)


def receive_message(
    transaction: Transaction, inbox: InboxRow, body: int, copy: Copy, now: float
) -> None:
    """Put a message whose octets are stored into an INBOX, as mail that has arrived."""
    stored = store_message(transaction, inbox.id, INBOX, "inbound", body, copy, now)
    record(
        transaction,
        "message.received",
        organization=inbox.org_id,
        now=now,
        inbox=inbox.id,
        message=stored.id,
        **({} if copy.authentication is None else {"authentication": dict(copy.authentication)}),
    )


def tell_sender(
    transaction: Transaction, organization: str, inbox: str, copy: Copy, now: float
) -> None:
    """Put a notification into the inbox that a message came from, if that is still there."""
    found = find_inbox(transaction.connection, organization, inbox)
    if found is not None:
        receive_message(transaction, found, write_body(transaction, copy.data), copy, now)


def store_message(
    transaction: Transaction,
    inbox: str,
    folder: str,
    direction: Direction,
    body: int,
    copy: Copy,
    now: float,
    flags: frozenset[str] = frozenset(),
) -> Stored:
    """Store a message whose octets are stored, and put it into a folder."""
    stored = insert_message(
        transaction,
        inbox,
        direction,
        body,
        copy.digest,
        now,
        authentication=copy.authentication,
    )
    date = datetime.fromtimestamp(int(now), UTC)
    target = find_folder(transaction.connection, inbox, folder)
    place(transaction, target.id, [Placement(stored.number, flags, len(copy.data), date)])
    return stored


def missing_fields(address: str, given: Collection[bytes]) -> bytes:
    """Make Date, From and Message-ID where the client gave none (RFC 6409 §8).

    Arguments:
        address: of the inbox that a message is from.
        given: names of the fields that it has, in lower case.
    """
    fields = ""
    if b"date" not in given:
        fields += f"Date: {format_datetime(datetime.now(UTC))}\r\n"
    if b"from" not in given:
        fields += f"From: {address}\r\n"
    if b"message-id" not in given:
        domain = address.rpartition("@")[2]
        fields += f"Message-ID: <{secrets.token_hex(16)}@{domain}>\r\n"
    return fields.encode()


def _fingerprint(sender: Sender, message: Message) -> bytes | None:
    """Return what a repetition has in common; None for a message that can not be told apart."""
    if find_header(header_block(message.data), "message-id") is None:
        return None
    envelope = "\0".join((sender.inbox, *sorted(message.recipients))).encode()
    fingerprint = hashlib.sha256(envelope + b"\0")
    for piece in pieces(message.data):
        fingerprint.update(piece)
    return fingerprint.digest()


def _sent_before(
    transaction: Transaction,
    sender: Sender,
    message: Message,
    fingerprint: bytes | None,
    now: float,
) -> Stored | None:
    """Return the message that this one repeats; raises Refusal IDEMPOTENCY_CONFLICT."""
    identifier = None
    if message.idempotency is not None:
        identifier = sent_by_key(
            transaction.connection, sender.organization, *message.idempotency, now
        )
    elif fingerprint is not None:
        row = transaction.execute(
            "SELECT message FROM sends WHERE inbox = ? AND fingerprint = ? AND at > ?",
            (sender.inbox, fingerprint, now - _RETRY),
        ).fetchone()
        identifier = row and row["message"]
    if identifier is None:
        return None
    row = transaction.execute("SELECT number FROM messages WHERE id = ?", (identifier,)).fetchone()
    return Stored(row["number"] if row is not None else 0, identifier)


def sent_by_key(
    connection: sqlite3.Connection, organization: str, key: str, request: bytes, now: float
) -> str | None:
    """Return the id of the message that was sent under an idempotency key within 24 hours.

    Arguments:
        request: the fingerprint of the request.

    Raises:
        Refusal: IDEMPOTENCY_CONFLICT, it was another request.
    """
    row = connection.execute(
        "SELECT fingerprint, message FROM idempotency"
        " WHERE organization = ? AND key = ? AND at > ?",
        (organization, key, now - _IDEMPOTENCY),
    ).fetchone()
    if row is None:
        return None
    if row["fingerprint"] != request:
        raise Refusal(IDEMPOTENCY_CONFLICT)
    message: str = row["message"]
    return message


def _note(
    transaction: Transaction,
    sender: Sender,
    message: Message,
    kept: Stored,
    recipients: Sequence[Resolved],
    queued: Collection[str],
    fingerprint: bytes | None,
    now: float,
) -> None:
    """Note who got the message, and that it counts."""
    transaction.connection.executemany(
        "INSERT OR IGNORE INTO recipients (message, address, status) VALUES (?, ?, ?)",
        [(kept.id, one.address, _status(one, queued)) for one in recipients],
    )
    transaction.execute(
        "INSERT INTO sends (organization, key, inbox, message, at, fingerprint)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (sender.organization, sender.key, sender.inbox, kept.id, now, fingerprint),
    )
    if message.idempotency is not None:
        transaction.execute(
            "INSERT OR REPLACE INTO idempotency (organization, key, fingerprint, message, at)"
            " VALUES (?, ?, ?, ?, ?)",
            (sender.organization, *message.idempotency, kept.id, now),
        )


def _status(recipient: Resolved, queued: Collection[str]) -> str:
    if recipient.address in queued:
        return "queued"
    return "kept" if recipient.inbox is None else "delivered"


def _tell_sent(
    transaction: Transaction,
    sender: Sender,
    kept: Stored,
    recipients: Sequence[Resolved],
    arrived: Sequence[Resolved],
    now: float,
) -> None:
    """Note that a message was sent, and that it is with those of its recipients who are here."""
    tell = partial(
        record,
        transaction,
        organization=sender.organization,
        now=now,
        inbox=sender.inbox,
        message=kept.id,
    )
    tell("message.sent", recipients=[one.address for one in recipients])
    if arrived:
        tell("message.delivered", recipients=[one.address for one in arrived])


def forget_old(transaction: Transaction) -> None:
    """Drop notes that nothing asks for any more."""
    day = (time.time() - _DAY,)
    transaction.execute("DELETE FROM sends WHERE at < ?", day)
    transaction.execute("DELETE FROM idempotency WHERE at < ?", day)
    forget_uploads(transaction, time.time())
    forget_events(transaction, time.time() - _EVENTS_KEPT)
    forget_audit(transaction, time.time())
