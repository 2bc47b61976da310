"""SORT, THREAD, and what SEARCH RETURN (SAVE) leaves behind (RFC 5256, RFC 5957, RFC 5182)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.testing import new_message, run

# Arrived in the order 1, 2, 3, 4; sent in the order 2, 4, 1, 3.
MESSAGES = [
    (
        b"From: zoe@example.test\r\nTo: Bob <z@example.test>\r\nSubject: Re: lunch\r\n"
        b"Date: Wed, 07 Jan 2026 10:00:00 +0000\r\nMessage-ID: <1@x>\r\nReferences: <2@x>\r\n",
        b"",
    ),
    (
        b"From: =?utf-8?q?=C3=84nne?= <m@example.test>\r\nTo: y@example.test\r\n"
        b"Cc: c@example.test\r\nSubject: Lunch\r\n"
        b"Date: Mon, 05 Jan 2026 10:00:00 +0000\r\nMessage-ID: <2@x>\r\n",
        b"x" * 500,
    ),
    (
        b'From: "Bob" <a@example.test>\r\nTo: friends: x@example.test;\r\n'
        b"Subject: [list] dinner\r\nDate: Thu, 08 Jan 2026 10:00:00 +0000\r\nMessage-ID: <3@x>\r\n",
        b"x" * 10,
    ),
    (
        b"Subject: Re: [list] Dinner (fwd)\r\nMessage-ID: <4@x>\r\nIn-Reply-To: <3@x>\r\n",
        b"x" * 2000,
    ),
]


@pytest.fixture
def client(connect, inbox):
    for day, (header, body) in enumerate(MESSAGES, 3):
        date = datetime(2026, 1, day, 12, tzinfo=UTC)
        run(inbox.append([new_message(header + b"\r\n" + body, internal_date=date)]))
    return connect()


@pytest.mark.parametrize(
    ("criteria", "order"),
    [
        ("ARRIVAL", "1 2 3 4"),
        ("REVERSE ARRIVAL", "4 3 2 1"),
        # Without a Date, INTERNALDATE counts: the fourth came on the sixth of January.
        ("DATE", "2 4 1 3"),
        ("SIZE", "1 3 2 4"),
        ("FROM", "4 3 2 1"),
        ("TO", "4 3 2 1"),
        ("CC", "1 3 4 2"),
        ("SUBJECT", "3 4 1 2"),
        ("SUBJECT REVERSE DATE", "3 4 1 2"),
        ("REVERSE SUBJECT DATE", "2 1 4 3"),
        # Collated: "ÄNNE" decomposed lies before "BOB" and the address of the first.
        ("DISPLAYFROM", "4 2 3 1"),
        ("DISPLAYTO", "4 1 3 2"),
    ],
)
def test_sort(client, criteria: str, order: str) -> None:
    assert client.ok(f"SORT ({criteria}) UTF-8 ALL") == [f"* SORT {order}"]


def test_sort_among_what_matches(client) -> None:
    assert client.ok("SORT (REVERSE DATE) US-ASCII SUBJECT lunch") == ["* SORT 1 2"]
    assert client.ok("SORT (DATE) UTF-8 SUBJECT nothing") == ["* SORT"]
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    client.ok("EXPUNGE")
    assert client.ok("UID SORT (DATE) UTF-8 ALL") == ["* SORT 2 4 3"]


def test_extended_sort_keeps_the_order(client) -> None:
    assert client.ok("SORT RETURN (MIN MAX COUNT ALL) (DATE) UTF-8 ALL") == [
        '* ESEARCH (TAG "t") MIN 2 MAX 3 COUNT 4 ALL 2,4,1,3'
    ]
    assert client.ok("UID SORT RETURN () (REVERSE ARRIVAL) UTF-8 UID 1:2") == [
        '* ESEARCH (TAG "t") UID ALL 2,1'
    ]


def test_sort_tells_mod_sequences(client) -> None:
    (line,) = client.ok("SORT (ARRIVAL) UTF-8 MODSEQ 1")
    assert line.startswith("* SORT 1 2 3 4 (MODSEQ ")


@pytest.mark.parametrize(
    "command",
    [
        "SORT () UTF-8 ALL",
        "SORT (WEIGHT) UTF-8 ALL",
        "SORT (REVERSE) UTF-8 ALL",
        "SORT (DATE) ALL",
        "SORT (DATE) UTF-8",
        "THREAD X-OTHER UTF-8 ALL",
        "THREAD UTF-8 ALL",
    ],
)
def test_what_can_not_be_sorted(client, command: str) -> None:
    assert client.tagged(command).split()[0] in ("BAD", "NO")
    client.ok("NOOP")


def test_threads(client) -> None:
    assert client.ok("THREAD REFERENCES UTF-8 ALL") == ["* THREAD (2 1)(3 4)"]
    assert client.ok("THREAD ORDEREDSUBJECT UTF-8 ALL") == ["* THREAD (2 1)(4 3)"]
    assert client.ok("THREAD REFS UTF-8 ALL") == ["* THREAD (2 1)(3 4)"]
    assert client.ok("UID THREAD REFERENCES UTF-8 SUBJECT dinner") == ["* THREAD (3 4)"]
    assert client.ok("THREAD REFERENCES UTF-8 SUBJECT nothing") == ["* THREAD"]


def test_no_body_is_read(client, inbox, monkeypatch) -> None:
    async def read(uid: int, start: int, end: int) -> bytes:
        raise AssertionError("a body was read")

    monkeypatch.setattr(inbox, "read", read)
    client.ok("SORT (SUBJECT FROM DATE) UTF-8 ALL")
    client.ok("THREAD REFERENCES UTF-8 ALL")


# ---------------------------------------------------------------------------------- SEARCHRES


COMMANDS = ["SORT (SUBJECT) UTF-8 ALL", "SORT (DATE) UTF-8 ALL", "THREAD REFERENCES UTF-8 ALL"]


def test_a_second_time_no_summary_is_asked_for(client, inbox, monkeypatch) -> None:
    first = [client.ok(command) for command in COMMANDS]

    async def summaries(uids: object) -> dict[int, bytes]:
        raise AssertionError("summaries were asked for again")

    monkeypatch.setattr(inbox, "summaries", summaries)
    assert [client.ok(command) for command in COMMANDS] == first
    # Among those that match, the order is that of all.
    assert client.ok("SORT (SUBJECT) UTF-8 NOT 4") == ["* SORT 3 1 2"]
    assert client.ok("UID SORT (SUBJECT) UTF-8 UID 2,4") == ["* SORT 4 2"]


def test_what_comes_and_goes_is_in_the_next_order(client, connect, deliver) -> None:
    for command in COMMANDS:
        client.ok(command)
    deliver(b"Subject: breakfast\r\nDate: Sun, 04 Jan 2026 10:00:00 +0000\r\n\r\n")
    # Before this client is told of it, there is no fifth message.
    assert client.ok(COMMANDS[0])[0] == "* SORT 3 4 1 2"
    client.ok("NOOP")
    assert client.ok(COMMANDS[0]) == ["* SORT 5 3 4 1 2"]
    assert client.ok(COMMANDS[1]) == ["* SORT 5 2 4 1 3"]
    assert client.ok(COMMANDS[2]) == ["* THREAD (5)(2 1)(3 4)"]
    client.ok("STORE 2 +FLAGS (\\Deleted)")
    client.ok("EXPUNGE")
    assert client.ok(COMMANDS[0]) == ["* SORT 4 2 3 1"]
    assert client.ok(COMMANDS[1]) == ["* SORT 4 3 1 2"]
    assert client.ok(COMMANDS[2]) == ["* THREAD (4)(1)(2 3)"]


def test_what_another_has_removed_is_in_no_order(client, connect) -> None:
    for command in COMMANDS:
        client.ok(command)
    other = connect()
    other.ok("STORE 2 +FLAGS (\\Deleted)")
    other.ok("EXPUNGE")
    assert other.ok(COMMANDS[0]) == ["* SORT 2 3 1"]
    # This client counts the one that is gone until it is told.
    assert client.ok(COMMANDS[0])[0] == "* SORT 3 4 1"
    assert client.ok(COMMANDS[1])[0] == "* SORT 4 1 3"
    assert client.ok(COMMANDS[2])[0] == "* THREAD (1)(3 4)"


def test_each_collation_has_an_order_of_its_own(client, deliver) -> None:
    deliver(b"Subject: LUNCH\r\nDate: Sun, 04 Jan 2026 10:00:00 +0000\r\n\r\n")
    client.ok("NOOP")
    before = client.ok(COMMANDS[0])
    client.ok("COMPARATOR i;octet")
    assert client.ok(COMMANDS[0]) != before
    client.ok("COMPARATOR i;unicode-casemap")
    assert client.ok(COMMANDS[0]) == before


def test_what_was_saved_is_used(client) -> None:
    assert client.ok("SEARCH RETURN (SAVE) SUBJECT lunch") == []
    assert client.ok("SEARCH $") == ["* SEARCH 1 2"]
    assert client.ok("SEARCH NOT $") == ["* SEARCH 3 4"]
    assert client.ok("SEARCH UID $ LARGER 300") == ["* SEARCH 2"]
    assert [line.split()[1] for line in client.ok("FETCH $ FLAGS")] == ["1", "2"]
    assert len(client.ok("UID FETCH $ FLAGS")) == 2
    client.ok("UID STORE $ +FLAGS.SILENT (\\Flagged)")
    assert client.ok("SEARCH FLAGGED") == ["* SEARCH 1 2"]
    client.ok("COPY $ Trash")
    client.ok("STORE $ +FLAGS.SILENT (\\Deleted)")
    assert client.ok("UID EXPUNGE $") == ["* 2 EXPUNGE", "* 1 EXPUNGE"]
    # What is gone is no longer in it.
    assert client.ok("SEARCH $") == ["* SEARCH"]
    assert client.ok("FETCH $ FLAGS") == []


def test_numbers_follow_the_messages(client) -> None:
    client.ok("SEARCH RETURN (SAVE) 3:4")
    client.ok("STORE 1 +FLAGS.SILENT (\\Deleted)")
    client.ok("EXPUNGE")
    assert client.ok("SEARCH $") == ["* SEARCH 2 3"]


@pytest.mark.parametrize(
    ("returns", "saved"),
    [
        ("SAVE", "1 2 3 4"),
        ("SAVE MIN", "1"),
        ("SAVE MAX", "4"),
        ("SAVE MIN MAX", "1 4"),
        ("SAVE MIN COUNT", "1 2 3 4"),
        ("SAVE ALL MAX", "1 2 3 4"),
    ],
)
def test_what_is_saved(client, returns: str, saved: str) -> None:
    """The table of RFC 5182 §2.4."""
    client.ok(f"SEARCH RETURN ({returns}) ALL")
    assert client.ok("SEARCH $") == [f"* SEARCH {saved}"]


def test_nothing_is_saved_at_first_and_after_select(client) -> None:
    assert client.ok("SEARCH $") == ["* SEARCH"]
    client.ok("SEARCH RETURN (SAVE) ALL")
    client.ok("SELECT INBOX")
    assert client.ok("SEARCH $") == ["* SEARCH"]


def test_a_search_that_fails_saves_nothing(client) -> None:
    client.ok("SEARCH RETURN (SAVE) ALL")
    client.ok("ENABLE UTF8=ACCEPT")
    assert client.tagged("SEARCH RETURN (SAVE) CHARSET ISO-8859-1 ALL").startswith("BAD")
    # RFC 5182 §2.1: BAD leaves it as it was.
    assert client.ok("SEARCH $") == ["* SEARCH 1 2 3 4"]


def test_other_searches_leave_it(client) -> None:
    client.ok("SEARCH RETURN (SAVE) 1")
    client.ok("SEARCH RETURN (ALL) ALL")
    client.ok("SEARCH ALL")
    assert client.ok("SEARCH $") == ["* SEARCH 1"]


def test_a_search_in_what_was_saved_may_be_saved(client) -> None:
    client.ok("SEARCH RETURN (SAVE) 2:4")
    client.ok("SEARCH RETURN (SAVE) $ SUBJECT dinner")
    assert client.ok("SEARCH $") == ["* SEARCH 3 4"]


def test_sort_saves_too(client) -> None:
    client.ok("SORT RETURN (SAVE) (DATE) UTF-8 SUBJECT dinner")
    assert client.ok("SORT (REVERSE ARRIVAL) UTF-8 $") == ["* SORT 4 3"]
    assert client.ok("THREAD REFERENCES UTF-8 $") == ["* THREAD (3 4)"]


def test_what_vanishes_behind_the_search_is_not_sorted(client, inbox, monkeypatch) -> None:
    read = inbox.read

    async def read_and_expunge(uid: int, start: int, end: int) -> bytes:
        if uid == 4 and 2 in inbox.messages:
            await inbox.expunge([2])
            await client.session.selected.refresh()
        return await read(uid, start, end)

    monkeypatch.setattr(inbox, "read", read_and_expunge)
    assert client.ok("UID SORT (REVERSE ARRIVAL) UTF-8 BODY x")[0] == "* SORT 4 3"
