"""SELECT, EXAMINE, STATUS, and what mod-sequences add to them."""

from __future__ import annotations

from mailcore.backend import MessageState, all_messages


class ReadOnly:
    """The least that a mailbox can be: two methods."""

    id = "read-only"
    uid_validity = 7

    def __init__(self, *messages: bytes) -> None:
        self.data = messages

    async def changes(self, since):
        return all_messages(MessageState(uid) for uid in range(1, len(self.data) + 1))

    async def read(self, uid, start, end):
        return self.data[uid - 1][start:end]


def test_select_says_all_that_the_rfc_asks_for(connect, deliver):
    deliver(b"a", b"b")
    client = connect(select=None)
    *lines, tagged = client.do("SELECT INBOX")
    assert lines[:3] == [
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
        "* 2 EXISTS",
        "* 2 RECENT",
    ]
    codes = [line.split("]")[0] for line in lines[3:]]
    assert codes == [
        "* OK [UNSEEN 1",
        "* OK [PERMANENTFLAGS (\\Answered \\Deleted \\Draft \\Flagged \\Seen \\*)",
        "* OK [UIDVALIDITY 1",
        "* OK [UIDNEXT 3",
        "* OK [MAILBOXID (mailbox-1)",
        "* OK [HIGHESTMODSEQ 3",
    ]
    assert tagged.startswith("t OK [READ-WRITE]")


def test_examine_changes_nothing(connect, deliver):
    deliver(b"a")
    client = connect(select=None)
    *lines, tagged = client.do("EXAMINE INBOX")
    assert tagged.startswith("t OK [READ-ONLY]")
    assert "* OK [PERMANENTFLAGS ()] Flags that can be changed for good" in lines
    client.ok("FETCH 1 BODY[]")
    assert client.ok("FETCH 1 FLAGS") == ["* 1 FETCH (FLAGS (\\Recent))"]
    for command in ("STORE 1 +FLAGS \\Seen", "EXPUNGE", "MOVE 1 Trash"):
        assert client.tagged(command).startswith("NO [NOPERM]")
    # It is still recent for the next one.
    assert "* 1 RECENT" in connect(select=None).ok("SELECT INBOX")


def test_recent_is_told_to_one_session_only(connect, deliver):
    deliver(b"a")
    first, second = connect(select=None), connect(select=None)
    assert "* 1 RECENT" in first.ok("SELECT INBOX")
    assert "* 0 RECENT" in second.ok("SELECT INBOX")
    deliver(b"b")
    assert first.ok("NOOP") == ["* 2 EXISTS", "* 2 RECENT"]
    assert second.ok("NOOP") == ["* 2 EXISTS"]
    assert first.ok("STATUS INBOX (RECENT)") == ["* STATUS INBOX (RECENT 0)"]


def test_recent_counts_all_that_came_to_this_session_one_by_one(connect, deliver):
    first, second = connect(), connect()
    for number in (1, 2):
        deliver(b"first")
        assert first.ok("NOOP") == [f"* {number} EXISTS", f"* {number} RECENT"]
    deliver(b"second")
    assert second.ok("NOOP") == ["* 3 EXISTS", "* 1 RECENT"]
    assert first.ok("NOOP") == ["* 3 EXISTS"]
    deliver(b"first")
    assert first.ok("NOOP") == ["* 4 EXISTS", "* 3 RECENT"]
    recent = "(FLAGS (\\Recent))"
    assert first.ok("FETCH 1:* FLAGS") == [
        f"* 1 FETCH {recent}",
        f"* 2 FETCH {recent}",
        "* 3 FETCH (FLAGS ())",
        f"* 4 FETCH {recent}",
    ]


def test_recent_is_remembered_when_nobody_has_the_mailbox_open(connect, deliver):
    deliver(b"a")
    connect().close()
    assert "* 0 RECENT" in connect(select=None).ok("SELECT INBOX")


def test_a_failed_select_leaves_nothing_selected(connect, deliver):
    deliver(b"a")
    client = connect()
    assert client.do("SELECT nowhere") == [
        "* OK [CLOSED] Previous mailbox is closed",
        "t NO [NONEXISTENT] No such mailbox",
    ]
    assert client.tagged("FETCH 1 FLAGS").startswith("BAD")


def test_close_expunges_in_silence_and_unselect_does_not(connect, deliver, inbox):
    deliver(b"a", b"b")
    client = connect()
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    client.ok("UNSELECT")
    assert set(inbox.messages) == {1, 2}
    client.ok("SELECT INBOX")
    assert client.ok("CLOSE") == []
    assert set(inbox.messages) == {2}
    assert client.tagged("NOOP") == "OK Noop completed"


def test_a_mailbox_of_two_methods_is_read_only_and_knows_its_sizes(connect, one_mailbox):
    mailbox = ReadOnly(b"Subject: one\r\n\r\nhello", b"x" * 200_000)
    client = connect(select=None, over=one_mailbox(mailbox))
    assert client.do("SELECT INBOX")[-1].startswith("t OK [READ-ONLY]")
    assert client.ok("FETCH 1:2 RFC822.SIZE") == [
        "* 1 FETCH (RFC822.SIZE 21)",
        "* 2 FETCH (RFC822.SIZE 200000)",
    ]
    assert client.ok("STATUS INBOX (SIZE)") == ["* STATUS INBOX (SIZE 200021)"]
    assert client.tagged("STORE 1 +FLAGS (\\Seen)").startswith("NO [NOPERM]")
    assert client.tagged("COPY 1 Sent").startswith("NO [CANNOT]")
    assert client.tagged("APPEND INBOX {1}").startswith("NO [CANNOT]")


def test_status(connect, deliver):
    deliver(b"12345", b"678")
    client = connect()
    client.ok("STORE 1 +FLAGS (\\Seen \\Deleted)")
    (line,) = client.ok("STATUS INBOX (MESSAGES UIDNEXT UIDVALIDITY UNSEEN DELETED SIZE)")
    assert line == "* STATUS INBOX (MESSAGES 2 UIDNEXT 3 UIDVALIDITY 1 UNSEEN 1 DELETED 1 SIZE 8)"
    (line,) = client.ok("STATUS INBOX (APPENDLIMIT)")
    assert line == "* STATUS INBOX (APPENDLIMIT 52428800)"
    assert client.tagged("STATUS nowhere (MESSAGES)").startswith("NO [NONEXISTENT]")


def test_every_way_to_show_that_one_knows_mod_sequences(connect, deliver):
    # RFC 7162 §3.1
    deliver(b"a")
    for command in (
        "ENABLE CONDSTORE",
        "STATUS INBOX (HIGHESTMODSEQ)",
        "SELECT INBOX (CONDSTORE)",
        "FETCH 1 (MODSEQ)",
        "FETCH 1 (FLAGS) (CHANGEDSINCE 1)",
        "STORE 1 (UNCHANGEDSINCE 99) +FLAGS (\\Seen)",
        "SEARCH MODSEQ 1",
    ):
        client = connect()
        assert "MODSEQ" not in client.ok("FETCH 1 FLAGS")[0]
        client.ok(command)
        assert "MODSEQ" in client.ok("FETCH 1 FLAGS")[0], command


def test_the_mailbox_replaced_by_another_ends_the_session(connect, deliver, inbox):
    deliver(b"a")
    client = connect()
    inbox.uid_validity += 1
    output = client.say(b"a NOOP\r\n")
    assert b"* BYE" in output
    assert client.closed
