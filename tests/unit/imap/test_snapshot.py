"""Snapshots: what is taken in, what overlaps, and what each session still has to read of it."""

from __future__ import annotations

import gc
import random
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailcore.backend import (
    Changes,
    FlagAction,
    FlagsChanged,
    MessageColumns,
    MessageState,
    Unavailable,
    all_messages,
)
from mailcore.imap.snapshot import Snapshot, Snapshots
from mailcore.limits import Limits
from mailcore.testing import MemoryBackend, new_message, run

SEEN, FLAGGED = frozenset({"\\Seen"}), frozenset({"\\Flagged"})


class Pause:
    """Something to wait for, so that a test decides when a coroutine goes on."""

    def __await__(self):
        yield


class Scripted:
    """A mailbox whose answers are made up; each waits once before it is given."""

    id = "scripted"
    uid_validity = 1

    def __init__(self, *answers: Changes) -> None:
        self.answers = list(answers)
        self.asked: list[int] = []

    async def changes(self, since: int) -> Changes:
        self.asked.append(since)
        answer = self.answers.pop(0)
        await Pause()
        return answer

    async def read(self, uid: int, start: int, end: int) -> bytes:
        raise KeyError(uid)


def finish(work) -> None:
    """Let a coroutine run to its end."""
    while True:
        try:
            work.send(None)
        except StopIteration:
            return


def taken_in(*answers: Changes, limits: Limits | None = None) -> Snapshot:
    snapshot = Snapshot(limits) if limits else Snapshot()
    mailbox = Scripted(*answers)
    for _ in answers:
        finish(snapshot.refresh(mailbox))
    return snapshot


def state(uid: int, flags: frozenset[str] = frozenset(), modseq: int = 1, **more) -> MessageState:
    return MessageState(uid, flags, modseq, **more)


def contents(snapshot: Snapshot) -> dict[int, tuple[frozenset[str], int]]:
    return {uid: (snapshot.flags(uid), snapshot.modseq(uid)) for uid in snapshot.uids}


# ------------------------------------------------------------------------------------- taking in


def test_it_asks_for_everything_and_then_for_what_is_newer():
    mailbox = Scripted(Changes([state(1)], highest_modseq=7, complete=True), Changes([]))
    snapshot = Snapshot()
    finish(snapshot.refresh(mailbox))
    finish(snapshot.refresh(mailbox))
    assert mailbox.asked == [0, 7]


def test_new_changed_and_vanished():
    snapshot = taken_in(
        Changes([state(1), state(2), state(4)], highest_modseq=1, uid_next=5, complete=True),
        Changes([state(2, SEEN, 3), state(5, FLAGGED, 3)], [1, 99], highest_modseq=3, uid_next=6),
    )
    assert contents(snapshot) == {
        2: (SEEN, 3),
        4: (frozenset(), 1),
        5: (FLAGGED, 3),
    }
    assert (snapshot.highest_modseq, snapshot.uid_next, len(snapshot)) == (3, 6, 3)
    assert 1 not in snapshot
    for look in (snapshot.flags, snapshot.modseq, snapshot.size, snapshot.internal_date):
        with pytest.raises(KeyError):
            look(1)


def test_a_whole_listing_says_by_silence_what_has_vanished():
    snapshot = taken_in(
        all_messages([state(1), state(2), state(3)]), all_messages([state(2), state(7)])
    )
    assert list(snapshot.uids) == [2, 7]


def test_flags_may_change_under_one_mod_sequence():
    # A mailbox that keeps no history has the same one all the time.
    snapshot = taken_in(all_messages([state(1)]), all_messages([state(1, SEEN)]))
    assert snapshot.flags(1) == SEEN
    assert list(snapshot.log_since(1)) == [1]


def test_a_mod_sequence_without_a_change_of_flags_is_taken_in():
    snapshot = taken_in(all_messages([state(1)]), Changes([state(1, modseq=5)], highest_modseq=5))
    assert snapshot.modseq(1) == 5


@pytest.mark.parametrize("uids", [[2, 3], [1, 2, 3, 4], [1, 3], [4], [9], [1, 3, 9], []], ids=str)
def test_flags_of_many_are_taken_in_as_those_of_each(uids: list[int]):
    before = all_messages([state(1), state(2, SEEN, 4), state(3), state(4, modseq=9)], modseq=9)
    flagged = FlagsChanged(uids, SEEN, 5)
    together = taken_in(before, Changes([], flagged=[flagged], highest_modseq=9))
    states = [state(uid, SEEN, 5) for uid in uids if uid <= 4]
    apart = taken_in(before, Changes(states, highest_modseq=9))
    assert contents(together) == contents(apart)
    assert together.log_since(4) == apart.log_since(4)


def test_flags_of_many_are_taken_in_in_order_and_behind_what_is_new():
    snapshot = taken_in(
        all_messages([state(1)]),
        Changes(
            [state(2, modseq=2)],
            flagged=[FlagsChanged([1, 2], SEEN, 3), FlagsChanged([2], FLAGGED, 4)],
            highest_modseq=4,
        ),
    )
    assert contents(snapshot) == {1: (SEEN, 3), 2: (FLAGGED, 4)}


def test_numbers_never_go_back():
    snapshot = taken_in(
        Changes([state(1, SEEN, 9)], highest_modseq=9, uid_next=20, complete=True),
        Changes([state(1, FLAGGED, 8)], highest_modseq=8, uid_next=5),
    )
    assert contents(snapshot) == {1: (SEEN, 9)}
    assert (snapshot.highest_modseq, snapshot.uid_next) == (9, 20)


def test_the_next_uid_is_above_all_that_are_there():
    snapshot = taken_in(Changes([state(41)], uid_next=3, complete=True))
    assert snapshot.uid_next == 42


def test_a_low_uid_that_is_told_late_finds_its_place():
    snapshot = taken_in(
        all_messages([state(5, SEEN), state(9)]),
        Changes([state(7, FLAGGED, 2), state(1, modseq=2)]),
    )
    assert contents(snapshot) == {
        1: (frozenset(), 2),
        5: (SEEN, 1),
        7: (FLAGGED, 2),
        9: (frozenset(), 1),
    }


def test_messages_that_come_in_no_order_stand_in_order():
    snapshot = taken_in(Changes([state(9), state(4, SEEN), state(4, FLAGGED)], complete=True))
    assert contents(snapshot) == {4: (FLAGGED, 1), 9: (frozenset(), 1)}


def test_columns_are_taken_in_as_messages_are():
    moment = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=2)))
    states = [state(1, SEEN, 4, internal_date=moment, size=9), state(7, modseq=5)]
    snapshot = taken_in(Changes(MessageColumns.of(states), highest_modseq=5, complete=True))
    assert contents(snapshot) == {1: (SEEN, 4), 7: (frozenset(), 5)}
    assert (snapshot.size(1), snapshot.size(7)) == (9, None)
    assert snapshot.internal_date(1).isoformat() == moment.isoformat()


def test_a_refusal_leaves_it_as_it_was():
    class Refusing(Scripted):
        async def changes(self, since):
            raise Unavailable

    snapshot = taken_in(all_messages([state(1)]))
    before = (contents(snapshot), snapshot.log_end)
    with pytest.raises(Unavailable):
        run(snapshot.refresh(Refusing()))
    assert (contents(snapshot), snapshot.log_end) == before


def test_all_columns_stay_in_step_whatever_happens():
    draw = random.Random(7)
    inbox = MemoryBackend({"a": "b"}).users["a"].inbox
    snapshot = Snapshot()
    for _ in range(300):
        uids = list(inbox.messages)
        some = draw.sample(uids, draw.randint(0, min(4, len(uids))))
        action = draw.random()
        if action < 0.5 or not uids:
            moment = datetime(2026, 1, 1, tzinfo=timezone(timedelta(hours=draw.randint(-9, 9))))
            moment += timedelta(seconds=draw.randint(0, 10**6))
            data = b"x" * draw.randint(0, 50)
            run(inbox.append([new_message(data, draw.choice([SEEN, FLAGGED]), moment)]))
        elif action < 0.8:
            flag = draw.choice([SEEN, FLAGGED])
            run(inbox.store_flags(some, draw.choice(list(FlagAction)), flag))
        else:
            run(inbox.expunge(some))
        if draw.random() < 0.6:
            run(snapshot.refresh(inbox))
            assert {
                uid: MessageState(
                    uid,
                    snapshot.flags(uid),
                    snapshot.modseq(uid),
                    snapshot.internal_date(uid),
                    snapshot.size(uid),
                )
                for uid in snapshot.uids
            } == {uid: message.state for uid, message in inbox.messages.items()}
            assert snapshot.count_flag("\\Seen") == sum(
                "\\Seen" in message.state.flags for message in inbox.messages.values()
            )


# ------------------------------------------------------------------------------------ overlapping


def test_an_older_answer_that_comes_later_does_no_harm():
    snapshot = taken_in(all_messages([state(1), state(2)]))
    slow = Scripted(Changes([state(1, SEEN, 2)], highest_modseq=2))
    quick = Scripted(Changes([state(1, FLAGGED, 3)], [2], highest_modseq=3))
    first = snapshot.refresh(slow)
    first.send(None)
    finish(snapshot.refresh(quick))
    finish(first)
    assert contents(snapshot) == {1: (FLAGGED, 3)}
    assert snapshot.highest_modseq == 3
    assert slow.asked == [1]


def test_a_newer_answer_that_overlapped_is_taken():
    snapshot = taken_in(all_messages([state(1), state(2)]))
    slow = Scripted(Changes([state(1, FLAGGED, 3)], [2], highest_modseq=3))
    quick = Scripted(Changes([state(1, SEEN, 2)], highest_modseq=2))
    first = snapshot.refresh(slow)
    first.send(None)
    finish(snapshot.refresh(quick))
    finish(first)
    assert contents(snapshot) == {1: (FLAGGED, 3)}


def test_a_whole_listing_that_overlapped_is_asked_for_again():
    snapshot = taken_in(all_messages([state(1)]))
    # Message 2 came after the slow listing was made, and its mod-sequence says nothing.
    slow = Scripted(all_messages([state(1)]), all_messages([state(1), state(2)]))
    quick = Scripted(all_messages([state(1), state(2)]))
    first = snapshot.refresh(slow)
    first.send(None)
    finish(snapshot.refresh(quick))
    finish(first)
    assert list(snapshot.uids) == [1, 2]
    assert len(slow.asked) == 2


# --------------------------------------------------------------------------------------- looking


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 5, 6, 7, 8, 9, tzinfo=UTC),
        datetime(1969, 5, 6, 7, 8, 9, tzinfo=timezone(-timedelta(hours=9, minutes=30))),
        datetime(2026, 5, 6, 7, 8, 9, tzinfo=timezone(timedelta(hours=14))),
    ],
)
def test_dates_keep_their_zone(moment):
    found = taken_in(all_messages([state(1, internal_date=moment)])).internal_date(1)
    assert found == moment
    assert found.utcoffset() == moment.utcoffset()


def test_sizes_that_nobody_has_counted():
    snapshot = taken_in(all_messages([state(1, size=5), state(2), state(3)]))
    assert (snapshot.size(1), snapshot.size(2)) == (5, None)
    assert snapshot.unknown_sizes() == [2, 3]
    snapshot.set_size(2, 0)
    snapshot.set_size(99, 7)
    assert snapshot.unknown_sizes() == [3]
    assert snapshot.total_size() == 5


def test_flags_are_counted_and_looked_for():
    snapshot = taken_in(all_messages([state(1, SEEN), state(2, FLAGGED), state(3, SEEN | FLAGGED)]))
    assert [snapshot.count_flag(flag) for flag in ("\\Seen", "\\Flagged", "x")] == [2, 2, 0]
    assert snapshot.first_without("\\Seen") == 2
    assert snapshot.first_without("\\Flagged") == 1
    assert taken_in(all_messages([state(1, SEEN)])).first_without("\\Seen") is None
    assert snapshot.known_flags() == {"\\Seen", "\\Flagged"}


def test_flags_that_nobody_has_any_more_are_forgotten_at_some_time():
    answers = [
        Changes([state(1, frozenset({f"k{n}"}), n)], highest_modseq=n) for n in range(1, 1200)
    ]
    snapshot = taken_in(all_messages([state(1, modseq=0)], modseq=0), *answers)
    assert snapshot.flags(1) == {"k1199"}
    assert len(snapshot.known_flags()) <= 1003


# ----------------------------------------------------------------------------------------- the log


def test_the_log_says_what_something_happened_to():
    snapshot = taken_in(all_messages([state(1), state(2)]))
    position = snapshot.log_end
    mailbox = Scripted(Changes([state(2, SEEN, 2), state(3, modseq=2)], [1], highest_modseq=2))
    finish(snapshot.refresh(mailbox))
    assert sorted(snapshot.log_since(position)) == [1, 2, 3]
    assert list(snapshot.log_since(snapshot.log_end)) == []


def test_the_log_is_bounded_and_says_so():
    limits = Limits(queued_changes=3)
    snapshot = taken_in(all_messages([state(1, modseq=0)], modseq=0), limits=limits)
    position = snapshot.log_end
    for number in range(1, 7):
        flags = SEEN if number % 2 else frozenset()
        answer = Changes([state(1, flags, number)], highest_modseq=number)
        finish(snapshot.refresh(Scripted(answer)))
    assert snapshot.log_end == position + 6
    assert snapshot.log_since(position) is None
    assert snapshot.log_since(snapshot.log_end - 3) == [1, 1, 1]


# ---------------------------------------------------------------------------------- the registry


def test_one_snapshot_for_each_mailbox_and_uidvalidity():
    snapshots = Snapshots()
    mailbox, other = Scripted(), Scripted()
    snapshot = snapshots.get(mailbox)
    assert snapshots.get(other) is snapshot
    other.uid_validity = 2
    assert snapshots.get(other) is not snapshot
    other.uid_validity, other.id = 1, "other"
    assert snapshots.get(other) is not snapshot


def test_snapshots_that_nobody_uses_go_the_oldest_first():
    snapshots = Snapshots()
    mailboxes = [Scripted() for _ in range(40)]
    for number, mailbox in enumerate(mailboxes):
        mailbox.id = str(number)
        snapshots.get(mailbox).set_size(1, 1)
    gc.collect()
    assert snapshots.get(mailboxes[-1]) is snapshots.get(mailboxes[-1])
    assert ("0", 1) not in snapshots._open
    assert ("39", 1) in snapshots._open


def test_recent_is_claimed_once_and_remembered():
    # RFC 3501 §2.3.2
    snapshots = Snapshots()
    mailbox = Scripted(all_messages([state(3), state(5)]), all_messages([state(3), state(9)]))
    snapshot = snapshots.get(mailbox)
    assert snapshots.claim_recent(mailbox, snapshot) is None
    finish(snapshot.refresh(mailbox))
    assert snapshots.claim_recent(mailbox, snapshot) == (1, 5)
    assert snapshots.claim_recent(mailbox, snapshot) is None
    finish(snapshot.refresh(mailbox))
    assert snapshots.claim_recent(mailbox, snapshot) == (6, 9)
    snapshots._kept.clear()
    del snapshot
    gc.collect()
    assert snapshots.get(mailbox).recent_floor == 10
