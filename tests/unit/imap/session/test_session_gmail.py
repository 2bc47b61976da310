"""X-GM-EXT-1: ids, labels and queries, of a mailbox that knows nothing of any of them."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from mailcore.imap import ClientConnection
from mailcore.imap import responses as r
from mailcore.limits import Limits
from mailcore.testing import new_message, run

MESSAGES = [
    (
        b"From: Anna <anna@example.test>\r\nTo: bert@example.test\r\nSubject: Lunch\r\n"
        b"Message-ID: <1@x>\r\n\r\nAt noon?\r\n",
        {"\\Seen", "\\Flagged", "work"},
    ),
    (
        b"From: Bert <bert@example.test>\r\nSubject: Re: Lunch\r\nMessage-ID: <2@x>\r\n"
        b"In-Reply-To: <1@x>\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\n\r\nSee the menu\r\n--b\r\nContent-Type: application/pdf\r\n\r\nx\r\n--b--\r\n",
        {"Family", "work"},
    ),
    (
        b"From: Carol <carol@example.test>\r\nSubject: Dinner\r\nMessage-ID: <3@x>\r\n\r\n"
        + b"x" * 3000,
        set(),
    ),
]


@pytest.fixture
def client(connect, inbox):
    for day, (data, flags) in enumerate(MESSAGES, 1):
        moment = datetime(2026, 3, day, 12, tzinfo=UTC)
        run(inbox.append([new_message(data, frozenset(flags), moment)]))
    now = datetime(2026, 3, 4, 12, tzinfo=UTC)
    return connect(now=lambda: now, limits=Limits(query_words=20))


def search(client, keys: str) -> list[int]:
    (line,) = client.ok(f"SEARCH {keys}")
    return [int(word) for word in line.split()[2:]]


def numbers(client, item: str) -> list[int]:
    lines = client.ok(f"FETCH 1:* ({item})")
    return [int(re.search(rf"\({item} (\d+)\)", line)[1]) for line in lines]


def test_ids_are_numbers_that_last(client, connect):
    messages, threads = numbers(client, "X-GM-MSGID"), numbers(client, "X-GM-THRID")
    assert len(set(messages)) == 3
    assert threads[0] == threads[1] != threads[2]
    assert all(0 < one < 2**63 for one in messages + threads)
    client.ok("COPY 2 Trash")
    other = connect(select="Trash")
    assert numbers(other, "X-GM-MSGID") == [messages[1]]
    assert numbers(other, "X-GM-THRID") == [threads[1]]
    assert search(client, f"X-GM-MSGID {messages[2]}") == [3]
    assert search(client, f"X-GM-THRID {threads[0]}") == [1, 2]
    assert search(client, f"NOT X-GM-THRID {threads[0]} X-GM-MSGID {messages[2]}") == [3]
    assert search(client, "X-GM-MSGID 1") == []


def test_labels_are_keywords_and_the_star(client):
    assert client.ok("FETCH 1:3 (X-GM-LABELS)") == [
        "* 1 FETCH (X-GM-LABELS (\\Starred work))",
        "* 2 FETCH (X-GM-LABELS (Family work))",
        "* 3 FETCH (X-GM-LABELS ())",
    ]
    assert client.ok("UID FETCH 3 (FLAGS X-GM-LABELS)") == [
        "* 3 FETCH (UID 3 FLAGS (\\Recent) X-GM-LABELS ())"
    ]


@pytest.mark.parametrize(
    ("command", "labels", "flags"),
    [
        ("+X-GM-LABELS (later)", "\\Starred later work", "\\Flagged \\Seen \\Recent later work"),
        ("+X-GM-LABELS later", "\\Starred later work", "\\Flagged \\Seen \\Recent later work"),
        ('+X-GM-LABELS ("later" x)', "\\Starred later work x", None),
        ("-X-GM-LABELS (work)", "\\Starred", "\\Flagged \\Seen \\Recent"),
        # The same label in any letter case, as flags are.
        ("-X-GM-LABELS (WORK other)", "\\Starred", "\\Flagged \\Seen \\Recent"),
        ("-X-GM-LABELS (\\Starred)", "work", "\\Seen \\Recent work"),
        ('-X-GM-LABELS ("\\\\starred")', "work", "\\Seen \\Recent work"),
        ("X-GM-LABELS (later)", "later", "\\Seen \\Recent later"),
        ("X-GM-LABELS (\\Starred later)", "\\Starred later", None),
        ("X-GM-LABELS ()", "", "\\Seen \\Recent"),
    ],
)
def test_labels_are_stored(client, command, labels, flags):
    lines = client.ok(f"STORE 1 {command}")
    assert lines[0] == f"* 1 FETCH (X-GM-LABELS ({labels}))"
    # Flags have changed as well, and the client is told.
    assert lines[1].startswith("* 1 FETCH (")
    (line,) = client.ok("FETCH 1 FLAGS")
    found = line.partition("FLAGS (")[2].removesuffix("))")
    assert flags is None or sorted(found.split()) == sorted(flags.split())


def test_silent_stores_tell_flags_and_no_labels(client):
    lines = client.ok("UID STORE 2:3 +X-GM-LABELS.SILENT (later)")
    assert [line for line in lines if "X-GM-LABELS" in line] == []
    assert len(lines) == 2
    assert client.ok("FETCH 3 X-GM-LABELS") == ["* 3 FETCH (X-GM-LABELS (later))"]
    (line, _) = client.ok("UID STORE 3 -X-GM-LABELS (later)")
    assert line == "* 3 FETCH (UID 3 X-GM-LABELS ())"


def test_labels_that_can_not_be(client, connect):
    for label in ("\\Inbox", "\\Important", '"two words"', '"&AOk-t"', '""', '"a]"'):
        answer = client.tagged(f"STORE 1 +X-GM-LABELS ({label})")
        assert answer.startswith("NO [CANNOT]"), label
    assert client.ok("FETCH 1 X-GM-LABELS") == ["* 1 FETCH (X-GM-LABELS (\\Starred work))"]
    reader = connect(select=None)
    reader.ok("EXAMINE INBOX")
    assert reader.tagged("STORE 1 X-GM-LABELS (a)").startswith("NO ")
    for bad in ("+X-GM-LABELS", "+X-GM-LABEL (a)", "+X-GM-LABELS (\\)", "+X-GM-LABELS (a"):
        assert client.tagged(f"STORE 1 {bad}").startswith("BAD"), bad


def test_labels_of_messages_that_have_changed_are_left(client, connect):
    client.ok("ENABLE CONDSTORE")
    (line,) = client.ok("FETCH 2 MODSEQ")
    modseq = int(re.search(r"MODSEQ \((\d+)\)", line)[1])
    connect().ok("STORE 1 +FLAGS (\\Answered)")
    command = f"STORE 1:2 (UNCHANGEDSINCE {modseq}) X-GM-LABELS (later)"
    *lines, tagged = client.do(command)
    assert tagged.startswith("t OK [MODIFIED 1]")
    assert "* 2 FETCH (X-GM-LABELS (later))" in lines
    assert client.ok("FETCH 1:2 X-GM-LABELS") == [
        "* 1 FETCH (X-GM-LABELS (\\Starred work))",
        "* 2 FETCH (X-GM-LABELS (later))",
    ]


def test_uid_only_tells_labels_by_uid(client):
    client.ok("ENABLE UIDONLY")
    lines = client.ok("UID STORE 3 +X-GM-LABELS (x)")
    assert lines[0] == "* 3 UIDFETCH (X-GM-LABELS (x))"


@pytest.mark.parametrize(
    ("keys", "found"),
    [
        ("X-GM-LABELS work", [1, 2]),
        ("X-GM-LABELS family", [2]),
        ("X-GM-LABELS \\Starred", [1]),
        ('X-GM-LABELS "\\\\Starred"', [1]),
        ("X-GM-LABELS \\Inbox", [1, 2, 3]),
        ("X-GM-LABELS \\Trash", []),
        ("NOT X-GM-LABELS work", [3]),
        ('X-GM-RAW ""', [1, 2, 3]),
        ("X-GM-RAW lunch", [1, 2]),
        ('X-GM-RAW "lunch -menu"', [1]),
        ('X-GM-RAW "noon OR menu"', [1, 2]),
        ('X-GM-RAW "\\"the menu\\""', [2]),
        ('X-GM-RAW "from:anna"', [1]),
        ('X-GM-RAW "from:(anna OR carol)"', [1, 3]),
        ('X-GM-RAW "subject:lunch -is:starred"', [2]),
        ('X-GM-RAW "has:attachment"', [2]),
        ('X-GM-RAW "has:attachment in:unread"', [2]),
        ('X-GM-RAW "-has:attachment"', [1, 3]),
        ('X-GM-RAW "is:read"', [1]),
        ('X-GM-RAW "label:work"', [1, 2]),
        ('X-GM-RAW "label:inbox"', [1, 2, 3]),
        ('X-GM-RAW "in:inbox from:bert"', [2]),
        ('X-GM-RAW "in:trash"', []),
        ('X-GM-RAW "-in:trash in:anywhere"', [1, 2, 3]),
        ('X-GM-RAW "after:2026/03/02 before:2026/03/03"', [2]),
        ('X-GM-RAW "older_than:2d"', [1, 2]),
        ('X-GM-RAW "newer_than:2d"', [2, 3]),
        ('X-GM-RAW "larger:2K"', [3]),
        ('X-GM-RAW "rfc822msgid:<2@x>"', [2]),
        ('2 X-GM-RAW "lunch"', [2]),
        ('OR X-GM-RAW "dinner" X-GM-RAW "menu"', [2, 3]),
    ],
)
def test_searches(client, keys, found):
    assert search(client, keys) == found


def test_a_query_may_be_in_any_charset(client, deliver):
    deliver("Subject: Café\r\n\r\n".encode())
    client.ok("NOOP")
    output = client.say(b"t SEARCH CHARSET ISO-8859-1 X-GM-RAW {12+}\r\nsubject:caf\xe9\r\n")
    assert output.startswith(b"* SEARCH 4\r\n")


def test_queries_sort_and_make_threads(client):
    assert client.ok('SORT (REVERSE ARRIVAL) UTF-8 X-GM-RAW "lunch"') == ["* SORT 2 1"]
    assert client.ok('THREAD REFERENCES UTF-8 X-GM-RAW "lunch"') == ["* THREAD (1 2)"]


def test_a_query_has_an_end(client):
    assert client.tagged(f'SEARCH X-GM-RAW "{"a " * 20}"').startswith("OK")
    assert client.tagged(f'SEARCH X-GM-RAW "{"a " * 21}"').startswith("NO [LIMIT]")


def test_an_age_needs_the_time(connect, deliver):
    deliver(b"Subject: x\r\n\r\n")
    client = connect()
    assert client.tagged('SEARCH X-GM-RAW "older_than:2d"').startswith("NO [CANNOT]")
    assert search(client, 'X-GM-RAW "subject:x"') == [1]


def test_a_client_reads_what_is_told():
    client = ClientConnection()
    client.receive_data(
        b"* PREAUTH hello\r\n* 1 FETCH (X-GM-MSGID 1278455344230334865 X-GM-THRID 5"
        b' X-GM-LABELS (\\Inbox "\\\\Sent" Important "Muy Importante" "&AOk-t&AOk-"))\r\n'
    )
    client.next_event()
    assert client.next_event() == r.FetchResponse(
        1,
        (
            r.GmailMessageId(1278455344230334865),
            r.GmailThreadId(5),
            r.GmailLabels(("\\Inbox", "\\Sent", "Important", "Muy Importante", "été")),
        ),
    )
