"""QRESYNC: what a client has missed, and VANISHED instead of EXPUNGE (RFC 7162 §3.2)."""

from __future__ import annotations

import re
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.backend import FlagAction
from mailcore.imap.session.resync import matched_uid
from mailcore.imap.types import SequenceSet
from mailcore.testing import run

TEN = [b"Subject: %d\r\n\r\n" % number for number in range(1, 11)]


@pytest.fixture
def ten(inbox, deliver):
    """INBOX with UIDs 1 to 10; returns how it changes."""
    deliver(*TEN)

    def change(*, gone=(), seen=()):
        if seen:
            run(inbox.store_flags(list(seen), FlagAction.ADD, frozenset({"\\Seen"})))
        for uid in gone:
            run(inbox.expunge([uid]))

    return change


@pytest.fixture
def qresync(connect):
    def new_client(select=None):
        client = connect(select=None)
        assert client.ok("ENABLE QRESYNC") == ["* ENABLED QRESYNC"]
        if select is not None:
            client.ok(f"SELECT {select}")
        return client

    return new_client


def modseq_of(lines: list[str]) -> int:
    return next(
        int(found[1]) for line in lines if (found := re.search(r"HIGHESTMODSEQ (\d+)", line))
    )


def missed(lines: list[str]) -> list[str]:
    """Return what was told of changes, the flags of FETCH left out."""
    found = [line for line in lines if "VANISHED" in line or " FETCH " in line]
    return [re.sub(r" FLAGS .*", "", line) for line in found]


def resync(client, inbox, modseq: int, more: str = "", validity: int | None = None) -> list[str]:
    validity = inbox.uid_validity if validity is None else validity
    return missed(client.ok(f"SELECT INBOX (QRESYNC ({validity} {modseq}{more}))"))


def test_a_select_tells_what_was_missed(qresync, inbox, ten) -> None:
    client = qresync()
    before = modseq_of(client.ok("SELECT INBOX"))
    ten(gone=[3, 7, 8], seen=[5, 10])
    assert resync(client, inbox, before) == [
        "* VANISHED (EARLIER) 3,7:8",
        "* 4 FETCH (UID 5",
        "* 7 FETCH (UID 10",
    ]
    now = modseq_of(client.ok("SELECT INBOX"))
    assert resync(client, inbox, now) == []


def test_what_was_missed_is_told_behind_what_select_says_in_any_case(qresync, inbox, ten) -> None:
    client = qresync()
    before = modseq_of(client.ok("SELECT INBOX"))
    ten(gone=[1], seen=[2])
    lines = client.ok(f"SELECT INBOX (CONDSTORE QRESYNC ({inbox.uid_validity} {before}))")
    assert [line.split()[1] for line in lines[-3:]] == ["OK", "VANISHED", "1"]
    assert re.fullmatch(r"\* 1 FETCH \(UID 2 FLAGS \(\\Seen\) MODSEQ \(\d+\)\)", lines[-1])


def test_only_known_uids_are_told_of(qresync, inbox, ten) -> None:
    client = qresync()
    before = modseq_of(client.ok("SELECT INBOX"))
    ten(gone=[3, 7, 8], seen=[5, 10])
    assert resync(client, inbox, before, " 1:5,7") == [
        "* VANISHED (EARLIER) 3,7",
        "* 4 FETCH (UID 5",
    ]


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ("", "1,3,7:8"),
        (" (1 1)", "1,3,7:8"),  # the first message is no more the one with UID 1
        (" (1:2 2,4)", "7:8"),
        (" (4 6)", "7:8"),
        (" (1,3,6 2,5,9)", "7:8"),  # a pair that is wrong, and nothing after it counts
        (" (6 10)", None),
        (" 1:7 (1,2 2,4)", "7"),
        (" (1:4294967295 1:4294967295)", "1,3,7:8"),
        (" (2,1,2 4,2,4)", "7:8"),
    ],
)
def test_the_sample_of_numbers_and_uids_restricts_what_has_vanished(
    qresync, inbox, ten, more, told
) -> None:
    client = qresync()
    before = modseq_of(client.ok("SELECT INBOX"))
    ten(gone=[3, 7, 8, 1])
    assert resync(client, inbox, before, more) == ([f"* VANISHED (EARLIER) {told}"] if told else [])


def test_other_uids_are_no_reason_to_tell_anything(qresync, inbox, ten) -> None:
    """RFC 7162 §3.2.5: UIDVALIDITY is another."""
    client = qresync()
    ten(gone=[3], seen=[4])
    assert resync(client, inbox, 1, validity=999) == []


@pytest.mark.parametrize(
    "parameters",
    [
        "QRESYNC",
        "QRESYNC (1)",
        "QRESYNC (1 0)",
        "QRESYNC (1 1 *)",
        "QRESYNC (1 1 1:*)",
        "QRESYNC (1 1 )",
        "QRESYNC (1 1 1 )",
        "QRESYNC (1 1 (1))",
        "QRESYNC (1 1 (1 *))",
        "QRESYNC (1 1 (1 1) 1)",
        "QRESYNC (1 99999999999999999999)",
        "QRESYNC (1 1) QRESYNC (1 1)",
    ],
)
def test_bad_parameters_leave_the_mailbox_selected(qresync, ten, parameters) -> None:
    client = qresync("INBOX")
    assert client.tagged(f"SELECT INBOX ({parameters})").startswith("BAD")
    assert client.tagged("FETCH 1 UID").startswith("OK")


def test_without_enable_it_is_bad(connect, inbox, ten) -> None:
    client = connect()
    client.ok("ENABLE CONDSTORE")
    assert client.tagged("SELECT INBOX (QRESYNC (1 1))").startswith("BAD")
    fetch = "UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)"
    assert client.tagged(fetch).startswith("BAD")
    assert client.tagged("FETCH 1 UID").startswith("OK")


def test_enable_qresync_enables_condstore(qresync, ten) -> None:
    client = qresync("INBOX")
    (line,) = client.ok("FETCH 1 FLAGS")
    assert "MODSEQ" in line
    assert client.ok("ENABLE CONDSTORE QRESYNC") == ["* ENABLED"]


def test_a_history_that_does_not_reach_back_tells_more_than_it_must(
    qresync, inbox, ten, monkeypatch
) -> None:
    """RFC 7162 §3.2.5.2: every UID that no message has counts as gone, except below the sample."""
    client = qresync()
    ten(gone=[2, 3, 5, 10])

    async def forgotten(since):
        return None

    monkeypatch.setattr(inbox, "vanished", forgotten)
    assert resync(client, inbox, 5)[0] == "* VANISHED (EARLIER) 2:3,5,10"
    assert resync(client, inbox, 99) == ["* VANISHED (EARLIER) 2:3,5,10"]
    assert resync(client, inbox, 99, " 3:7,9:4294967295") == ["* VANISHED (EARLIER) 3,5,10"]
    assert resync(client, inbox, 99, " (2 4)") == ["* VANISHED (EARLIER) 5,10"]
    assert resync(client, inbox, 99, " 1:4 (2 4)") == []


def test_many_ranges_are_told_in_several_lines(qresync, inbox, deliver) -> None:
    deliver(*[b"x"] * 4002)
    run(inbox.expunge(range(2, 4003, 2)))
    told = resync(qresync(), inbox, 1)
    vanished = [line for line in told if "VANISHED" in line]
    assert [line.count(",") + 1 for line in vanished] == [1000, 1000, 1]


def test_a_select_that_tells_much_lets_the_output_go(qresync, inbox, deliver) -> None:
    deliver(*[b"x"] * 3000)
    client = qresync()
    session = client.session
    session.receive_data(b"t SELECT INBOX (QRESYNC (%d 1))\r\n" % inbox.uid_validity)
    first = run(session.step())
    assert isinstance(first, bytes)
    assert b"t OK" not in first
    assert b"t OK [READ-WRITE]" in client.say()


def test_uid_fetch_tells_what_has_vanished(qresync, inbox, ten) -> None:
    client = qresync()
    before = modseq_of(client.ok("SELECT INBOX"))
    ten(gone=[3, 7, 10], seen=[4])
    client.ok("SELECT INBOX")
    lines = client.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before} VANISHED)")
    # "1:*" asks about the end of the mailbox too, where no message is any more.
    assert missed(lines) == ["* VANISHED (EARLIER) 3,7,10", "* 3 FETCH (UID 4"]
    lines = client.ok(f"UID FETCH 4:9 (FLAGS) (VANISHED CHANGEDSINCE {before})")
    assert missed(lines) == ["* VANISHED (EARLIER) 7", "* 3 FETCH (UID 4"]


@pytest.mark.parametrize(
    "command",
    [
        "FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED)",
        "UID FETCH 1:* FLAGS (VANISHED)",
        "UID FETCH 1:* FLAGS (CHANGEDSINCE 1 CHANGEDSINCE 2)",
        "UID FETCH 1:* FLAGS (CHANGEDSINCE 1 VANISHED 1)",
    ],
)
def test_vanished_is_for_uid_fetch_with_changedsince(qresync, ten, command) -> None:
    assert qresync("INBOX").tagged(command).startswith("BAD")


def test_what_the_client_sees_is_told_as_vanished_now_and_not_earlier(qresync, inbox, ten) -> None:
    client = qresync()
    before = modseq_of(client.ok("SELECT INBOX"))
    ten(gone=[3])
    lines = client.ok(f"UID FETCH 1:* (FLAGS) (CHANGEDSINCE {before} VANISHED)")
    assert lines == ["* VANISHED 3"]


@pytest.mark.parametrize("command", ["EXPUNGE", "UID EXPUNGE 2:5"])
def test_expunge_is_told_by_uid_and_ends_with_the_mod_sequence(
    qresync, inbox, ten, command
) -> None:
    client = qresync("INBOX")
    client.ok("STORE 2,4:5 +FLAGS.SILENT (\\Deleted)")
    *lines, tagged = client.do(command)
    assert lines == ["* VANISHED 2,4:5"]
    now = run(inbox.changes(1)).highest_modseq
    assert tagged.startswith(f"t OK [HIGHESTMODSEQ {now}]")
    assert client.ok("FETCH 2 UID") == ["* 2 FETCH (UID 3)"]
    assert client.do("EXPUNGE") == ["t OK Expunge completed"]


def test_close_says_no_mod_sequence(qresync, ten) -> None:
    client = qresync("INBOX")
    client.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    assert client.do("CLOSE") == ["t OK Close completed"]


def test_move_and_idle_tell_vanished(qresync, ten) -> None:
    client = qresync("INBOX")
    lines = client.ok("MOVE 3 Trash")
    assert lines[-1] == "* VANISHED 3"
    ten(gone=[1])
    assert client.ok("NOOP") == ["* VANISHED 1"]
    assert client.say(b"t IDLE\r\n") == b"+ idling\r\n"
    ten(gone=[2, 10])
    assert client.say() == b"* VANISHED 2,10\r\n"
    assert client.say(b"DONE\r\n").startswith(b"t OK")


def test_while_vanished_waits_the_mod_sequence_is_that_before_it(qresync, inbox, ten) -> None:
    """RFC 7162 §3.2: a client that loses its connection now must not miss what waits."""
    client = qresync("INBOX")
    before = run(inbox.changes(1)).highest_modseq
    ten(gone=[3], seen=[5])
    ten(seen=[6])
    lines = client.ok("FETCH 1 UID")
    assert lines[1] == f"* OK [HIGHESTMODSEQ {before}] Some messages are gone since"
    assert missed(lines[2:]) == ["* 5 FETCH (UID 5", "* 6 FETCH (UID 6"]
    assert client.ok("NOOP") == ["* VANISHED 3"]
    again = qresync()
    assert resync(again, inbox, before)[0] == "* VANISHED (EARLIER) 3"


def test_a_client_that_does_not_know_it_is_told_by_numbers(connect, qresync, ten) -> None:
    client, other = connect(), qresync("INBOX")
    ten(gone=[3, 4])
    assert client.ok("NOOP") == ["* 4 EXPUNGE", "* 3 EXPUNGE"]
    assert other.ok("NOOP") == ["* VANISHED 3:4"]


uids = st.sets(st.integers(1, 30), max_size=12).map(sorted)


@given(uids, st.data())
def test_the_sample_of_an_honest_client_is_never_wrong(known: list[int], data) -> None:
    """What is below the UID that matched is there for both, or for neither."""
    gone = data.draw(st.sets(st.sampled_from(known))) if known else set()
    left = array("I", (uid for uid in known if uid not in gone))
    picks = data.draw(st.sets(st.sampled_from(range(len(known))))) if known else set()
    if not picks:
        return
    sample = sorted(picks)
    numbers = SequenceSet(tuple((index + 1, index + 1) for index in sample))
    theirs = SequenceSet(tuple((known[index], known[index]) for index in sample))
    matched = matched_uid(left, numbers, theirs)
    assert not [uid for uid in gone if uid <= matched]
    assert matched == max(
        (known[index] for index in sample if not [uid for uid in gone if uid <= known[index]]),
        default=0,
    )
