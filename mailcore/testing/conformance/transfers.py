"""COPY and MOVE (RFC 9051 §6.4.7-8, RFC 6851)."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import datetime, timedelta, timezone
from typing import Final

import pytest

from mailcore.backend import Copied, Copyable, FlagAction, KeepsSummaries, NoSuchMailbox
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import CANCELLATIONS, Suite, new_mailbox, new_name, open_box

Transfer = Callable[[Box, list[int], str], Awaitable[Copied]]

_DATE: Final = datetime(2021, 7, 1, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=45)))
_BODIES: Final = [b"Subject: %d\r\n\r\nHello\r\n" % number for number in range(4)]


class Transfers(Suite):
    """``Copyable``."""

    @asynccontextmanager
    async def transfer(self) -> AsyncIterator[tuple[Box, list[int], Box]]:
        """Give INBOX, the UIDs of four messages in it, and an empty mailbox."""
        async with self.opened() as (account, box):
            if not isinstance(box.mailbox, Copyable):
                left_out("Mailbox is Copyable")
            target = await open_box(account, await new_mailbox(account))
            uids = await box.add(*(message(body, date=_DATE) for body in _BODIES))
            await box.expect(new=uids)
            yield box, uids, target

    async def test_copies_are_like_their_originals(self) -> None:
        async with self.transfer() as (box, uids, target):
            await flag(box, uids[1])
            expected = {uids[1]: _BODIES[1], uids[3]: _BODIES[3]}
            copied = await box.copy(list(expected), target.name)
            await check_arrived(copied, expected, box, target)
            await box.expect()
            assert [await box.read(uid) for uid in uids] == _BODIES

    async def test_moved_messages_are_there_instead_of_here(self) -> None:
        async with self.transfer() as (box, uids, target):
            await flag(box, uids[1])
            expected = {uids[1]: _BODIES[1], uids[3]: _BODIES[3]}
            moved = await box.move(list(expected), target.name)
            await check_arrived(moved, expected, box, target)
            await box.expect(vanished=expected)
            for uid in expected:
                with pytest.raises(KeyError):
                    await box.read(uid)
            assert [await box.read(uid) for uid in (uids[0], uids[2])] == [_BODIES[0], _BODIES[2]]

    async def test_an_original_and_its_copy_live_apart(self) -> None:
        async with self.transfer() as (box, uids, target):
            copied = await box.copy(uids[:2], target.name)
            await target.expect(new=copied.target)
            await flag(target, copied.target[0])
            await box.expect()
            await box.expunge(uids[:2])
            await box.expect(vanished=uids[:2])
            await target.expect()
            assert {await target.read(uid) for uid in copied.target} == set(_BODIES[:2])

    async def test_a_copy_of_a_copy_is_one_more_message(self) -> None:
        async with self.transfer() as (box, uids, target):
            first = await box.copy(uids[:1], target.name)
            second = await box.copy(uids[:1], target.name)
            await target.expect(new=[*first.target, *second.target])
            back = await target.move(first.target, box.name)
            assert back.uid_validity == box.mailbox.uid_validity
            await box.expect(new=back.target)
            await target.expect(vanished=first.target)
            assert await box.read(back.target[0]) == _BODIES[0]

    async def test_summaries_go_with_their_messages(self) -> None:
        async with self.transfer() as (box, uids, target):
            source, there = box.mailbox, target.mailbox
            if not isinstance(source, KeepsSummaries) or not isinstance(there, KeepsSummaries):
                left_out("Mailbox is KeepsSummaries")
            before = await source.summaries(uids)
            copied = await box.copy(uids[:2], target.name)
            moved = await box.move(uids[2:], target.name)
            new = [*copied.target, *moved.target]
            old = [*copied.source, *moved.source]
            assert await there.summaries(new) == dict(
                zip(new, (before[uid] for uid in old), strict=True)
            )

    @pytest.mark.parametrize("method", [Box.copy, Box.move], ids=["copy", "move"])
    async def test_messages_that_are_gone_are_not_transferred(self, method: Transfer) -> None:
        async with self.transfer() as (box, uids, target):
            await box.expunge([uids[0]])
            await box.expect(vanished=[uids[0]])
            transferred = await method(box, [uids[0], uids[2], uids[3] + 1000], target.name)
            await check_arrived(transferred, {uids[2]: _BODIES[2]}, box, target)
            await box.news()
            nothing = await method(box, [uids[0]], target.name)
            assert (list(nothing.source), list(nothing.target)) == ([], [])
            await target.expect()
            await box.expect()

    @pytest.mark.parametrize("method", [Box.copy, Box.move], ids=["copy", "move"])
    async def test_nothing_is_transferred_to_where_there_is_no_mailbox(
        self, method: Transfer
    ) -> None:
        async with self.opened() as (account, box):
            if not isinstance(box.mailbox, Copyable):
                left_out("Mailbox is Copyable")
            uids = await box.add(message(b"Subject: stays\r\n\r\n"))
            await box.expect(new=uids)
            before = await account.mailboxes()
            with pytest.raises(NoSuchMailbox):
                await method(box, uids, new_name())
            await box.expect()
            assert await account.mailboxes() == before

    async def test_a_cancelled_move_happens_wholly_or_not(self) -> None:
        async with self.transfer() as (box, uids, target):
            number, reached = 0, True
            while reached and number < CANCELLATIONS:
                number += 1
                before = set(target.states)
                reached = await self.cancelled_at(number, box.move(uids, target.name))
                # What was cancelled and went on behind our back is over before this is.
                later = await box.add(*map(message, _BODIES))
                await box.news()
                await target.news()
                left = [await box.read(uid) for uid in uids if uid in box.states]
                came = [await target.read(uid) for uid in set(target.states) - before]
                assert (left, sorted(came)) in ((_BODIES, []), ([], _BODIES))
                uids = later


async def flag(box: Box, uid: int) -> None:
    """Set some flag of a message."""
    (one,) = box.changeable(1)
    await box.store([uid], FlagAction.ADD, {one})
    await box.expect(changed=[uid])


async def check_arrived(copied: Copied, expected: dict[int, bytes], box: Box, target: Box) -> None:
    """Check that messages have come, and are as they were told in the mailbox they come from.

    Arguments:
        expected: their octets, by UID in that mailbox.
    """
    assert set(copied.source) == set(expected)
    assert copied.uid_validity == target.mailbox.uid_validity
    await target.expect(new=copied.target)
    for old, new in zip(copied.source, copied.target, strict=True):
        one, other = box.states[old], target.states[new]
        assert await target.read(new) == expected[old]
        assert other.flags == one.flags
        assert other.internal_date == one.internal_date
        assert other.internal_date.utcoffset() == one.internal_date.utcoffset()
        assert other.size == one.size
