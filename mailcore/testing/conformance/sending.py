"""Mail that comes in: from a user who is logged in, and from strangers (RFC 5321, RFC 6409)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final
from uuid import uuid4

import pytest

from mailcore.backend import (
    BackendError,
    Delivery,
    MailTransaction,
    Receives,
    Recipient,
    Submits,
)
from mailcore.limits import MIB
from mailcore.smtp.types import ForwardPath, MailParameters, RcptParameters, ReversePath
from mailcore.spool import Content
from mailcore.testing.conformance.box import Box, left_out
from mailcore.testing.conformance.suite import SMTP, STRANGER, Subject, Suite, User, open_box

#: One who has no account anywhere near.
STRANGE: Final = "conformance@sender.example"


def recipient(address: str) -> Recipient:
    """Make a RCPT TO."""
    local_part, _, domain = address.rpartition("@")
    return Recipient(ForwardPath(local_part, domain), RcptParameters())


@dataclass
class Sender:
    """Sends mail through one connection.

    Arguments:
        delivery: of the connection.
        address: MAIL FROM; "" for the null path.
    """

    delivery: Delivery
    address: str

    async def begin(self) -> None:
        """MAIL FROM."""
        local_part, _, domain = self.address.rpartition("@")
        await self.delivery.mail_from(ReversePath(local_part, domain), MailParameters())

    async def send(self, data: bytes, *addresses: str) -> None:
        """A whole transaction; all of its replies are positive."""
        await self.begin()
        for address in addresses:
            await self.delivery.rcpt_to(recipient(address))
        await self.finish(data, *addresses)

    async def finish(self, data: bytes, *addresses: str) -> None:
        """DATA, for recipients that were taken."""
        local_part, _, domain = self.address.rpartition("@")
        transaction = MailTransaction(
            hello="client.example",
            sender=ReversePath(local_part, domain),
            parameters=MailParameters(),
            recipients=[recipient(address) for address in addresses],
        )
        with Content(data) as content:
            replies = await self.delivery.deliver(transaction, content)
        assert len(replies) in (1, len(addresses))
        assert all(reply.accepted for reply in replies), replies


def letter(sender: str, to: str, body: bytes = b"Hello\r\n") -> bytes:
    """Make a message like no other, with all that a strict server asks for."""
    head = (
        f"From: <{sender or STRANGE}>\r\nTo: <{to}>\r\nSubject: Conformance {uuid4()}\r\n"
        f"Date: Thu, 1 Jan 1998 12:00:00 +0000\r\nMessage-ID: <{uuid4()}@sender.example>\r\n\r\n"
    )
    return head.encode() + body


async def copies(box: Box, data: bytes) -> int:
    """Count a letter in a mailbox. Whoever takes mail may add trace fields, and nothing else."""
    await box.news()
    head, _, body = data.partition(b"\r\n\r\n")
    subject = head.splitlines()[2]
    found = [await box.read(uid) for uid in box.states]
    return sum(one.endswith(b"\r\n\r\n" + body) and subject in one for one in found)


class Sending(Suite):
    """``Submits`` and ``Receives``, and the ``Delivery`` of either."""

    @asynccontextmanager
    async def inbox(self, subject: Subject, user: User) -> AsyncIterator[Box]:
        """Give the INBOX of a user."""
        async with self.account(subject, user) as account:
            yield await open_box(account, "INBOX")

    @asynccontextmanager
    async def submitting(self) -> AsyncIterator[tuple[Sender, Box, str, Box]]:
        """Give how the other user sends, that INBOX, the first user's address and that INBOX."""
        async with self.subject() as subject:
            other, address = subject.other, subject.user.address
            if other is None or other.address is None or address is None:
                left_out("Subject has two users with addresses")
            async with (
                self.inbox(subject, other) as sent,
                self.inbox(subject, subject.user) as box,
                self.account(subject, other, SMTP) as account,
            ):
                if not isinstance(account, Submits):
                    left_out("Account is Submits")
                yield Sender(account.submission(SMTP), other.address), sent, address, box

    @asynccontextmanager
    async def receiving(self, sender: str = STRANGE) -> AsyncIterator[tuple[Sender, str, Box]]:
        """Give a stranger, an address that takes mail, and the INBOX that it goes to."""
        async with self.subject() as subject:
            if not isinstance(subject.backend, Receives):
                left_out("Backend is Receives")
            if subject.user.address is None:
                left_out("Subject has a user with an address")
            async with self.inbox(subject, subject.user) as box:
                delivery = subject.backend.receive(STRANGER)
                yield Sender(delivery, sender), subject.user.address, box

    async def arrives(self, box: Box, data: bytes) -> None:
        """Wait until a letter has come, once."""

        async def came() -> int:
            return await copies(box, data)

        await self.until(came)
        assert await came() == 1

    async def test_what_a_user_sends_comes_to_the_recipient(self) -> None:
        async with self.submitting() as (sender, sent, address, box):
            data = letter(sender.address, address)
            await sender.send(data, address)
            await self.arrives(box, data)
            assert await copies(sent, data) == 0

    async def test_every_recipient_gets_one_copy(self) -> None:
        async with self.submitting() as (sender, sent, address, box):
            data = letter(sender.address, address)
            await sender.send(data, address, sender.address)
            await self.arrives(box, data)
            await self.arrives(sent, data)

    async def test_a_transaction_begun_anew_forgets_the_last_one(self) -> None:
        async with self.submitting() as (sender, own, address, box):
            await sender.begin()
            await sender.delivery.rcpt_to(recipient(address))
            data = letter(sender.address, sender.address)
            await sender.send(data, sender.address)
            await self.arrives(own, data)
            assert await copies(box, data) == 0

    async def test_one_connection_sends_several_messages(self) -> None:
        async with self.submitting() as (sender, _, address, box):
            for number in range(3):
                data = letter(sender.address, address, b"%d\r\n" % number)
                await sender.send(data, address)
                await self.arrives(box, data)

    @pytest.mark.parametrize("null", [False, True], ids=["from a stranger", "a notification"])
    async def test_what_is_received_comes_to_the_recipient(self, null: bool) -> None:
        async with self.receiving("" if null else STRANGE) as (sender, address, box):
            for number in range(2):
                data = letter(sender.address, address, b"%d\r\n" % number)
                await sender.send(data, address)
                await self.arrives(box, data)

    @pytest.mark.parametrize(
        "body",
        [b"", b".\r\n..\r\n", "Grüße\r\n".encode() + b"\xff\xfe\r\n", b"x" * 998 + b"\r\n"],
        ids=["empty", "dots", "8-bit", "long line"],
    )
    async def test_what_is_received_is_not_changed(self, body: bytes) -> None:
        async with self.receiving() as (sender, address, box):
            data = letter(sender.address, address, body)
            await sender.send(data, address)
            await self.arrives(box, data)

    async def test_a_large_message_is_received(self) -> None:
        async with self.receiving() as (sender, address, box):
            data = letter(sender.address, address, b"0123456789abcdef\r\n" * (2 * MIB // 18))
            await sender.send(data, address)
            await self.arrives(box, data)

    async def test_an_unknown_recipient_is_refused_and_the_others_are_not(self) -> None:
        async with self.subject() as subject:
            unknown = subject.unknown
        if unknown is None:
            left_out("Subject has an unknown address")
        async with self.receiving() as (sender, address, box):
            data = letter(sender.address, address)
            await sender.begin()
            with pytest.raises(BackendError) as refusal:
                await sender.delivery.rcpt_to(recipient(unknown))
            assert refusal.value.reply.permanent
            await sender.delivery.rcpt_to(recipient(address))
            await sender.finish(data, address)
            await self.arrives(box, data)
