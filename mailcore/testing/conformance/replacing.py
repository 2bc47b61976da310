"""REPLACE (RFC 8508)."""

from __future__ import annotations

import pytest

from mailcore.backend import NoSuchMailbox, Replaceable
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite

_OLD = b"Subject: old\r\n\r\nHello\r\n"
_NEW = b"Subject: new\r\n\r\nHello again\r\n"


def _replaceable(box: Box) -> Replaceable:
    if not isinstance(box.mailbox, Replaceable):
        left_out("Mailbox is Replaceable")
    return box.mailbox


class Replacing(Suite):
    """``Replaceable``."""

    async def test_the_new_message_stands_for_the_old_one(self, place: str) -> None:
        async with self.box(place) as box:
            mailbox = _replaceable(box)
            old, other = await box.add(message(_OLD), message(_OLD))
            await box.expect(new=[old, other])
            with message(_NEW).content as content:
                new = await mailbox.replace(old, message(content.buffer()[:]), box.name)
            await box.expect(new=[new], vanished=[old])
            assert await box.read(new) == _NEW
            assert await box.read(other) == _OLD

    async def test_what_fails_changes_nothing(self) -> None:
        async with self.box() as box:
            mailbox = _replaceable(box)
            (old,) = await box.add(message(_OLD))
            await box.expect(new=[old])
            with pytest.raises(KeyError):
                await mailbox.replace(old + 100, message(_NEW), box.name)
            with pytest.raises(NoSuchMailbox):
                await mailbox.replace(old, message(_NEW), "no such mailbox")
            await box.expect()
            assert await box.read(old) == _OLD
