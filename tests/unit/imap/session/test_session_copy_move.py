"""COPY and MOVE, and the COPYUID that they answer with (RFC 4315, RFC 6851)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.backend import Copied
from mailcore.imap.session.copy import copy_uid, in_order
from mailcore.testing import new_message, run


@pytest.fixture
def trash(backend):
    return backend.users["alice@example.test"].open("Trash")


@pytest.mark.parametrize(
    ("uids", "text"),
    [
        ([4], "4"),
        ([4, 5, 6], "4:6"),
        ([1, 2, 7, 9, 10], "1:2,7,9:10"),
        # The source and the target of a copy run in step, whatever that looks like.
        ([9, 3, 4, 2], "9,3:4,2"),
    ],
)
def test_uids_keep_their_order(uids, text):
    assert in_order(uids) == text


def test_copyuid_is_left_out_where_nothing_was_copied():
    assert copy_uid(Copied(7)) is None
    code = copy_uid(Copied(7, [1, 3], [10, 11]))
    assert (code.name, code.argument) == ("COPYUID", "7 1,3 10:11")


def test_copy_takes_flags_and_date_along(connect, inbox, trash):
    moment = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    run(inbox.append([new_message(b"a", frozenset({"\\Seen", "todo"}), moment)]))
    client = connect()
    assert client.do("COPY 1 Trash") == [f"t OK [COPYUID {trash.uid_validity} 1 1] Copy completed"]
    state = trash.messages[1].state
    assert (state.flags, state.internal_date) == ({"\\Seen", "todo"}, moment)
    assert set(inbox.messages) == {1}


def test_uid_copy_passes_over_what_there_is_not(connect, deliver, trash):
    deliver(b"a", b"b", b"c")
    client = connect()
    assert client.tagged("UID COPY 2:3,9 Trash").startswith(
        f"OK [COPYUID {trash.uid_validity} 2:3 1:2]"
    )
    assert client.tagged("UID COPY 9 Trash") == "OK Copy completed"
    assert client.tagged("COPY 4 Trash").startswith("BAD")
    assert len(trash.messages) == 2


def test_copy_of_what_another_has_removed(connect, deliver, trash):
    deliver(b"a", b"b")
    client, other = connect(), connect()
    other.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    other.ok("EXPUNGE")
    answer = client.do("COPY 1:2 Trash")[-1]
    assert answer == f"t OK [COPYUID {trash.uid_validity} 2 1] Copy completed"


@pytest.mark.parametrize("command", ["COPY", "MOVE"])
def test_a_target_that_is_missing_may_be_created(connect, deliver, inbox, command):
    deliver(b"a")
    client = connect()
    assert client.tagged(f"{command} 1 nowhere").startswith("NO [TRYCREATE]")
    assert set(inbox.messages) == {1}
    client.ok("CREATE nowhere")
    client.ok(f"{command} 1 nowhere")


def test_copy_into_the_selected_mailbox_tells_of_the_copies(connect, deliver):
    deliver(b"a")
    client = connect()
    assert client.do("COPY 1 INBOX") == [
        "* 2 EXISTS",
        "* 2 RECENT",
        "t OK [COPYUID 1 1 2] Copy completed",
    ]


def test_copy_out_of_a_mailbox_opened_read_only(connect, deliver, trash):
    deliver(b"a")
    client = connect(select=None)
    client.ok("EXAMINE INBOX")
    client.ok("COPY 1 Trash")
    assert len(trash.messages) == 1


def test_move_tells_where_to_before_the_messages_vanish(connect, deliver, inbox, trash):
    # RFC 6851 §4.3
    deliver(b"a", b"b", b"c", b"d")
    client = connect()
    assert client.do("MOVE 1,3:4 Trash") == [
        f"* OK [COPYUID {trash.uid_validity} 1,3:4 1:3] Moved",
        "* 4 EXPUNGE",
        "* 3 EXPUNGE",
        "* 1 EXPUNGE",
        "t OK Move completed",
    ]
    assert (set(inbox.messages), set(trash.messages)) == ({2}, {1, 2, 3})
    assert client.ok("FETCH 1 UID") == ["* 1 FETCH (UID 2)"]


def test_uid_move_of_nothing(connect, deliver, trash):
    deliver(b"a")
    client = connect()
    assert client.do("UID MOVE 5:9 Trash") == ["t OK Move completed"]
    assert client.tagged("MOVE 2 Trash").startswith("BAD")
    assert trash.messages == {}


def test_move_within_the_mailbox_gives_new_uids(connect, deliver, inbox):
    deliver(b"a", b"b")
    client = connect()
    assert client.do("UID MOVE 1 INBOX") == [
        "* OK [COPYUID 1 1 3] Moved",
        "* 1 EXPUNGE",
        "* 2 EXISTS",
        "* 2 RECENT",
        "t OK Move completed",
    ]
    assert client.ok("FETCH 1:2 UID") == ["* 1 FETCH (UID 2)", "* 2 FETCH (UID 3)"]


def test_others_see_messages_come_and_go(connect, deliver):
    deliver(b"a", b"b")
    client, source, target = connect(), connect(), connect(select="Trash")
    client.ok("MOVE 1 Trash")
    assert source.ok("NOOP") == ["* 1 EXPUNGE"]
    assert target.ok("NOOP") == ["* 1 EXISTS", "* 1 RECENT"]


def test_examine_lets_nothing_be_moved(connect, deliver, inbox, trash):
    deliver(b"a")
    client = connect(select=None)
    client.ok("EXAMINE INBOX")
    assert client.tagged("UID MOVE 1 Trash").startswith("NO [NOPERM]")
    assert (set(inbox.messages), trash.messages) == ({1}, {})
