"""Commands on many messages: MESSAGELIMIT (RFC 9738) and INPROGRESS (RFC 9585)."""

from __future__ import annotations

import pytest

from mailcore.limits import Limits
from mailcore.testing import run

FEW = Limits(messages_per_command=3)


@pytest.fixture
def few(connect, deliver):
    deliver(*[b"Subject: %d\r\n\r\n" % number for number in range(1, 6)])
    return connect(limits=FEW)


def test_the_limit_is_told(few) -> None:
    assert "MESSAGELIMIT=3" in few.ok("CAPABILITY")[0].split()


@pytest.mark.parametrize(
    ("command", "lines", "tagged"),
    [
        ("FETCH 3:5 UID", 3, "OK Fetch completed"),
        ("FETCH 1:* UID", 3, "OK [MESSAGELIMIT 3 3] Fetch completed"),
        ("UID FETCH 1:4 FLAGS", 3, "OK [MESSAGELIMIT 3 2] Fetch completed"),
        ("STORE 1:4 +FLAGS (\\Flagged)", 3, "OK [MESSAGELIMIT 3 2] Store completed"),
        ("SEARCH SUBJECT 1", 1, "OK [MESSAGELIMIT 3 3] Search completed"),
        ("COPY 1:4 Trash", 0, "NO [MESSAGELIMIT 3] Too many messages at a time"),
        ("UID MOVE 1:4 Trash", 0, "NO [MESSAGELIMIT 3] Too many messages at a time"),
        ("COPY 1,3,5 Trash", 0, "OK [COPYUID 4 1,3,5 1:3] Copy completed"),
    ],
)
def test_the_newest_messages_are_dealt_with(few, command, lines, tagged) -> None:
    *untagged, last = few.do(command)
    assert last == f"t {tagged}"
    assert len(untagged) == lines
    if command.startswith("SEARCH"):
        assert untagged == ["* SEARCH"]


def test_an_expunge_goes_on_with_the_next_one(few, inbox) -> None:
    for numbers in ("1:3", "4:5"):
        few.ok(f"STORE {numbers} +FLAGS.SILENT (\\Deleted)")
    assert few.do("EXPUNGE")[-1] == "t OK [MESSAGELIMIT 3 3] Expunge completed"
    assert list(inbox.messages) == [1, 2]
    assert few.do("EXPUNGE")[-1] == "t OK Expunge completed"


def test_two_codes_are_two_responses(few, inbox) -> None:
    few.ok("ENABLE QRESYNC")
    few.ok("STORE 5 +FLAGS (\\Seen)")
    *lines, tagged = few.do("STORE 1:* (UNCHANGEDSINCE 6) +FLAGS (\\Flagged)")
    assert lines[-1] == "* OK [MODIFIED 5] Not all was stored"
    assert tagged == "t OK [MESSAGELIMIT 3 3] Store completed"
    for numbers in ("1:3", "4:5"):
        few.ok(f"STORE {numbers} +FLAGS.SILENT (\\Deleted)")
    *lines, tagged = few.do("EXPUNGE")
    modseq = run(inbox.changes(1)).highest_modseq
    assert lines == ["* VANISHED 3:5", f"* OK [HIGHESTMODSEQ {modseq}] Up to here all is told"]
    assert tagged == "t OK [MESSAGELIMIT 3 3] Expunge completed"


class Clock:
    """Goes on by some seconds each time that it is looked at."""

    def __init__(self, pace: float) -> None:
        self.now = 0.0
        self.pace = pace

    def __call__(self) -> float:
        self.now += self.pace
        return self.now


def test_a_slow_search_tells_how_far_it_is(connect, deliver) -> None:
    deliver(*[b"Subject: %d\r\n\r\ntext" % number for number in range(1, 11)])
    client = connect(clock=Clock(6.0))
    assert "INPROGRESS" in client.ok("CAPABILITY")[0]
    *lines, last, _ = client.do("SEARCH BODY text")
    assert lines == [f'* OK [INPROGRESS ("t" {done} 10)] Still at it' for done in (0, 2, 4, 6, 8)]
    assert last == "* SEARCH 1 2 3 4 5 6 7 8 9 10"


def test_what_is_told_goes_out_at_once(connect, deliver) -> None:
    deliver(b"\r\ntext", b"\r\ntext")
    session = connect(clock=Clock(11.0)).session
    session.receive_data(b"a]b SEARCH BODY text\r\n")
    # A tag that can not be in a response code is left out.
    assert run(session.step()) == b"* OK [INPROGRESS] Still at it\r\n"


def test_a_slow_fetch_tells_how_far_it_is(connect, deliver) -> None:
    deliver(*[b"x"] * 250)
    lines = connect(clock=Clock(5.0)).ok("FETCH 1:* BODYSTRUCTURE")
    assert [line for line in lines if "INPROGRESS" in line] == [
        '* OK [INPROGRESS ("t" 100 250)] Still at it'
    ]


@pytest.mark.parametrize("options", [{}, {"clock": Clock(11.0), "disabled": ["INPROGRESS"]}])
def test_without_a_clock_or_where_disabled_nothing_is_told(connect, deliver, options) -> None:
    deliver(b"\r\ntext", b"\r\ntext")
    client = connect(**options)
    assert "INPROGRESS" not in client.ok("CAPABILITY")[0]
    assert client.ok("SEARCH BODY text") == ["* SEARCH 1 2"]


def test_quick_commands_tell_nothing(connect, deliver) -> None:
    deliver(*[b"\r\ntext"] * 10)
    assert connect(clock=Clock(0.1)).ok("SEARCH BODY text") == ["* SEARCH 1 2 3 4 5 6 7 8 9 10"]
