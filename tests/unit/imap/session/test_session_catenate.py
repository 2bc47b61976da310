"""CATENATE (RFC 4469): messages that are put together of what is here already."""

from __future__ import annotations

import pytest

from mailcore.backend import NotPermitted, Unavailable
from mailcore.limits import Limits
from mailcore.spool import Content

HEADER = b"From: a@b\r\nSubject: parts\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
FIRST = b"one\r\n"
SECOND = b"Q\r\n" * 40_000
MESSAGE = (
    HEADER
    + b"--x\r\nContent-Type: text/plain\r\n\r\n"
    + FIRST
    + b"\r\n--x\r\nContent-Type: text/x\r\n\r\n"
    + SECOND
    + b"\r\n--x--\r\n"
)


@pytest.fixture
def drafts(backend):
    return backend.users["alice@example.test"].mailboxes["Drafts"]


@pytest.fixture
def client(connect, deliver):
    deliver(MESSAGE)
    return connect(select=None)


def data_of(mailbox) -> list[bytes]:
    return [one.data for one in mailbox.messages.values()]


def test_header_parts_and_text(client, drafts, inbox):
    # RFC 4469, example 1
    before = inbox.messages[1].state
    output = client.say(
        b'a APPEND Drafts (\\Draft) CATENATE (URL "/INBOX;UIDVALIDITY=1/;UID=1/;section=HEADER" '
        b"TEXT {7}\r\n"
    )
    assert output == b"+ Ready\r\n"
    output = client.say(
        b'--x\r\n\r\n URL "/INBOX/;UID=1/;section=1.MIME" URL /INBOX/;UID=1/;section=2 TEXT {3}\r\n'
    )
    assert output == b"+ Ready\r\n"
    assert client.say(b"end)\r\n") == b"a OK [APPENDUID 3 1] APPEND completed\r\n"
    assert data_of(drafts) == [
        HEADER + b"--x\r\n\r\n" + b"Content-Type: text/plain\r\n\r\n" + SECOND + b"end"
    ]
    assert drafts.messages[1].state.flags == {"\\Draft"}
    # RFC 4469 §3: \Seen is not set by it.
    assert inbox.messages[1].state == before


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/INBOX/;UID=1", MESSAGE),
        ("INBOX/;UID=1", MESSAGE),
        ("/inbox/;uid=1/;section=TEXT", MESSAGE[len(HEADER) :]),
        ("/INBOX/;UID=1/;PARTIAL=0.7", MESSAGE[:7]),
        ("/INBOX/;UID=1/;SECTION=2/;PARTIAL=2.70000", SECOND[2:70002]),
        ("/INBOX/;UID=1/;SECTION=2/;PARTIAL=119990", SECOND[119990:]),
        ("/INBOX/;UID=1/;SECTION=1/;PARTIAL=99.5", b""),
        ("/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)", b"Subject: parts\r\n\r\n"),
        ("/INBOX/;UID=1/;SECTION=HEADER.FIELDS%20(Subject)/;PARTIAL=9", b"parts\r\n\r\n"),
        (
            "/INBOX/;UID=1/;SECTION=HEADER.FIELDS.NOT%20(From%20Subject)/;PARTIAL=0.12",
            b"Content-Type",
        ),
    ],
)
def test_what_urls_name(client, drafts, url, expected):
    assert client.tagged(f'APPEND Drafts CATENATE (URL "{url}")').startswith("OK [APPENDUID 3 1]")
    assert data_of(drafts) == [expected]


def test_in_a_mailbox_urls_may_leave_out_its_name(connect, deliver, drafts):
    deliver(MESSAGE)
    client = connect()
    client.ok("APPEND Drafts CATENATE (URL ;UID=1/;SECTION=1)")
    assert data_of(drafts) == [FIRST]


def test_among_other_messages(client, drafts):
    output = client.say(
        b"a APPEND Drafts CATENATE (TEXT {1+}\r\nx URL /INBOX/;UID=1/;SECTION=1) {3+}\r\nabc"
        b" (\\Seen) CATENATE (URL /INBOX/;UID=1/;SECTION=1)\r\n"
    )
    assert output == b"a OK [APPENDUID 3 1:3] APPEND completed\r\n"
    assert data_of(drafts) == [b"x" + FIRST, b"abc", FIRST]
    assert drafts.messages[3].state.flags == {"\\Seen"}


def test_replace_takes_parts(connect, deliver, inbox):
    # RFC 8508 §4.2
    deliver(MESSAGE)
    output = connect().say(
        b"a UID REPLACE 1 INBOX CATENATE (TEXT {6+}\r\nTo: x\n URL /INBOX/;UID=1/;SECTION=1)\r\n"
    )
    assert output.startswith(b"* OK [APPENDUID 1 2]")
    assert output.endswith(b"a OK Replace completed\r\n")
    assert data_of(inbox) == [b"To: x\n" + FIRST]


@pytest.mark.parametrize(
    ("url", "told"),
    [
        ("/INBOX/;UID=9", "/INBOX/;UID=9"),
        ("/INBOX;UIDVALIDITY=7/;UID=1", "/INBOX;UIDVALIDITY=7/;UID=1"),
        ("/INBOX/;UID=1/;SECTION=3", "/INBOX/;UID=1/;SECTION=3"),
        ("/nowhere/;UID=1", "/nowhere/;UID=1"),
        ("/INBOX", "/INBOX"),
        (";UID=1", ";UID=1"),
        ("no ]\\url é", "no%20%5D\\url%20%C3%A9"),
        ("//host/INBOX/;UID=1", "//host/INBOX/;UID=1"),
        ("imap://host/INBOX/;UID=1", "imap://host/INBOX/;UID=1"),
        ("/INBOX/;UID=1;URLAUTH=anonymous", "/INBOX/;UID=1;URLAUTH=anonymous"),
    ],
)
def test_a_url_that_names_nothing_stores_nothing(client, drafts, url, told):
    command = f"a APPEND Drafts CATENATE (TEXT {{1+}}\r\nx URL {{{len(url.encode())}+}}\r\n{url} "
    # What is still to come is dropped, and what the client asks about is not welcome any more.
    output = client.say(command.encode() + b"URL /x TEXT {3+}\r\nabc TEXT {99}\r\nb NOOP\r\n")
    answer, following = output.splitlines()
    assert answer.startswith(f"a NO [BADURL {told}] ".encode())
    assert following == b"b OK Noop completed"
    assert client.session.append is None
    assert data_of(drafts) == []


def test_a_url_is_judged_before_what_follows_it_comes(client):
    output = client.say(b"a APPEND Drafts CATENATE (URL /INBOX/;UID=9 TEXT {5}\r\n")
    assert output == b"a NO [BADURL /INBOX/;UID=9] There is no such message\r\n"
    assert client.tagged("NOOP").startswith("OK")


@pytest.mark.parametrize("error", [KeyError, NotPermitted])
def test_a_message_that_vanishes_meanwhile(client, inbox, drafts, monkeypatch, error):
    async def read(uid, start, end):
        raise KeyError(uid)

    async def open_mailbox(self, name):
        if name == "INBOX":
            raise NotPermitted
        return drafts

    if error is KeyError:
        monkeypatch.setattr(inbox, "read", read)
    else:
        monkeypatch.setattr(type(client.session.account), "open", open_mailbox)
    assert client.tagged("APPEND Drafts CATENATE (URL /INBOX/;UID=1)").startswith("NO [BADURL ")
    assert data_of(drafts) == []


@pytest.mark.parametrize(
    "parts", [b"URL /INBOX/;UID=1 URL /INBOX/;UID=1", b"URL /INBOX/;UID=1 TEXT {100000+}\r\n"]
)
def test_the_parts_together_are_bounded(connect, deliver, drafts, parts):
    deliver(MESSAGE)
    client = connect(select=None, limits=Limits(message_size=len(MESSAGE) + 99_999))
    output = client.say(b"a APPEND Drafts CATENATE (" + parts + b"x" * 100_000 * (b"{" in parts))
    output += client.say(b")\r\nb NOOP\r\n")
    assert output == b"a NO [TOOBIG] Message too big\r\nb OK Noop completed\r\n"
    assert client.session.append is None
    assert data_of(drafts) == []


def test_parts_are_counted(connect, deliver, drafts):
    deliver(MESSAGE)
    client = connect(select=None, limits=Limits(catenate_parts=3))
    three = "URL /INBOX/;UID=1/;SECTION=1 " * 3
    client.ok(f"APPEND Drafts CATENATE ({three.strip()})")
    assert client.tagged(f"APPEND Drafts CATENATE ({three}URL /x)") == "BAD Too many parts"
    assert data_of(drafts) == [FIRST * 3]


@pytest.mark.parametrize("failure", ["backend", "disk", "bug"])
def test_failures_leave_nothing_behind(client, inbox, drafts, monkeypatch, failure):
    error = {"backend": Unavailable(), "disk": OSError(28, "full"), "bug": RuntimeError()}[failure]

    def fail(*arguments):
        raise error

    monkeypatch.setattr(*((Content, "write") if failure == "disk" else (inbox, "read")), fail)
    code = "SERVERBUG" if failure == "bug" else "UNAVAILABLE"
    answer = client.tagged("APPEND Drafts CATENATE (URL /INBOX/;UID=1)")
    assert answer.startswith(f"NO [{code}]")
    assert client.session.append is None
    monkeypatch.undo()
    client.ok("APPEND Drafts CATENATE (URL /INBOX/;UID=1/;SECTION=1)")
    assert data_of(drafts) == [FIRST]


def test_a_missing_mailbox_is_told_before_urls_are_looked_at(client):
    assert client.tagged("APPEND nowhere CATENATE (URL /x)").startswith("NO [TRYCREATE]")
    assert client.tagged("NOOP").startswith("OK")


def test_utf8_parts_once_enabled(client, drafts):
    line = b"a APPEND Drafts CATENATE (UTF8 (~{3+}\r\n\xc3\xa4!) TEXT {1+}\r\nx)\r\n"
    assert b"a BAD" in client.say(line)
    client.ok("ENABLE UTF8=ACCEPT")
    assert client.say(line).startswith(b"a OK")
    assert data_of(drafts) == [b"\xc3\xa4!x"]


def test_capabilities_can_be_turned_off(connect, deliver):
    deliver(MESSAGE)
    client = connect(disabled=["URL-PARTIAL"])
    client.ok("APPEND Drafts CATENATE (URL /INBOX/;UID=1)")
    answer = client.tagged("APPEND Drafts CATENATE (URL /INBOX/;UID=1/;PARTIAL=0.1)")
    assert answer == "BAD URL-PARTIAL is not offered here"
    assert client.session.append is None
    (line,) = connect(disabled=["CATENATE"]).ok("CAPABILITY")
    assert "URL-PARTIAL" not in line
