"""STORE and EXPUNGE (RFC 9051 §6.4.3, §6.4.6; RFC 7162 §3.1)."""

from __future__ import annotations

import pytest

from mailcore.backend import FlagAction, Flaggable
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite

ADD, REMOVE, REPLACE = FlagAction.ADD, FlagAction.REMOVE, FlagAction.REPLACE


async def three(box: Box) -> list[int]:
    """Put three messages into a mailbox; return their UIDs."""
    uids = await box.add(*(message(b"Subject: %d\r\n\r\n" % number) for number in range(3)))
    await box.expect(new=uids)
    return uids


class Flags(Suite):
    """``Flaggable`` and ``Expungeable``."""

    async def test_flags_are_added_removed_and_replaced(self, place: str) -> None:
        async with self.box(place) as box:
            one, two = box.changeable(2)
            first, second, _ = await three(box)
            for action, flags, left in [
                (ADD, {one}, {one}),
                (ADD, {two}, {one, two}),
                (REMOVE, {one}, {two}),
                (REPLACE, {one}, {one}),
                (REPLACE, set(), set()),
                (REPLACE, {one, two}, {one, two}),
                (REMOVE, {one, two}, set()),
            ]:
                assert await box.store([first, second], action, flags) == []
                await box.expect(changed=[first, second])
                assert box.flags(first) == box.flags(second) == left

    async def test_flags_that_are_so_already_change_nothing(self, place: str) -> None:
        async with self.box(place) as box:
            one, two = box.changeable(2)
            first, _, _ = await three(box)
            await box.store([first], ADD, {one})
            await box.expect(changed=[first])
            for action, flags in [(ADD, {one}), (REMOVE, {two}), (REPLACE, {one}), (ADD, set())]:
                assert await box.store([first], action, flags) == []
                await box.news()
                assert box.flags(first) == {one}

    async def test_a_change_raises_the_mod_sequence_of_its_message_only(self, place: str) -> None:
        async with self.box(place) as box:
            (flag,) = box.changeable(1)
            first, second, _ = await three(box)
            before = dict(box.states)
            await box.store([first], ADD, {flag})
            await box.expect(changed=[first])
            assert box.states[first].modseq > before[first].modseq
            assert box.states[second] == before[second]

    async def test_flags_change_neither_octets_nor_date_nor_size(self, place: str) -> None:
        async with self.box(place) as box:
            (flag,) = box.changeable(1)
            first, _, _ = await three(box)
            before = box.states[first]
            await box.store([first], ADD, {flag})
            await box.expect(changed=[first])
            after = box.states[first]
            assert (after.internal_date, after.size) == (before.internal_date, before.size)
            assert await box.read(first) == b"Subject: 0\r\n\r\n"

    async def test_what_changed_after_unchanged_since_is_left_alone(self, place: str) -> None:
        async with self.box(place) as box:
            one, two = box.changeable(2)
            first, second, third = await three(box)
            since = box.highest_modseq
            await box.store([second], ADD, {one})
            await box.expect(changed=[second])
            assert await box.store([first, second, third], ADD, {two}, since) == [second]
            await box.expect(changed=[first, third])
            assert [box.flags(uid) for uid in (first, second, third)] == [{two}, {one}, {two}]

    async def test_what_changed_at_unchanged_since_is_changed(self, place: str) -> None:
        async with self.box(place) as box:
            one, two = box.changeable(2)
            first, _, _ = await three(box)
            await box.store([first], ADD, {one})
            await box.expect(changed=[first])
            modseq = box.states[first].modseq
            assert await box.store([first], ADD, {two}, modseq - 1) == [first]
            await box.expect()
            assert await box.store([first], ADD, {two}, modseq) == []
            await box.expect(changed=[first])

    async def test_unchanged_since_0_leaves_every_message_alone(self, place: str) -> None:
        async with self.box(place) as box:
            (flag,) = box.changeable(1)
            uids = await three(box)
            assert sorted(await box.store(uids, ADD, {flag}, 0)) == uids
            await box.expect()

    async def test_messages_that_are_gone_are_passed_over(self, place: str) -> None:
        async with self.box(place) as box:
            (flag,) = box.changeable(1)
            first, second, third = await three(box)
            await box.expunge([second])
            await box.expect(vanished=[second])
            uids = [first, second, third, third + 1000]
            assert await box.store(uids, ADD, {flag}) == []
            await box.expect(changed=[first, third])
            assert await box.store([second], ADD, {flag}, 0) == []
            assert await box.store([], ADD, {flag}) == []
            await box.expect()

    async def test_keywords_are_kept_as_they_are_spelled(self, place: str) -> None:
        async with self.box(place) as box:
            mailbox = box.mailbox
            if not isinstance(mailbox, Flaggable) or "\\*" not in mailbox.permanent_flags:
                left_out("permanent_flags has \\*")
            keywords = {"$Forwarded", "Label-1", "x" * 50, "it's"}
            first, second, _ = await three(box)
            await box.store([first], ADD, keywords)
            await box.expect(changed=[first])
            assert box.flags(first) == keywords
            await box.store([first], REMOVE, {"Label-1"})
            await box.expect(changed=[first])
            assert box.flags(first) == keywords - {"Label-1"}
            (uid,) = await box.add(message(b"Subject: with keywords\r\n\r\n", keywords))
            await box.expect(new=[uid])
            assert box.flags(uid) == keywords
            assert box.flags(second) == frozenset()

    async def test_an_expunged_message_vanishes(self, place: str) -> None:
        async with self.box(place) as box:
            first, second, third = await three(box)
            await box.expunge([second])
            await box.expect(vanished=[second])
            with pytest.raises(KeyError):
                await box.read(second)
            assert await box.read(first) == b"Subject: 0\r\n\r\n"
            await box.expunge([first, third])
            await box.expect(vanished=[first, third])

    async def test_expunging_what_is_gone_does_nothing(self, place: str) -> None:
        async with self.box(place) as box:
            first, second, third = await three(box)
            await box.expunge([second])
            await box.expect(vanished=[second])
            await box.expunge([second, third + 1000])
            await box.expunge([])
            await box.expect()
            await box.expunge([second, first])
            await box.expect(vanished=[first])

    async def test_what_came_and_went_unseen_is_not_there(self, place: str) -> None:
        async with self.box(place) as box:
            await box.expunge(await box.add(message(b"Subject: short\r\n\r\n")))
            changes = await box.news()
            assert not {state.uid for state in changes.messages} & set(changes.vanished)
            assert box.states.keys() == {
                state.uid for state in (await box.mailbox.changes(0)).messages
            }
