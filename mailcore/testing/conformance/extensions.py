"""What a backend says that its deliveries honour, they take (``HonoursExtensions``)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import pytest

from mailcore.backend import Honoured, HonoursExtensions, MailTransaction, Peer, Recipient
from mailcore.smtp.types import DeliverBy, MailParameters, RcptParameters, ReversePath
from mailcore.spool import Content
from mailcore.testing.conformance.box import Box, left_out
from mailcore.testing.conformance.sending import Sender, Sending, letter, recipient
from mailcore.testing.conformance.suite import SMTP, STRANGER, Subject

_MAIL: Final[dict[str, dict[str, Any]]] = {
    "dsn": {"ret": "HDRS", "envid": "conformance"},
    "require_tls": {"require_tls": True},
    "priority": {"priority": 3},
}


def asked(honoured: Honoured) -> MailParameters:
    """Return the parameters of MAIL that ask for all of it, but not to be held."""
    asked: dict[str, Any] = {}
    for name, parameters in _MAIL.items():
        if getattr(honoured, name) not in (False, None):
            asked |= parameters
    if honoured.deliver_by is not None:
        asked["deliver_by"] = DeliverBy(max(honoured.deliver_by, 3600), returns=True)
    return MailParameters(**asked)


class Extending(Sending):
    """``HonoursExtensions``."""

    def honoured(self, subject: Subject, peer: Peer, *, submission: bool) -> Honoured:
        """Return what is promised, or skip."""
        if not isinstance(subject.backend, HonoursExtensions):
            left_out("Backend is HonoursExtensions")
        return subject.backend.extensions(peer, submission=submission)

    @pytest.mark.parametrize("submission", [False, True], ids=["strangers", "users"])
    async def test_promises_make_sense(self, submission: bool) -> None:
        async with self.subject() as subject:
            peer = SMTP if submission else STRANGER
            honoured = self.honoured(subject, peer, submission=submission)
            assert honoured.deliver_by is None or honoured.deliver_by >= 0
            assert honoured.priority is None or honoured.priority.isprintable()
            hold = honoured.future_release
            if hold is not None:
                assert hold.seconds > 0
                assert isinstance(hold.until, datetime)
                assert hold.until.utcoffset() is not None

    @pytest.mark.parametrize("submission", [False, True], ids=["strangers", "users"])
    async def test_what_is_promised_is_taken(self, submission: bool) -> None:
        async with self.subject() as subject:
            peer = SMTP if submission else STRANGER
            honoured = self.honoured(subject, peer, submission=submission)
        async with self._door(submission) as (sender, address, box):
            mail = asked(honoured)
            notify = RcptParameters(notify=("FAILURE",)) if honoured.dsn else RcptParameters()
            to = Recipient(recipient(address).path, notify)
            local_part, _, domain = sender.address.rpartition("@")
            path = ReversePath(local_part, domain)
            await sender.delivery.mail_from(path, mail)
            await sender.delivery.rcpt_to(to)
            data = letter(sender.address, address)
            with Content(data) as content:
                replies = await sender.delivery.deliver(
                    MailTransaction("client.example", path, mail, [to]), content
                )
            assert all(reply.accepted for reply in replies), replies
            await self.arrives(box, data)

    @asynccontextmanager
    async def _door(self, submission: bool) -> AsyncIterator[tuple[Sender, str, Box]]:
        """Give how somebody sends, to whom, and where it comes."""
        if submission:
            async with self.submitting() as (sender, _, address, box):
                yield sender, address, box
        else:
            async with self.receiving() as (sender, address, box):
                yield sender, address, box
