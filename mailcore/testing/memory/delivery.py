"""Where mail comes in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailcore.backend import BackendError, MailTransaction, NotPermitted, Recipient
from mailcore.smtp.types import MailParameters, Reply, ReversePath
from mailcore.spool import Content
from mailcore.testing.memory.mailbox import new_message

if TYPE_CHECKING:
    from mailcore.testing.memory.account import MemoryUser
    from mailcore.testing.memory.backend import MemoryBackend


class MemoryDelivery:
    """Where mail comes in: from strangers, or from a user who is logged in.

    Arguments:
        backend: whose users get it.
        sender: the user who submits, or None.
    """

    def __init__(self, backend: MemoryBackend, sender: MemoryUser | None = None) -> None:
        self._backend = backend
        self._sender = sender

    async def mail_from(self, sender: ReversePath, parameters: MailParameters) -> None:
        if self._sender is not None and sender.address.lower() != self._sender.name.lower():
            raise NotPermitted("This sender is not you")

    async def rcpt_to(self, recipient: Recipient) -> None:
        address = recipient.path.address.lower()
        if address not in self._backend.users:
            raise BackendError("No such user", reply=Reply.of(550, "5.1.1", "No such user here"))

    async def deliver(self, transaction: MailTransaction, content: Content) -> Sequence[Reply]:
        message = new_message(content.buffer()[:], internal_date=self._backend.now())
        with message.content:
            for recipient in transaction.recipients:
                user = self._backend.users[recipient.path.address.lower()]
                await user.inbox.append([message])
        return [Reply.of(250, "2.0.0", "Delivered")] * len(transaction.recipients)
