"""What any mailbox can do, were it read-only: say what is in it, and read."""

from __future__ import annotations

from typing import Final

import pytest

from mailcore.backend import Appendable, OctetRange, ReadsRanges
from mailcore.testing.conformance.box import END, Box, left_out, message
from mailcore.testing.conformance.suite import Suite

#: Of what is in a mailbox anyway, so many messages are looked at.
_LOOKED_AT: Final = 20


class Reading(Suite):
    """``Mailbox.changes`` and ``Mailbox.read``."""

    async def test_changes_since_now_are_none(self, place: str) -> None:
        async with self.box(place) as box:
            before = dict(box.states)
            changes = await box.news()
            assert box.states == before
            assert changes.complete or not changes.messages
            assert not set(changes.vanished) & set(before)

    async def test_everything_is_told_again_from_the_start(self, place: str) -> None:
        async with self.box(place) as box:
            await self._fill(box)
            await box.news()
            changes = await box.mailbox.changes(0)
            assert changes.complete
            assert {state.uid: state for state in changes.messages} == box.states

    async def test_what_is_there_reads_as_its_state_says(self, place: str) -> None:
        async with self.box(place) as box:
            await self._fill(box)
            await box.news()
            if not box.states:
                left_out("INBOX has a message, or Mailbox is Appendable")
            for uid, state in sorted(box.states.items())[-_LOOKED_AT:]:
                data = await box.read(uid)
                assert isinstance(data, bytes)
                assert state.size in (None, len(data))

    async def test_a_range_is_cut_at_the_end_of_the_message(self, place: str) -> None:
        async with self.box(place) as box:
            await self._fill(box)
            await box.news()
            if not box.states:
                left_out("INBOX has a message, or Mailbox is Appendable")
            uid = max(box.states)
            data = await box.read(uid)
            size = len(data)
            middle = size // 2
            for start, end in [
                (0, 0), (0, 1), (0, middle), (middle, middle), (middle, size), (middle, size + 1),
                (size - 1, size), (size - 1, END), (size, size), (size, END), (size + 1, END),
                (END, END + 1),
            ]:  # fmt: skip
                assert await box.mailbox.read(uid, start, end) == data[start:end], (start, end)

    async def test_many_ranges_are_as_one_by_one(self, place: str) -> None:
        async with self.box(place) as box:
            mailbox = box.mailbox
            if not isinstance(mailbox, ReadsRanges):
                left_out("Mailbox is ReadsRanges")
            await self._fill(box)
            await box.news()
            ends = ((0, END), (0, 0), (0, 5), (5, 9), (END, END + 1))
            ranges = [
                OctetRange(uid, start, end)
                for uid in sorted(box.states)[-_LOOKED_AT:]
                for start, end in ends
            ]
            single = [await mailbox.read(one.uid, one.start, one.end) for one in ranges]
            assert list(await mailbox.read_ranges(ranges)) == single
            never = max(box.states, default=0) + 1000
            assert list(await mailbox.read_ranges([OctetRange(never, 0, 1)])) == [None]

    async def test_a_message_that_never_was_does_not_read(self, place: str) -> None:
        async with self.box(place) as box:
            changes = await box.news()
            for uid in (changes.uid_next + 1000, 2**32 - 1):
                with pytest.raises(KeyError):
                    await box.mailbox.read(uid, 0, 1)

    async def _fill(self, box: Box) -> None:
        """Put something in, if that can be done."""
        if isinstance(box.mailbox, Appendable):
            await box.add(message(b"Subject: something to read\r\n\r\nHello\r\n"))
