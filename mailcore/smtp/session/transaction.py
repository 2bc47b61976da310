"""One mail transaction over a :class:`mailcore.backend.Delivery` (RFC 5321 §3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore.backend import Delivery, Forwarded, MailTransaction, Recipient, ResolvesUrls
from mailcore.limits import Limits
from mailcore.smtp.commands import MailFrom, RcptTo
from mailcore.smtp.session import replies
from mailcore.smtp.session.guard import guarded, log, sendable
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.data import ChunkDecoder
from mailcore.spool import Content


class Transaction:
    """A sender, recipients and, in time, a message.

    Arguments:
        delivery: where it goes.
        mail: the MAIL that it began with.
        limits: bounds on recipients, on size and on memory.
        forwarded: what a trusted filter said before.
    """

    def __init__(
        self,
        delivery: Delivery,
        mail: MailFrom,
        limits: Limits,
        forwarded: Forwarded | None = None,
    ) -> None:
        self._delivery = delivery
        self._mail = mail
        self._limits = limits
        self._recipients: list[Recipient] = []
        self._forwarded = forwarded
        self._content: Content | None = None
        #: Why the message can not be kept, or None.
        self.refusal: Reply | None = None

    async def begin(self) -> Reply:
        """Ask for the sender."""
        with guarded() as verdict:
            await self._delivery.mail_from(self._mail.path, self._mail.parameters)
        return verdict.refusal or replies.SENDER_OK

    async def add(self, rcpt: RcptTo) -> Reply:
        """Ask for one more recipient."""
        if len(self._recipients) >= self._limits.smtp_recipients:
            return replies.TOO_MANY_RECIPIENTS
        recipient = Recipient(rcpt.path, rcpt.parameters)
        with guarded() as verdict:
            await self._delivery.rcpt_to(recipient)
        if verdict.refusal is not None:
            return verdict.refusal
        self._recipients.append(recipient)
        return replies.RECIPIENT_OK

    def write(self, data: bytes) -> None:
        """Take octets of the message. If there is no room for them, its end is refused."""
        if self.refusal is not None:
            return
        if self._content is None:
            self._content = Content(memory=self._limits.spool_memory)
        try:
            self._content.write(data)
        except OSError as error:
            log.error("no place to keep a message: %s", error)
            self._refuse(replies.NO_STORAGE)
            return
        # BDAT and BURL may each be small enough, and together not.
        if self._content.size > self._limits.message_size:
            self._refuse(replies.TOO_BIG)

    def _refuse(self, reply: Reply) -> None:
        self.refusal = reply
        self.close()

    async def write_url(self, account: ResolvesUrls, url: str) -> None:
        """Take what a URL names as the next octets of the message (RFC 4468 §3.2)."""
        part = ChunkDecoder(self._limits, binary=self._mail.parameters.body == "BINARYMIME")
        with guarded() as verdict, await account.read_url(url) as content:
            part.announce(content.size)
            for piece in content.chunks():
                self.write(part.feed(piece))
        refusal = verdict.refusal or part.fault(last=True)
        if refusal is not None:
            self._refuse(refusal)

    async def deliver(self, hello: str, protocol: str) -> Sequence[Reply]:
        """Hand the message over; return a reply for each recipient, or one that goes for all."""
        self.write(b"")
        if self.refusal is not None:
            return [self.refusal]
        content = self._content
        assert content is not None
        transaction = MailTransaction(
            hello=hello,
            sender=self._mail.path,
            parameters=self._mail.parameters,
            recipients=tuple(self._recipients),
            protocol=self._with(protocol),
            forwarded=self._forwarded,
        )
        answers: list[Reply] = []
        with guarded() as verdict:
            replied = await self._delivery.deliver(transaction, content)
            answers = [sendable(reply, refusal=False) for reply in replied]
        if verdict.refusal is not None:
            return [verdict.refusal]
        if len(answers) not in (1, len(self._recipients)):
            log.error("%d replies for %d recipients", len(answers), len(self._recipients))
            return [replies.LOCAL_ERROR]
        return answers

    def _with(self, protocol: str) -> str:
        """RFC 6531 §4.3: "ESMTPSA" is "UTF8SMTPSA" where SMTPUTF8 was asked for."""
        utf8 = self._mail.parameters.smtputf8
        return "UTF8" + protocol.removeprefix("E") if utf8 else protocol

    def for_each(self, answers: Sequence[Reply]) -> Sequence[Reply]:
        """Return a reply for each recipient, as LMTP wants them (RFC 2033 §4.2)."""
        return answers if len(answers) > 1 else [answers[0]] * len(self._recipients)

    def close(self) -> None:
        """Give back what the message took. Harmless when repeated."""
        if self._content is not None:
            self._content.close()
            self._content = None


def for_all(answers: Sequence[Reply]) -> Reply:
    """Choose the reply that goes for all recipients, as SMTP wants one (RFC 5321 §4.1.1.4).

    All accepted: the first. Else the first 4yz, so that the client tries again, or, if there is
    none, the first 5yz. That may deliver twice to some, but never to less than all in silence; a
    backend that wants neither answers for all at once and reports failures itself.
    """
    refused = [reply for reply in answers if not reply.accepted]
    later = [reply for reply in refused if not reply.permanent]
    return (later or refused or list(answers))[0]
