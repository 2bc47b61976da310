"""Placements: by example, and against plain dicts."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from mailcore.backend import Changes, FlagAction, LimitReached, MessageState, NoSuchMailbox
from mailcore.limits import DEFAULT_LIMITS
from mailcore_agentpost.mail import folders, inboxes, placements
from mailcore_agentpost.mail.digest import digest
from mailcore_agentpost.mail.folders import Folder
from mailcore_agentpost.mail.messages import insert_message, purge, write_body
from mailcore_agentpost.mail.placements import Placement, changes, combined, place
from mailcore_agentpost.recent import RecentChanges
from mailcore_agentpost.store import Transaction

from .conftest import NOW, begin, count, put, store

SEEN, DELETED = "\\Seen", "\\Deleted"


def flags_of(transaction: Transaction, folder: Folder) -> dict[int, set[str]]:
    found = changes(transaction.connection, folder.id, 0)
    return {one.uid: set(one.flags) for one in found.messages}


# --------------------------------------------------------------------------------- examples


def test_uids_rise_and_a_commit_has_one_mod_sequence(transaction: Transaction, box: Folder) -> None:
    numbers = [store(transaction, box.inbox).number for _ in range(3)]
    uids = place(
        transaction, box.id, [Placement(number, frozenset(), 17, NOW) for number in numbers]
    )
    assert uids == [1, 2, 3]
    found = changes(transaction.connection, box.id, 0)
    assert {one.modseq for one in found.messages} == {found.highest_modseq}
    assert found.uid_next == 4
    assert found.complete


@pytest.mark.parametrize(
    "date",
    [
        datetime(1969, 7, 20, 20, 17, 40, tzinfo=UTC),
        datetime(2030, 1, 1, 0, 0, 1, tzinfo=timezone(timedelta(hours=-9, minutes=-30))),
        datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))),
        datetime(9999, 12, 31, 23, 59, 59, tzinfo=timezone(timedelta(hours=-12))),
    ],
    ids=str,
)
def test_a_date_comes_back_as_it_went_in(
    transaction: Transaction, box: Folder, trash: Folder, date: datetime
) -> None:
    uid, _ = put(transaction, box, date=date)
    placements.move(transaction, box.id, [uid], trash)
    (found,) = changes(transaction.connection, trash.id, 0).messages
    assert found.internal_date == date
    assert found.internal_date.utcoffset() == date.utcoffset()


def test_messages_that_go_together_are_told_one_by_one(
    transaction: Transaction, box: Folder, trash: Folder
) -> None:
    uids = [put(transaction, box)[0] for _ in range(6)]
    before = changes(transaction.connection, box.id, 0).highest_modseq
    # As a version without ranges noted it.
    transaction.execute(
        "INSERT INTO vanished (folder, modseq, uid) VALUES (?, ?, 99)", (box.id, before + 1)
    )
    placements.move(transaction, box.id, [*uids[:2], *uids[3:]], trash)
    gone = placements.vanished(transaction.connection, box.id, before)
    assert sorted(gone) == [*uids[:2], *uids[3:], 99]
    assert count(transaction, "vanished") == 3


def test_what_is_copied_need_not_be_read(
    transaction: Transaction, box: Folder, trash: Folder
) -> None:
    uids = [put(transaction, box, *flags)[0] for flags in ([SEEN], [], [DELETED, SEEN])]
    transaction.steps.clear()
    placements.copy(transaction, box.id, [uids[0], uids[2]], trash)
    recent = RecentChanges()
    recent.add(transaction.steps)
    told = recent.since(trash.id, transaction.steps[0].modseq - 1)
    assert told is not None
    assert told.messages == changes(transaction.connection, trash.id, 0).messages


def test_flags_change_only_where_they_differ(transaction: Transaction, box: Folder) -> None:
    first, _ = put(transaction, box, SEEN)
    second, _ = put(transaction, box)
    before = changes(transaction.connection, box.id, 0).highest_modseq
    transaction.moved.clear()
    add = combined(FlagAction.ADD, frozenset({SEEN}))
    assert placements.change_flags(transaction, box.id, [first, second, 99], add) == []
    news = changes(transaction.connection, box.id, before)
    assert [one.uid for one in news.messages] == [second]
    assert transaction.moved == {(box.inbox, box.id)}
    transaction.moved.clear()
    placements.change_flags(transaction, box.id, [first, second], add)
    assert changes(transaction.connection, box.id, before) == news
    assert transaction.moved == set()


def test_flags_that_changed_since_are_left_alone(transaction: Transaction, box: Folder) -> None:
    first, _ = put(transaction, box)
    second, _ = put(transaction, box)
    since = changes(transaction.connection, box.id, 0).highest_modseq
    add, remove = (combined(how, frozenset({SEEN})) for how in (FlagAction.ADD, FlagAction.REMOVE))
    placements.change_flags(transaction, box.id, [second], add)
    assert placements.change_flags(transaction, box.id, [first, second], remove, since) == [second]
    assert flags_of(transaction, box) == {first: set(), second: {SEEN}}


def test_a_message_has_so_many_flags_and_no_more(transaction: Transaction, box: Folder) -> None:
    uid, _ = put(transaction, box, *(f"k{number}" for number in range(100)))
    assert len(flags_of(transaction, box)[uid]) == 100
    with pytest.raises(LimitReached, match="100 flags"):
        placements.change_flags(
            transaction, box.id, [uid], combined(FlagAction.ADD, frozenset({"k100"}))
        )


def test_expunge_puts_a_message_into_trash_once(
    transaction: Transaction, box: Folder, trash: Folder
) -> None:
    """Whether it lies there already, or lies here twice."""
    uid, _ = put(transaction, box, DELETED, SEEN)
    twice = placements.copy(transaction, box.id, [uid], box).target
    placements.expunge(transaction, box.id, [uid, *twice], trash)
    assert list(flags_of(transaction, trash).values()) == [{SEEN}]
    (lying,) = flags_of(transaction, trash)
    back = placements.copy(transaction, trash.id, [lying], box).target
    placements.expunge(transaction, box.id, back, trash)
    assert list(flags_of(transaction, trash)) == [lying]
    assert count(transaction, "messages") == 1


def test_expunge_for_good_takes_the_octets_too(
    transaction: Transaction, box: Folder, trash: Folder
) -> None:
    uid, _ = put(transaction, box)
    (copied,) = placements.copy(transaction, box.id, [uid], trash).target
    placements.expunge(transaction, box.id, [uid], None)
    assert count(transaction, "chunks") == 1
    placements.expunge(transaction, trash.id, [copied], None)
    for table in ("messages", "bodies", "chunks", "placements"):
        assert count(transaction, table) == 0


@pytest.mark.parametrize("since", [0, 1])
def test_a_folder_that_was_removed_is_told(
    transaction: Transaction, box: Folder, since: int
) -> None:
    folders.create_folder(transaction, box.inbox, "Gone")
    gone = folders.find_folder(transaction.connection, box.inbox, "Gone")
    folders.forget_folder(transaction, gone)
    with pytest.raises(NoSuchMailbox):
        changes(transaction.connection, gone.id, since)
    with pytest.raises(NoSuchMailbox):
        place(transaction, gone.id, [])
    uid, _ = put(transaction, box)
    with pytest.raises(NoSuchMailbox):
        placements.copy(transaction, box.id, [uid], gone)


# ------------------------------------------------------------------------------------ model


def taken_in(
    known: Mapping[int, frozenset[str]], news: Changes
) -> tuple[dict[int, MessageState], set[int]]:
    """Return all that news say of messages, and which of those that were known are gone."""
    told = {one.uid: one for one in news.messages}
    for uids, flags, modseq in news.flagged:
        for uid in uids:
            told[uid] = told.get(uid, MessageState(uid))._replace(flags=flags, modseq=modseq)
    gone = set(news.vanished)
    # Only of what is new the date and the size are news.
    states = {
        uid: MessageState(uid, one.flags, one.modseq) if uid in known else one
        for uid, one in told.items()
        if uid not in gone
    }
    return states, gone & set(known)


@dataclass
class Lying:
    """A message in a folder of the model."""

    message: int
    flags: frozenset[str]


@dataclass
class ModelFolder:
    """What a folder should hold, and all that a client has ever known of it."""

    folder: Folder
    lying: dict[int, Lying] = field(default_factory=dict)
    uid_next: int = 1
    modseq: int = 1
    remembered: dict[int, dict[int, frozenset[str]]] = field(default_factory=lambda: {1: {}})

    def flags(self) -> dict[int, frozenset[str]]:
        return {uid: one.flags for uid, one in self.lying.items()}


FOLDERS = ("INBOX", "Trash", "Work")
NAMES = st.sampled_from(FOLDERS)
FLAGS = st.frozensets(st.sampled_from([SEEN, DELETED, "work", "Play"]))
UIDS = st.lists(st.integers(1, 12), max_size=5, unique=True)


class PlacementsMachine(RuleBasedStateMachine):
    """Random programs on three folders; the same on dicts."""

    def __init__(self) -> None:
        super().__init__()
        self.transaction = begin("")
        organization = inboxes.insert_organization(self.transaction, "one", NOW)
        self.inbox = inboxes.insert_inbox(
            self.transaction, organization, username="a", domain="b", now=NOW
        ).id
        folders.create_folder(self.transaction, self.inbox, "Work")
        self.connection = self.transaction.connection
        self.folders = {
            name: ModelFolder(folders.find_folder(self.connection, self.inbox, name))
            for name in FOLDERS
        }
        #: The body of each message that was ever stored.
        self.bodies: dict[int, int] = {}
        self.recent = RecentChanges()
        self.transaction.moved.clear()

    def teardown(self) -> None:
        self.connection.close()

    # ------------------------------------------------------------------------------ programs

    @rule(name=NAMES, flags=FLAGS, copies=st.integers(1, 2))
    def append(self, name: str, flags: frozenset[str], copies: int) -> None:
        """Two copies are two messages with one body, as delivery to several makes them."""
        data = b"Subject: x\r\n\r\nHi.\r\n"
        body = write_body(self.transaction, data)
        new: list[int] = []
        for _ in range(copies):
            known = digest(data, DEFAULT_LIMITS)
            new.append(
                insert_message(self.transaction, self.inbox, "inbound", body, known, 0.0).number
            )
        model = self.folders[name]
        lying = [Placement(number, flags, len(data), NOW) for number in new]
        uids = place(self.transaction, model.folder.id, lying)
        self.bodies |= dict.fromkeys(new, body)
        self.put(model, uids, [Lying(number, flags) for number in new])

    @rule(
        name=NAMES,
        uids=UIDS,
        action=st.sampled_from(FlagAction),
        flags=FLAGS,
        since=st.none() | st.integers(0, 30),
    )
    def change_flags(
        self,
        name: str,
        uids: list[int],
        action: FlagAction,
        flags: frozenset[str],
        since: int | None,
    ) -> None:
        model = self.folders[name]
        modseqs = {
            one.uid: one.modseq for one in changes(self.connection, model.folder.id, 0).messages
        }
        change = combined(action, flags)
        modified = placements.change_flags(self.transaction, model.folder.id, uids, change, since)
        there = sorted(set(uids) & set(model.lying))
        late = [uid for uid in there if since is not None and modseqs[uid] > since]
        assert modified == late
        for uid in set(there) - set(late):
            model.lying[uid].flags = change(model.lying[uid].flags)

    @rule(name=NAMES, uids=UIDS, into=NAMES, how=st.sampled_from(["copy", "move"]))
    def transfer(self, name: str, uids: list[int], into: str, how: str) -> None:
        source, goal = self.folders[name], self.folders[into]
        work: Callable[..., placements.Copied] = getattr(placements, how)
        copied = work(self.transaction, source.folder.id, uids, goal.folder)
        assert list(copied.source) == sorted(set(uids) & set(source.lying))
        assert copied.uid_validity == goal.folder.id
        moved = [source.lying[uid] for uid in copied.source]
        self.put(goal, copied.target, [Lying(one.message, one.flags) for one in moved])
        if how == "move":
            self.take(source, copied.source)

    @rule(name=NAMES, uids=UIDS)
    def remove(self, name: str, uids: list[int]) -> None:
        model = self.folders[name]
        numbers = placements.remove(self.transaction, model.folder.id, uids)
        assert sorted(numbers) == sorted(one.message for one in self.take(model, uids))
        purge(self.transaction, numbers)

    @rule(name=NAMES, uids=UIDS, for_good=st.booleans())
    def expunge(self, name: str, uids: list[int], for_good: bool) -> None:
        model, trash = self.folders[name], self.folders["Trash"]
        for_good = for_good or name == "Trash"
        placements.expunge(
            self.transaction, model.folder.id, uids, None if for_good else trash.folder
        )
        taken = self.take(model, uids)
        if for_good:
            return
        there = {one.message for one in trash.lying.values()}
        new = {one.message: one.flags - {DELETED} for one in taken if one.message not in there}
        uids = list(range(trash.uid_next, trash.uid_next + len(new)))
        self.put(trash, uids, [Lying(number, flags) for number, flags in new.items()])

    def put(self, model: ModelFolder, uids: object, lying: list[Lying]) -> None:
        expected = list(range(model.uid_next, model.uid_next + len(lying)))
        assert list(uids) == expected  # type: ignore[call-overload]
        model.lying |= dict(zip(expected, lying, strict=True))
        model.uid_next += len(lying)

    @staticmethod
    def take(model: ModelFolder, uids: object) -> list[Lying]:
        there = sorted(set(uids) & set(model.lying))  # type: ignore[call-overload]
        return [model.lying.pop(uid) for uid in there]

    # ---------------------------------------------------------------------------- invariants

    @invariant()
    def changes_tell_everything(self) -> None:
        told = set()
        for model in self.folders.values():
            now = model.flags()
            found = changes(self.connection, model.folder.id, 0)
            assert {one.uid: one.flags for one in found.messages} == now
            assert found.uid_next == model.uid_next
            assert found.highest_modseq >= model.modseq
            if found.highest_modseq > model.modseq:
                told.add((self.inbox, model.folder.id))
            else:
                assert model.remembered[model.modseq] == now
            model.modseq = found.highest_modseq
            model.remembered[found.highest_modseq] = now
            for since, known in model.remembered.items():
                news = changes(self.connection, model.folder.id, since)
                assert all(one.modseq > since for one in news.messages)
                assert not set(news.vanished) & {one.uid for one in news.messages}
                known = {uid: flags for uid, flags in known.items() if uid not in news.vanished}
                assert known | {one.uid: one.flags for one in news.messages} == now
        assert self.transaction.moved == told
        self.transaction.moved.clear()

    @invariant()
    def recent_changes_tell_what_can_be_read(self) -> None:
        self.recent.add(self.transaction.steps)
        self.transaction.steps.clear()
        for model in self.folders.values():
            folder = model.folder.id
            for since, known in model.remembered.items():
                told = self.recent.since(folder, since)
                if told is not None:
                    read = changes(self.connection, folder, since)
                    assert taken_in(known, told) == taken_in(known, read)
                    assert told.highest_modseq == read.highest_modseq
                    assert told.uid_next == read.uid_next or told == Changes((), (), since)

    @invariant()
    def nothing_is_left_over(self) -> None:
        lying = {one.message for model in self.folders.values() for one in model.lying.values()}
        rows = self.connection.execute("SELECT number, body FROM messages").fetchall()
        assert {row["number"]: row["body"] for row in rows} == {
            number: self.bodies[number] for number in lying
        }
        for table, column in (("bodies", "id"), ("chunks", "body")):
            kept = self.connection.execute(f"SELECT {column} FROM {table}").fetchall()
            assert {row[0] for row in kept} == {self.bodies[number] for number in lying}
        assert count(self.transaction, "placements") == sum(
            len(model.lying) for model in self.folders.values()
        )


TestPlacements = PlacementsMachine.TestCase
TestPlacements.settings = settings(
    max_examples=60,
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
)


def test_a_folder_is_listed_piece_by_piece(transaction, box, monkeypatch):
    uids = [put(transaction, box)[0] for _ in range(5)]
    monkeypatch.setattr(placements, "LISTED", 2)
    connection = transaction.connection
    assert list(changes(connection, box.id, 0).messages.uids) == uids[:2]
    assert list(placements.listed(connection, box.id, uids[1]).uids) == uids[2:4]
    assert list(placements.listed(connection, box.id, uids[4]).uids) == []
    told = changes(connection, box.id, 0)
    assert not changes(connection, box.id, told.highest_modseq).messages
