"""Ids that last, threads, and when a message came (RFC 8474, RFC 8514)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from mailcore.backend import IdentifiesMessages, KeepsSaveDates
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite

_FIRST = b"Message-ID: <conformance-1@example.test>\r\nSubject: Lunch\r\n\r\nHello\r\n"
_REPLY = (
    b"Message-ID: <conformance-2@example.test>\r\nIn-Reply-To: <conformance-1@example.test>\r\n"
    b"Subject: Supper\r\n\r\nHello\r\n"
)
_OTHER = b"Message-ID: <conformance-3@example.test>\r\nSubject: Lunch\r\n\r\nHello\r\n"


def _identifying(box: Box) -> IdentifiesMessages:
    if not isinstance(box.mailbox, IdentifiesMessages):
        left_out("Mailbox is IdentifiesMessages")
    return box.mailbox


class Identifying(Suite):
    """``IdentifiesMessages`` and ``KeepsSaveDates``."""

    async def test_each_message_has_an_email_id_of_its_own(self, place: str) -> None:
        async with self.box(place) as box:
            known = _identifying(box)
            uids = await box.add(message(_FIRST), message(_REPLY), message(_OTHER))
            ids = await known.object_ids([*uids, max(uids) + 100])
            assert set(ids) == set(uids)
            assert len({one.email_id for one in ids.values()}) == len(uids)
            assert await known.object_ids(uids) == ids

    async def test_threads_are_made_by_headers_and_never_by_the_subject(self) -> None:
        async with self.box() as box:
            known = _identifying(box)
            uids = await box.add(message(_FIRST), message(_REPLY), message(_OTHER))
            ids = await known.object_ids(uids)
            first, reply, other = (ids[uid].thread_id for uid in uids)
            if first is None:
                left_out("messages have threads")
            assert first == reply != other

    async def test_copies_and_moved_messages_keep_their_ids(self) -> None:
        async with self.opened() as (account, box):
            known = _identifying(box)
            uids = await box.add(message(_FIRST), message(_REPLY))
            before = await known.object_ids(uids)
            names = [one.name for one in await account.mailboxes() if one.name != box.name]
            if not names:
                left_out("the account has two mailboxes")
            copied = await box.copy(uids[:1], names[0])
            moved = await box.move(uids[1:], names[0])
            target = _identifying(Box(names[0], await account.open(names[0])))
            there = [*copied.target, *moved.target]
            after = await target.object_ids(there)
            assert [after[uid] for uid in there] == [before[uid] for uid in uids]

    async def test_save_dates_are_of_now_whatever_the_internal_date_is(self) -> None:
        async with self.box() as box:
            if not isinstance(box.mailbox, KeepsSaveDates):
                left_out("Mailbox is KeepsSaveDates")
            before = datetime.now(UTC) - timedelta(seconds=2)
            old = datetime(2001, 2, 3, 4, 5, 6, tzinfo=UTC)
            (uid,) = await box.add(message(_FIRST, date=old))
            dates = await box.mailbox.save_dates([uid, uid + 100])
            assert set(dates) == {uid}
            assert before <= dates[uid] <= datetime.now(UTC) + timedelta(seconds=2)
