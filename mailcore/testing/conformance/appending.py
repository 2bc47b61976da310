"""APPEND (RFC 9051 §6.3.12, RFC 3502), and the summaries that are kept with a message."""

from __future__ import annotations

import mmap
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from typing import Final

import pytest

from mailcore.backend import Appendable, BackendError, Expungeable, KeepsSummaries, NewMessage
from mailcore.imap.summary import summarize
from mailcore.limits import MIB
from mailcore.spool import CHUNK, Content
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import CANCELLATIONS, Suite

_DATES: Final = (
    datetime(2020, 2, 29, 23, 59, 59, tzinfo=UTC),
    datetime(2021, 7, 1, 12, 30, 15, tzinfo=timezone(timedelta(hours=5, minutes=45))),
    datetime(2022, 1, 1, 0, 0, 0, tzinfo=timezone(-timedelta(hours=9, minutes=30))),
    datetime(1996, 12, 31, 1, 2, 3, tzinfo=timezone(timedelta(hours=14))),
)


class Unreadable(Content):
    """Octets whose file is broken."""

    def buffer(self) -> bytes | mmap.mmap:
        raise OSError("this file can not be read")

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        raise OSError("this file can not be read")


class Appending(Suite):
    """``Appendable`` and ``KeepsSummaries``."""

    async def test_appended_messages_get_ascending_uids_in_order(self, place: str) -> None:
        async with self.box(place) as box:
            bodies = [b"Subject: %d\r\n\r\n" % number for number in range(5)]
            uids = await box.add(*(message(body) for body in bodies))
            await box.expect(new=uids)
            assert [await box.read(uid) for uid in uids] == bodies
            (last,) = await box.add(message(b"Subject: last\r\n\r\n"))
            assert last > uids[-1]
            await box.expect(new=[last])

    async def test_the_next_connection_sees_what_was_appended(self) -> None:
        async with self.subject() as subject:
            async with self.account(subject) as account:
                box = Box("INBOX", await account.open("INBOX"))
                (uid,) = await box.add(message(b"Subject: to be seen\r\n\r\n"))
                await box.news()
            async with self.account(subject) as account:
                again = Box("INBOX", await account.open("INBOX"))
                await again.news()
                assert again.states == box.states
                assert await again.read(uid) == b"Subject: to be seen\r\n\r\n"

    async def test_the_same_octets_twice_are_two_messages(self, place: str) -> None:
        async with self.box(place) as box:
            data = b"Message-ID: <same@example.test>\r\nSubject: same\r\n\r\n"
            uids = await box.add(message(data), message(data))
            uids += await box.add(message(data))
            await box.expect(new=uids)
            assert len(set(uids)) == 3

    async def test_no_uid_is_used_twice(self, place: str) -> None:
        async with self.box(place) as box:
            if not isinstance(box.mailbox, Expungeable):
                left_out("Mailbox is Expungeable")
            used: set[int] = set(box.states)
            for number in range(4):
                (uid,) = await box.add(message(b"Subject: %d\r\n\r\n" % number))
                assert uid > max(used, default=0)
                used.add(uid)
                if number % 2:
                    await box.news()
                await box.expunge([uid])
                assert (await box.mailbox.changes(0)).uid_next > uid  # RFC 9051 §2.3.1.1

    async def test_several_messages_are_appended_all_or_none(self, place: str) -> None:
        async with self.box(place) as box:
            data = b"Subject: one of two\r\n\r\n"
            broken = Unreadable(data)
            with broken, pytest.raises((OSError, BackendError)):
                await box.add(message(data), NewMessage(broken))
            await box.expect()
            await box.expect(new=await box.add(message(data)))

    async def test_appended_flags_are_set(self, place: str) -> None:
        async with self.box(place) as box:
            one, two = box.changeable(2)
            uids = await box.add(
                message(b"Subject: none\r\n\r\n"),
                message(b"Subject: one\r\n\r\n", {one}),
                message(b"Subject: two\r\n\r\n", {one, two}),
            )
            await box.expect(new=uids)
            assert [box.flags(uid) for uid in uids] == [frozenset(), {one}, {one, two}]

    @pytest.mark.parametrize("date", _DATES, ids=str)
    async def test_the_internal_date_keeps_its_time_zone(self, date: datetime) -> None:
        async with self.box() as box:
            (uid,) = await box.add(message(b"Subject: dated\r\n\r\n", date=date))
            await box.news()
            kept = box.states[uid].internal_date
            assert kept == date
            assert kept.utcoffset() == date.utcoffset()

    async def test_without_a_date_it_is_now(self) -> None:
        async with self.box() as box:
            (uid,) = await box.add(message(b"Date: Thu, 1 Jan 1998 00:00:00 +0000\r\n\r\n"))
            await box.news()
            age = datetime.now(UTC) - box.states[uid].internal_date
            assert abs(age) < timedelta(hours=1)

    async def test_summaries_come_back_as_they_were_given(self, place: str) -> None:
        async with self.box(place) as box:
            if not isinstance(box.mailbox, KeepsSummaries):
                left_out("Mailbox is KeepsSummaries")
            bodies = [b"Subject: %d\r\n\r\nHello\r\n" % number for number in range(3)]
            made = [summarize(body).to_bytes() for body in bodies]
            given = dict(zip(await box.add(*map(message, bodies)), made, strict=True))
            uids = list(given)
            gone = uids[-1] + 1000
            assert await box.mailbox.summaries(uids) == given
            assert await box.mailbox.summaries([uids[2], gone, uids[0]]) == {
                uid: given[uid] for uid in (uids[2], uids[0])
            }
            assert await box.mailbox.summaries([gone]) == {}
            assert await box.mailbox.summaries([]) == {}

    @pytest.mark.parametrize("size", [30, 2 * MIB])
    async def test_a_cancelled_append_leaves_nothing_or_the_whole(self, size: int) -> None:
        async with self.box() as box:
            if not isinstance(box.mailbox, Appendable):
                left_out("Mailbox is Appendable")
            head = b"Subject: cancelled\r\n\r\n"
            data = head + b"x" * (size - len(head))
            number, reached = 0, True
            while reached and number < CANCELLATIONS:
                number += 1
                reached = await self.cancelled_at(number, box.add(message(data), message(data)))
                await self._check_whole(box, data)
            # Whatever was cancelled and went on behind our back is over before this is.
            await box.add(message(data), message(data))
            await self._check_whole(box, data)

    async def _check_whole(self, box: Box, data: bytes) -> None:
        before = set(box.states)
        await box.news()
        new = set(box.states) - before
        assert len(new) % 2 == 0, "one of two that were appended together"
        for uid in new:
            assert box.states[uid].size in (None, len(data))
            assert await box.read(uid) == data
