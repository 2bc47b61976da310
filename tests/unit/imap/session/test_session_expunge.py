"""EXPUNGE, UID EXPUNGE and CLOSE: what vanishes, and when clients may be told (RFC 9051 §7.5.1)."""

from __future__ import annotations

import pytest

from mailcore.backend import NotPermitted
from mailcore.imap.session import Shared
from mailcore.limits import Limits


def test_only_what_is_marked_vanishes_from_the_last_to_the_first(connect, deliver, inbox):
    deliver(b"a", b"b", b"c", b"d")
    client = connect()
    client.ok("STORE 1:2,4 +FLAGS.SILENT (\\Deleted)")
    assert client.ok("EXPUNGE") == ["* 4 EXPUNGE", "* 2 EXPUNGE", "* 1 EXPUNGE"]
    assert set(inbox.messages) == {3}
    assert client.ok("FETCH 1:* UID") == ["* 1 FETCH (UID 3)"]
    assert client.ok("EXPUNGE") == []


def test_uid_expunge_is_for_the_marked_among_these(connect, deliver, inbox):
    # RFC 4315 §2.1
    deliver(b"a", b"b", b"c", b"d")
    client = connect()
    client.ok("STORE 1:3 +FLAGS.SILENT (\\Deleted)")
    assert client.ok("UID EXPUNGE 2:4,9") == ["* 3 EXPUNGE", "* 2 EXPUNGE"]
    assert set(inbox.messages) == {1, 4}
    assert client.ok("UID EXPUNGE 4") == []


def test_messages_that_the_client_has_not_been_told_of_stay(connect, deliver, inbox):
    deliver(b"a")
    client, other = connect(), connect()
    deliver(b"b")
    other.ok("NOOP")
    other.ok("STORE 1:2 +FLAGS.SILENT (\\Deleted)")
    assert client.ok("EXPUNGE") == ["* 1 EXPUNGE", "* 1 EXISTS"]
    assert set(inbox.messages) == {2}


def test_a_mark_that_another_took_away_counts_no_more(connect, deliver, inbox):
    deliver(b"a")
    client, other = connect(), connect()
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("STORE 1 -FLAGS.SILENT (\\Deleted)")
    assert client.ok("EXPUNGE") == ["* 1 FETCH (UID 1 FLAGS (\\Recent))"]
    assert set(inbox.messages) == {1}


@pytest.mark.parametrize(
    "command",
    ["FETCH 1:2 FLAGS", "STORE 2 +FLAGS (\\Seen)", "SEARCH ALL", "SEARCH RETURN (COUNT) 1:2"],
)
def test_nobody_is_told_while_numbers_are_in_use(connect, deliver, command):
    deliver(b"a", b"b", b"c")
    client, other = connect(), connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert not any("EXPUNGE" in line for line in client.ok(command))
    assert not any("EXPUNGE" in line for line in client.ok(command))
    assert client.ok("NOOP")[0] == "* 1 EXPUNGE"
    assert client.ok("FETCH 1 UID") == ["* 1 FETCH (UID 2)"]


@pytest.mark.parametrize(
    "command",
    ["NOOP", "CHECK", "UID SEARCH ALL", "UID FETCH 2 UID", "EXPUNGE", "STATUS Sent (UNSEEN)"],
)
def test_others_are_told_by_any_other_command(connect, deliver, command):
    deliver(b"a", b"b")
    client, other = connect(), connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert "* 1 EXPUNGE" in client.ok(command)
    assert client.ok("NOOP") == []


def test_what_came_and_went_unseen_is_not_told(connect, deliver):
    deliver(b"a")
    client, other = connect(), connect()
    deliver(b"b")
    other.ok("NOOP")
    other.ok("STORE 2 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    assert client.ok("NOOP") == []


def test_a_client_far_behind_is_told_by_comparing(connect, deliver):
    deliver(*[b"x"] * 6)
    shared = Shared(Limits(queued_changes=2))
    client, other = connect(shared=shared), connect(shared=shared)
    other.ok("STORE 2:3 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    other.ok("STORE 1 +FLAGS.SILENT (\\Flagged)")
    for _ in range(4):
        other.ok("STORE 4 +FLAGS.SILENT (\\Seen)")
        other.ok("STORE 4 -FLAGS.SILENT (\\Seen)")
    deliver(b"y")
    assert client.session.view.snapshot.log_since(client.session.view._position) is None
    assert client.ok("NOOP") == [
        "* 3 EXPUNGE",
        "* 2 EXPUNGE",
        "* 5 EXISTS",
        "* 5 RECENT",
        "* 1 FETCH (UID 1 FLAGS (\\Flagged \\Recent))",
        "* 4 FETCH (UID 6 FLAGS (\\Recent))",
    ]


def test_examine_lets_nothing_vanish(connect, deliver, inbox):
    deliver(b"a")
    connect().ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    client = connect(select=None)
    client.ok("EXAMINE INBOX")
    for command in ("EXPUNGE", "UID EXPUNGE 1"):
        assert client.tagged(command).startswith("NO [NOPERM]")
    client.ok("CLOSE")
    assert set(inbox.messages) == {1}


def test_close_ends_even_where_the_mailbox_keeps_its_messages(connect, deliver, inbox, monkeypatch):
    async def expunge(uids):
        raise NotPermitted

    deliver(b"a")
    client = connect()
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    monkeypatch.setattr(inbox, "expunge", expunge)
    assert client.ok("CLOSE") == []
    assert client.tagged("FETCH 1 FLAGS").startswith("BAD")
    assert set(inbox.messages) == {1}


def test_close_of_a_mailbox_without_marks_asks_for_nothing(connect, deliver, inbox, monkeypatch):
    asked = []

    async def expunge(uids):
        asked.append(uids)

    deliver(b"a")
    client = connect()
    monkeypatch.setattr(inbox, "expunge", expunge)
    client.ok("CLOSE")
    assert asked == []
