"""STORE: flags changed, told, refused, and changed only if nobody else did (RFC 7162)."""

from __future__ import annotations

import pytest

from mailcore.backend import FlagAction
from mailcore.testing import new_message, run


@pytest.mark.parametrize(
    ("command", "after"),
    [
        ("+FLAGS (\\Flagged)", {"\\Seen", "todo", "\\Flagged"}),
        ("+FLAGS \\Flagged \\Draft", {"\\Seen", "todo", "\\Flagged", "\\Draft"}),
        ("-FLAGS (\\Seen \\Answered)", {"todo"}),
        ("FLAGS (\\Deleted)", {"\\Deleted"}),
        ("FLAGS ()", set()),
        ("-FLAGS ()", {"\\Seen", "todo"}),
        # Flags are the same in any letter case (RFC 9051 §2.3.2), and keep their first spelling.
        ("-FLAGS (\\SEEN TODO)", set()),
        ("+FLAGS (ToDo \\fLAGGED)", {"\\Seen", "todo", "\\Flagged"}),
        ("+FLAGS (New)", {"\\Seen", "todo", "New"}),
    ],
)
def test_flags_are_changed_and_told(connect, inbox, command, after):
    run(inbox.append([new_message(b"a", frozenset({"\\Seen", "todo"}))]))
    client = connect()
    client.ok("UNSELECT")
    client.ok("SELECT INBOX")
    (line,) = client.ok(f"STORE 1 {command}")
    assert inbox.messages[1].state.flags == after
    told = line.removeprefix("* 1 FETCH (FLAGS (").removesuffix("))")
    assert set(told.split()) - {"\\Recent"} == after
    assert client.ok("NOOP") == []


def test_uid_store_tells_the_uid(connect, deliver):
    deliver(b"a", b"b")
    client = connect()
    assert client.ok("UID STORE 2,7 +FLAGS (\\Seen)") == [
        "* 2 FETCH (UID 2 FLAGS (\\Seen \\Recent))"
    ]


def test_silent_is_silent(connect, deliver, inbox):
    deliver(b"a", b"b")
    client = connect()
    assert client.ok("STORE 1:2 +FLAGS.SILENT (\\Seen)") == []
    assert client.ok("NOOP") == []
    assert all("\\Seen" in message.state.flags for message in inbox.messages.values())


@pytest.mark.parametrize("known_to_the_server", [False, True])
def test_silent_does_not_hide_what_another_has_done(connect, deliver, inbox, known_to_the_server):
    deliver(b"a")
    client, other = connect(), connect()
    if known_to_the_server:
        other.ok("STORE 1 +FLAGS (\\Flagged)")
    else:
        run(inbox.store_flags([1], FlagAction.ADD, frozenset({"\\Flagged"})))
    assert client.ok("STORE 1 +FLAGS.SILENT (\\Seen)") == [
        "* 1 FETCH (FLAGS (\\Flagged \\Seen \\Recent))"
    ]
    assert client.ok("NOOP") == []


def test_others_are_told_at_their_next_command_what_has_come_of_it_all(connect, deliver):
    deliver(b"a", b"b")
    client, other = connect(), connect()
    client.ok("STORE 1 +FLAGS (\\Flagged)")
    client.ok("STORE 1 -FLAGS (\\Flagged)")
    client.ok("STORE 1 +FLAGS (\\Deleted)")
    assert other.ok("FETCH 2 UID") == [
        "* 2 FETCH (UID 2)",
        "* 1 FETCH (UID 1 FLAGS (\\Deleted))",
    ]
    assert other.ok("NOOP") == []


@pytest.mark.parametrize("flag", ["\\Recent", "\\*", "\\", "a(b", '"a"'])
def test_what_is_no_flag_that_a_client_can_set_is_bad(connect, deliver, flag):
    deliver(b"a")
    assert connect().tagged(f"STORE 1 +FLAGS ({flag})").startswith("BAD")


def test_flags_that_the_mailbox_does_not_keep_are_refused(connect, deliver, inbox, monkeypatch):
    deliver(b"a")
    client = connect()
    assert client.tagged("STORE 1 +FLAGS (\\Extension)").startswith("NO [NOPERM]")
    monkeypatch.setattr(inbox, "permanent_flags", frozenset({"\\Seen", "known"}))
    assert client.tagged("STORE 1 +FLAGS (\\Seen new)") == (
        "NO [NOPERM] Flags that can not be changed here: new"
    )
    assert inbox.messages[1].state.flags == frozenset()
    client.ok("STORE 1 +FLAGS (\\Seen known)")


def test_numbers_beyond_the_mailbox_change_nothing(connect, deliver, inbox):
    deliver(b"a")
    client = connect()
    assert client.tagged("STORE 1:2 +FLAGS (\\Seen)").startswith("BAD")
    assert inbox.messages[1].state.flags == frozenset()
    assert client.ok("UID STORE 2:9 +FLAGS (\\Seen)") == []


def test_examine_lets_nothing_be_stored(connect, deliver, inbox):
    deliver(b"a")
    client = connect(select=None)
    client.ok("EXAMINE INBOX")
    assert client.tagged("UID STORE 1 FLAGS (\\Seen)").startswith("NO [NOPERM]")
    assert inbox.messages[1].state.flags == frozenset()


# ------------------------------------------------------------------- messages that others remove


def test_messages_that_are_gone_are_passed_over_and_keep_their_numbers(connect, deliver, inbox):
    deliver(b"a", b"b", b"c")
    client, other = connect(), connect()
    other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    # RFC 9051 §7.5.1: no EXPUNGE while numbers are in use.
    assert client.do("STORE 1:3 +FLAGS (\\Seen)") == [
        "* 1 FETCH (FLAGS (\\Seen \\Recent))",
        "* 3 FETCH (FLAGS (\\Seen \\Recent))",
        "t OK [EXPUNGEISSUED] Store completed",
    ]
    assert client.ok("NOOP") == ["* 2 EXPUNGE"]


def test_uid_store_may_tell_that_messages_are_gone(connect, deliver):
    deliver(b"a", b"b")
    client, other = connect(), connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.do("UID STORE 1:2 +FLAGS.SILENT (\\Seen)") == [
        "* 1 EXPUNGE",
        "t OK Store completed",
    ]


# --------------------------------------------------------------------------------- mod-sequences


def test_unchanged_since_leaves_alone_what_has_changed(connect, deliver, inbox):
    deliver(b"a", b"b", b"c")  # mod-sequences 2, 3, 4
    client, other = connect(), connect()
    other.ok("STORE 2 +FLAGS.SILENT (\\Flagged)")  # 5
    lines = client.do("STORE 1:3 (UNCHANGEDSINCE 4) +FLAGS (\\Seen)")
    assert lines[-1].startswith("t OK [MODIFIED 2] ")
    assert "* 1 FETCH (UID 1 FLAGS (\\Seen \\Recent) MODSEQ (6))" in lines
    assert "* 3 FETCH (UID 3 FLAGS (\\Seen \\Recent) MODSEQ (6))" in lines
    # What the other one did to the second is told as well, once.
    assert lines.count("* 2 FETCH (UID 2 FLAGS (\\Flagged \\Recent) MODSEQ (5))") == 1
    assert inbox.messages[2].state.flags == {"\\Flagged"}
    assert client.ok("NOOP") == []


def test_modified_names_uids_after_uid_store(connect, deliver):
    deliver(b"a", b"b", b"c", b"d")
    client = connect()
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    client.ok("EXPUNGE")
    by_uid = client.tagged("UID STORE 1:* (UNCHANGEDSINCE 1) +FLAGS (\\Seen)")
    assert by_uid.startswith("OK [MODIFIED 2:4] ")
    by_number = client.tagged("STORE 1:3 (UNCHANGEDSINCE 1) +FLAGS (\\Seen)")
    assert by_number.startswith("OK [MODIFIED 1:3] ")


def test_unchanged_since_0_never_changes_anything(connect, deliver, inbox):
    deliver(b"a")
    answer = connect().tagged("STORE 1 (UNCHANGEDSINCE 0) +FLAGS (\\Seen)")
    assert answer.startswith("OK [MODIFIED 1]")
    assert inbox.messages[1].state.flags == frozenset()


def test_the_new_mod_sequence_is_told_even_in_silence(connect, deliver):
    # RFC 7162 §3.1.3
    deliver(b"a")
    client = connect()
    assert client.ok("UID STORE 1 (UNCHANGEDSINCE 2) +FLAGS.SILENT (\\Seen)") == [
        "* 1 FETCH (UID 1 MODSEQ (3))"
    ]
    assert client.ok("STORE 1 -FLAGS.SILENT (\\Seen)") == ["* 1 FETCH (UID 1 MODSEQ (4))"]


def test_each_change_has_a_higher_mod_sequence(connect, deliver):
    deliver(b"a", b"b")
    client = connect()
    highest = 0
    for command in ("STORE 1 +FLAGS (a)", "STORE 2 +FLAGS (a)", "STORE 1:2 -FLAGS (a)"):
        client.ok(command)
        (line,) = client.ok("STATUS INBOX (HIGHESTMODSEQ)")
        before, highest = highest, int(line.rstrip(")").rsplit(" ", 1)[1])
        assert highest > before
