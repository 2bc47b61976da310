"""Mod-sequences that last, and what has vanished since one of them (RFC 7162)."""

from __future__ import annotations

from mailcore.backend import FlagAction, KeepsHistory
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite


def keeping(box: Box) -> KeepsHistory:
    """Return the mailbox, if it keeps a history."""
    if not isinstance(box.mailbox, KeepsHistory):
        left_out("Mailbox is KeepsHistory")
    return box.mailbox


class History(Suite):
    """``KeepsHistory``."""

    async def test_what_has_vanished_is_told_from_each_mod_sequence_on(self, place: str) -> None:
        async with self.box(place) as box:
            history = keeping(box)
            uids = await box.add(*(message(b"Subject: %d\r\n\r\n" % n) for n in range(4)))
            await box.news()
            since = []
            for uid in uids[:3]:
                since.append(box.highest_modseq)
                await box.expunge([uid])
                await box.news()
            for gone, modseq in enumerate(since):
                vanished = await history.vanished(modseq)
                if vanished is not None:
                    # More than it must, but nothing that is there (RFC 7162 §3.2.5.1).
                    assert set(uids[gone:3]) <= set(vanished)
                    assert not set(vanished) & set(box.states)
            assert not await history.vanished(box.highest_modseq)

    async def test_what_was_moved_away_has_vanished(self) -> None:
        async with self.opened() as (account, box):
            history = keeping(box)
            (uid,) = await box.add(message(b"Subject: moved\r\n\r\n"))
            await box.news()
            name = next(
                (one.name for one in await account.mailboxes() if one.name != box.name), None
            )
            if name is None:
                left_out("the account has two mailboxes")
            await box.move([uid], name)
            vanished = await history.vanished(box.highest_modseq)
            assert vanished is None or uid in vanished

    async def test_each_change_of_a_message_raises_its_mod_sequence(self, place: str) -> None:
        async with self.box(place) as box:
            keeping(box)
            (flag,) = box.changeable(1)
            uid, other = await box.add(message(b"Subject: 1\r\n\r\n"), message(b"\r\n"))
            await box.news()
            before = {one: box.states[one].modseq for one in (uid, other)}
            highest = box.highest_modseq
            await box.store([uid], FlagAction.ADD, {flag})
            await box.news()
            assert box.states[uid].modseq > highest >= before[uid]
            assert box.states[other].modseq == before[other]
