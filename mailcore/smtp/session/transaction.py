"""One mail transaction over a :class:`mailcore.backend.Delivery` (RFC 5321 §3.3)."""

from __future__ import annotations

from collections.abc import Sequence

from mailcore.backend import Delivery, MailTransaction, Recipient
from mailcore.limits import Limits
from mailcore.smtp.commands import MailFrom, RcptTo
from mailcore.smtp.session import replies
from mailcore.smtp.session.guard import guarded, log, sendable
from mailcore.smtp.types import Reply
from mailcore.spool import Content


class Transaction:
    """A sender, recipients and, in time, a message.

    Arguments:
        delivery: where it goes.
        mail: the MAIL that it began with.
        limits: bounds on recipients and on memory.
    """

    def __init__(self, delivery: Delivery, mail: MailFrom, limits: Limits) -> None:
        self._delivery = delivery
        self._mail = mail
        self._limits = limits
        self._recipients: list[Recipient] = []
        self._content: Content | None = None
        self._full = False

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
        if self._full:
            return
        if self._content is None:
            self._content = Content(memory=self._limits.spool_memory)
        try:
            self._content.write(data)
        except OSError as error:
            log.error("no place to keep a message: %s", error)
            self._full = True
            self.close()

    async def deliver(self, hello: str, protocol: str) -> Sequence[Reply]:
        """Hand the message over; return a reply for each recipient, or one that goes for all."""
        self.write(b"")
        if self._full:
            return [replies.NO_STORAGE]
        content = self._content
        assert content is not None
        transaction = MailTransaction(
            hello=hello,
            sender=self._mail.path,
            parameters=self._mail.parameters,
            recipients=tuple(self._recipients),
            protocol=self._with(protocol),
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
