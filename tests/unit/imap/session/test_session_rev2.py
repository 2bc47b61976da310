"""IMAP4rev2 after ENABLE, IMAP4rev1 without it, and UTF8=ACCEPT (RFC 9051 appendix E, RFC 6855)."""

from __future__ import annotations

import pytest

from mailcore.imap.session.capability_table import CAPABILITIES


@pytest.fixture
def rev2(connect):
    """Make a client that has enabled IMAP4rev2."""

    def new_client(select: str | None = "INBOX"):
        client = connect(select=None)
        if client.ok("ENABLE IMAP4rev2") == ["* ENABLED"]:
            # It is only offered where every part of it is there; what it changes is tested anyway.
            client.session.connection.enabled.add("IMAP4REV2")
        if select is not None:
            client.ok(f"SELECT {select}")
        return client

    return new_client


def test_both_are_told_before_and_after_login(connect) -> None:
    for client in (connect(login=False), connect()):
        (line,) = client.ok("CAPABILITY")
        names = line.split()
        assert "IMAP4rev1" in names
        if any(row.name == "BINARY" for row in CAPABILITIES):
            assert "IMAP4rev2" in names


def test_select_tells_the_name_and_neither_recent_nor_unseen(rev2, deliver) -> None:
    deliver(b"a", b"b")
    lines = rev2(select=None).ok("SELECT inbox")
    assert lines[:3] == [
        "* FLAGS (\\Answered \\Flagged \\Deleted \\Seen \\Draft)",
        "* 2 EXISTS",
        '* LIST () "/" INBOX',
    ]
    assert not [line for line in lines if "RECENT" in line or "UNSEEN" in line]


def test_examine_and_reselect(rev2) -> None:
    lines = rev2().ok("EXAMINE Sent")
    assert lines[0] == "* OK [CLOSED] Previous mailbox is closed"
    assert '* LIST () "/" Sent' in lines


def test_no_message_is_recent_and_none_is_claimed(rev2, connect, deliver) -> None:
    client = rev2()
    deliver(b"a")
    assert client.ok("NOOP") == ["* 1 EXISTS"]
    assert client.ok("FETCH 1 FLAGS") == ["* 1 FETCH (FLAGS ())"]
    assert client.ok("SEARCH RECENT") == ['* ESEARCH (TAG "t")']
    # It is for a client of IMAP4rev1 to be told so.
    assert "* 1 RECENT" in connect(select=None).ok("SELECT INBOX")


@pytest.mark.parametrize(
    ("command", "answer"),
    [
        ("SEARCH ALL", '* ESEARCH (TAG "t") ALL 1:2'),
        ("UID SEARCH ALL", '* ESEARCH (TAG "t") UID ALL 1:2'),
        ("SEARCH SEEN", '* ESEARCH (TAG "t")'),
        ("SEARCH RETURN (COUNT) ALL", '* ESEARCH (TAG "t") COUNT 2'),
    ],
)
def test_search_is_answered_by_esearch(rev2, deliver, command, answer) -> None:
    deliver(b"a", b"b")
    assert rev2().ok(command) == [answer]


def test_names_are_utf8_both_ways(rev2, connect, backend) -> None:
    client = rev2()
    client.ok('CREATE "Entwürfe & Co"')
    assert "Entwürfe & Co" in backend.users["alice@example.test"].mailboxes
    assert client.ok('LIST "" "Entw*"') == ['* LIST (\\HasNoChildren) "/" "Entwürfe & Co"']
    assert '* LIST () "/" "Entwürfe & Co"' in client.ok('SELECT "Entwürfe & Co"')
    (line,) = client.ok('STATUS "Entwürfe & Co" (MESSAGES)')
    assert line == '* STATUS "Entwürfe & Co" (MESSAGES 0)'
    # "&AOQ-" is a name like any other; to a client of IMAP4rev1 it has another spelling.
    client.ok("CREATE &AOQ-")
    old = connect()
    assert old.ok('LIST "" "&-*"') == ['* LIST (\\HasNoChildren) "/" &-AOQ-']
    assert old.ok('LIST "" "Entw*"') == ['* LIST (\\HasNoChildren) "/" "Entw&APw-rfe &- Co"']


def test_what_a_store_changes_is_told_with_the_uid(rev2, deliver) -> None:
    deliver(b"a")
    client = rev2()
    (line,) = client.ok("STORE 1 +FLAGS ($Forwarded $MDNSent $Junk $NotJunk $Phishing)")
    flags = "$Forwarded $Junk $MDNSent $NotJunk $Phishing"
    assert line == f"* 1 FETCH (UID 1 FLAGS ({flags}))"


def test_what_is_obsolete_does_no_harm(rev2, deliver) -> None:
    deliver(b"Subject: x\r\n\r\ntext")
    client = rev2()
    assert client.ok("CHECK") == []
    assert '* LSUB () "/" INBOX' in client.ok('LSUB "" *')
    assert client.ok("STATUS INBOX (RECENT)") == ["* STATUS INBOX (RECENT 1)"]
    assert client.tagged("FETCH 1 RFC822.TEXT").startswith("OK")


def test_utf8_accept_makes_names_utf8_and_nothing_else(connect, deliver) -> None:
    deliver(b"a")
    client = connect(select=None)
    assert client.ok("ENABLE UTF8=ACCEPT") == ["* ENABLED UTF8=ACCEPT"]
    assert "* 1 RECENT" in client.ok("SELECT INBOX")
    client.ok('CREATE "Entwürfe"')
    assert client.ok('LIST "" Entw*') == ['* LIST (\\HasNoChildren) "/" "Entwürfe"']
    assert client.ok("SEARCH ALL") == ["* SEARCH 1"]


def test_after_utf8_accept_charset_is_not_for_search(connect, deliver) -> None:
    """RFC 6855 §3. CHARSET UTF-8 says what holds in any case."""
    deliver(b"Subject: x\r\n\r\n")
    client = connect()
    assert client.ok("SEARCH CHARSET ISO-8859-1 SUBJECT x") == ["* SEARCH 1"]
    client.ok("ENABLE UTF8=ACCEPT")
    assert client.ok("SEARCH CHARSET UTF-8 SUBJECT x") == ["* SEARCH 1"]
    assert client.tagged("SEARCH CHARSET ISO-8859-1 SUBJECT x").startswith("BAD")


def test_thunderbird_appends_with_utf8(connect, inbox) -> None:
    """clients.md row 4: ``UTF8 (~{n}`` when UTF8=ACCEPT is on, and BAD before."""
    data = "Subject: Grüße\r\n\r\nö\r\n".encode()
    append = b"t APPEND INBOX (\\Seen) UTF8 (~{%d+}\r\n%b)\r\n" % (len(data), data)
    client = connect()
    assert client.say(append).startswith(b"t BAD")
    assert client.tagged("NOOP").startswith("OK")
    client.ok("ENABLE UTF8=ACCEPT")
    assert b"t OK [APPENDUID" in client.say(append)
    waiting = client.say(b"t APPEND INBOX UTF8 (~{%d}\r\n" % len(data))
    assert waiting == b"+ Ready\r\n"
    assert b"t OK [APPENDUID" in client.say(data + b")\r\n")
    assert [message.data for message in inbox.messages.values()] == [data, data]


def test_an_append_with_utf8_that_does_not_end_is_bad_and_stores_nothing(connect, inbox) -> None:
    client = connect()
    client.ok("ENABLE UTF8=ACCEPT")
    assert b"t BAD" in client.say(b"t APPEND INBOX UTF8 (~{1+}\r\nx\r\n")
    assert not inbox.messages
    assert client.tagged("NOOP").startswith("OK")
