"""What the last commits did: told from memory, or not at all."""

from __future__ import annotations

from array import array

import pytest

from mailcore.backend import Changes, FlagsChanged, MessageColumns, MessageState
from mailcore_agentpost import recent
from mailcore_agentpost.recent import RecentChanges
from mailcore_agentpost.store import Step

from .site import Site, to

BOX = 7
SEEN = frozenset({"\\Seen"})


def flagged(modseq: int, *uids: int, folder: int = BOX) -> Step:
    changed = FlagsChanged(array("I", uids), SEEN, modseq)
    return Step(folder, modseq, 100, told=True, flagged=[changed])


def came(modseq: int, uid: int) -> Step:
    new = MessageColumns.of([MessageState(uid, modseq=modseq)])
    return Step(BOX, modseq, uid + 1, told=True, new=new)


def left(modseq: int, *uids: int) -> Step:
    return Step(BOX, modseq, 100, told=True, gone=uids)


@pytest.fixture
def changes() -> RecentChanges:
    return RecentChanges()


def test_nothing_is_known_of_what_was_before(changes: RecentChanges) -> None:
    assert changes.since(BOX, 4) is None
    changes.add([flagged(5, 1)])
    assert changes.since(BOX, 3) is None
    assert changes.since(BOX, 0) is None
    assert changes.since(BOX + 1, 4) is None


def test_steps_are_told_together(changes: RecentChanges) -> None:
    first, last = flagged(5, 1, 2), flagged(6, 2)
    changes.add([first, last])
    assert changes.since(BOX, 4) == Changes(
        MessageColumns(),
        [],
        highest_modseq=6,
        uid_next=100,
        flagged=[*first.flagged, *last.flagged],
    )
    assert changes.since(BOX, 5) == Changes(
        MessageColumns(), [], highest_modseq=6, uid_next=100, flagged=last.flagged
    )
    assert changes.since(BOX, 6) == Changes((), highest_modseq=6)


def test_what_came_and_went_is_not_told(changes: RecentChanges) -> None:
    changes.add([came(5, 3), flagged(6, 2, 3), left(7, 2, 3)])
    assert changes.since(BOX, 4) == Changes(
        MessageColumns(), [2], highest_modseq=7, uid_next=100, flagged=[FlagsChanged([], SEEN, 6)]
    )
    assert changes.since(BOX, 6) == Changes(MessageColumns(), [2, 3], 7, 100, flagged=[])


def test_a_reader_may_know_more_than_was_told(changes: RecentChanges) -> None:
    """The commit is on the disk a moment before its steps are told."""
    changes.add([flagged(5, 1)])
    assert changes.since(BOX, 6) is None


@pytest.mark.parametrize(
    "between",
    [[flagged(7, 1)], [Step(BOX, 6, 100)], [Step(BOX, 0, 0)]],
    ids=["gap", "untold", "removed"],
)
def test_what_is_not_told_must_be_read(changes: RecentChanges, between: list[Step]) -> None:
    changes.add([flagged(5, 1)])
    changes.add(between)
    assert changes.since(BOX, 4) is None
    assert changes.since(BOX, 5) is None
    changes.add([flagged(8, 1)])
    assert changes.since(BOX, 5) is None
    news = changes.since(BOX, 7)
    assert news is not None
    assert news.highest_modseq == 8


def test_another_process_makes_all_of_it_worthless(changes: RecentChanges) -> None:
    changes.add([flagged(5, 1), flagged(9, 1, folder=BOX + 1)])
    changes.forget()
    assert changes.since(BOX, 5) is None
    assert changes.since(BOX + 1, 9) is None


def test_what_is_kept_of_a_folder_is_bounded(
    changes: RecentChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_FOLDER", 4096)
    for modseq in range(5, 100):
        changes.add([flagged(modseq, 1)])
    assert changes.since(BOX, 80) is None
    assert changes.since(BOX, 97) is not None
    changes.add([flagged(100, *range(5000))])
    assert changes.since(BOX, 99) is None
    assert changes.since(BOX, 100) == Changes((), highest_modseq=100)


def test_what_is_kept_of_all_is_bounded(
    changes: RecentChanges, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent, "_ALL", 4096)
    for folder in range(20):
        changes.add([flagged(5, 1, folder=folder)])
    known = [folder for folder in range(20) if changes.since(folder, 4) is not None]
    assert known == [17, 18, 19]
    changes.forget()
    changes.add([flagged(5, 1, folder=folder) for folder in known])
    assert all(changes.since(folder, 4) for folder in known)


def test_what_was_read_is_known(changes: RecentChanges) -> None:
    changes.begin(BOX, 4, changes.losses)
    assert changes.since(BOX, 4) == Changes((), highest_modseq=4)
    assert changes.since(BOX, 3) is None
    step = flagged(5, 1)
    changes.add([step])
    news = changes.since(BOX, 4)
    assert news is not None
    assert news.flagged == step.flagged


def test_what_was_read_replaces_nothing_that_came_meanwhile(changes: RecentChanges) -> None:
    losses = changes.losses
    changes.add([flagged(5, 1)])
    changes.begin(BOX, 4, losses)
    news = changes.since(BOX, 4)
    assert news is not None
    assert news.highest_modseq == 5


@pytest.mark.parametrize("lost", ["forgotten", "untold", "too much"])
def test_what_was_read_may_be_old(
    changes: RecentChanges, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    losses = changes.losses
    match lost:
        case "forgotten":
            changes.forget()
        case "untold":
            changes.add([Step(BOX, 5, 100)])
        case "too much":
            monkeypatch.setattr(recent, "_ALL", 1024)
            changes.add([flagged(5, 1), flagged(5, 1, folder=8), flagged(5, 1, folder=9)])
    changes.begin(BOX, 4, losses)
    assert changes.since(BOX, 4) is None


def test_what_was_read_takes_room(changes: RecentChanges, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recent, "_ALL", 4096)
    for folder in range(20):
        changes.begin(folder, 4, changes.losses)
    known = [folder for folder in range(20) if changes.since(folder, 4) is not None]
    assert known == [*range(12, 20)]


async def test_a_session_sees_its_own_stores_and_those_of_other_processes(site: Site) -> None:
    for _ in range(3):
        await site.post(site.inbox, to(site.inbox.address))
    imap = await site.imap()
    await imap.ok("SELECT INBOX")
    assert await imap.ok("STORE 1 +FLAGS (\\Answered)") != []
    site.change("UPDATE placements SET flags = '\\Draft', modseq = 99 WHERE uid = 2")
    site.change("UPDATE folders SET modseq = 99 WHERE name = 'INBOX'")
    # A mod-sequence is missing before this one, so what it was is read.
    lines = await imap.ok("STORE 3 +FLAGS (\\Answered)")
    assert [line.split()[1] for line in lines] == ["3", "2"]
    assert "\\Draft" in lines[1]
