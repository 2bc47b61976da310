"""SEARCH keys as three-valued logic: yes, no, or not to be told without reading more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mailcore.imap import searchkeys as keys
from mailcore.imap.search import MessageText, asks_modseq, compile_key, needs_body
from mailcore.imap.summary import Summary, summarize
from mailcore.imap.types import SequenceSet

MESSAGE = (
    b"From: =?utf-8?q?J=C3=BCrgen?= <j@example.test>\r\n"
    b"To: a@example.test\r\nTo: b@example.test\r\nCc:\r\n"
    b"Subject: Gru=\r\nX-List: one\r\nx-list: Two\r\n"
    b"Date: Mon, 05 Jan 2026 23:30:00 -0500\r\n"
    b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/html; charset=utf-8\r\n\r\n<p>Stra\xc3\x9fe <b>nach</b> Rom</p>\r\n"
    b"--b\r\nContent-Type: application/octet-stream\r\n\r\nsecret\r\n--b--\r\n"
)
EAST = timezone(timedelta(hours=9))


@dataclass
class Candidate:
    uid: int = 5
    flags: tuple[str, ...] = ("\\Seen", "ToDo")
    modseq: int = 10
    internal_date: datetime = datetime(2026, 1, 7, 1, 0, tzinfo=EAST)
    size: int | None = 100
    summary: Summary | None = None
    text: MessageText | None = None


BARE = Candidate()
SUMMARIZED = Candidate(summary=summarize(MESSAGE))
READ = Candidate(summary=summarize(MESSAGE), text=MessageText.of_message(MESSAGE))
HEADER_ONLY = Candidate(text=MessageText.of_header(MESSAGE.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"))

YES, NO, OPEN = keys.All(), keys.Not(keys.All()), keys.Text("rom")
KEYS = {True: YES, False: NO, None: OPEN}


def ask(key: keys.SearchKey, candidate: Candidate, uids=(3, 5, 8)) -> bool | None:
    return compile_key(key, list(uids))(candidate)


@pytest.mark.parametrize("left", [True, False, None])
@pytest.mark.parametrize("right", [True, False, None])
def test_three_valued_logic(left, right):
    pair = {left, right}
    both = False if False in pair else None if None in pair else True
    either = True if True in pair else None if None in pair else False
    assert ask(keys.And((KEYS[left], KEYS[right])), BARE) is both
    assert ask(keys.Or(KEYS[left], KEYS[right]), BARE) is either
    assert ask(keys.Not(KEYS[left]), BARE) is (None if left is None else not left)


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        (keys.HasFlag("\\SEEN"), True),
        (keys.HasFlag("todo"), True),
        (keys.HasFlag("\\Draft"), False),
        (keys.InSet(SequenceSet(((2, 2),))), True),
        (keys.InSet(SequenceSet(((3, 0),))), False),
        (keys.InSet(SequenceSet(((2, 99),))), True),
        (keys.InSet(SequenceSet(((5, 5),)), uid=True), True),
        (keys.InSet(SequenceSet(((0, 0),)), uid=True), False),
        (keys.ModSeq(10), True),
        (keys.ModSeq(11), False),
        (keys.Larger(99), True),
        (keys.Larger(100), False),
        (keys.Smaller(101), True),
        (keys.Smaller(100), False),
        # The day as it is written there, not as it was in Greenwich.
        (keys.DateKey(keys.INTERNAL, "ON", date(2026, 1, 7)), True),
        (keys.DateKey(keys.INTERNAL, "ON", date(2026, 1, 6)), False),
        (keys.DateKey(keys.INTERNAL, "BEFORE", date(2026, 1, 7)), False),
        (keys.DateKey(keys.INTERNAL, "BEFORE", date(2026, 1, 8)), True),
        (keys.DateKey(keys.INTERNAL, "SINCE", date(2026, 1, 7)), True),
        (keys.DateKey(keys.INTERNAL, "SINCE", date(2026, 1, 8)), False),
    ],
)
def test_keys_that_cost_nothing(key, answer):
    assert ask(key, BARE) is answer


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        (keys.DateKey(keys.SENT, "ON", date(2026, 1, 5)), True),
        (keys.DateKey(keys.SENT, "BEFORE", date(2026, 1, 5)), False),
        (keys.Header("FROM", "JÜRGEN"), True),
        (keys.Header("from", "j@EXAMPLE"), True),
        (keys.Header("To", "b@example"), True),
        (keys.Header("Cc", ""), True),
        (keys.Header("Cc", "x"), False),
        (keys.Header("Bcc", ""), False),
    ],
)
def test_keys_that_a_summary_answers(key, answer):
    assert ask(key, BARE) is None
    assert ask(key, SUMMARIZED) is answer
    assert ask(key, READ) is answer


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        (keys.Header("X-LIST", "two"), True),
        (keys.Header("x-list", ""), True),
        (keys.Header("x-lis", ""), False),
        (keys.Header("date", "2026"), True),
    ],
)
def test_keys_that_the_header_answers(key, answer):
    assert ask(key, SUMMARIZED) is None
    assert ask(key, HEADER_ONLY) is answer
    assert ask(key, READ) is answer


@pytest.mark.parametrize(
    ("key", "answer"),
    [
        # RFC 5051 maps a letter to one letter: "ß" has no other case.
        (keys.Body("STRAßE"), True),
        (keys.Body("STRASSE"), False),
        # Markup is text to IMAP.
        (keys.Body("straße <b>nach"), True),
        (keys.Body("straße nach"), False),
        (keys.Body("secret"), False),
        (keys.Body("gru="), False),
        (keys.Text("gru="), True),
        (keys.Text("X-List: one"), True),
        (keys.Text("nach"), True),
        (keys.Text("secret"), False),
        (keys.Text(""), True),
    ],
)
def test_keys_that_only_the_message_answers(key, answer):
    assert ask(key, BARE) is None
    assert ask(key, SUMMARIZED) is None
    assert ask(key, READ) is answer


def test_a_size_that_is_not_known_leaves_it_open():
    unknown = Candidate(size=None)
    assert ask(keys.Larger(1), unknown) is None
    assert ask(keys.Smaller(1), unknown) is None


def test_a_message_without_a_date_was_sent_on_no_day():
    undated = Candidate(summary=summarize(b"Subject: x\r\n\r\n"))
    for relation in ("ON", "BEFORE", "SINCE"):
        assert ask(keys.DateKey(keys.SENT, relation, date(2026, 1, 1)), undated) is False


def test_sets_in_an_empty_mailbox():
    star = SequenceSet(((0, 0),))
    assert ask(keys.InSet(star), BARE, uids=()) is False
    assert ask(keys.InSet(star, uid=True), BARE, uids=()) is False


@pytest.mark.parametrize(
    ("leaf", "body", "modseq"),
    [
        (keys.Body("x"), True, False),
        (keys.Text("x"), True, False),
        (keys.ModSeq(1), False, True),
        (keys.Header("Subject", "x"), False, False),
    ],
)
def test_what_a_key_asks_for_is_found_at_any_depth(leaf, body, modseq):
    for key in (
        leaf,
        keys.Not(leaf),
        keys.Or(YES, leaf),
        keys.Or(leaf, YES),
        keys.And((YES, keys.Not(keys.Or(leaf, NO)))),
    ):
        assert needs_body(key) is body
        assert asks_modseq(key) is modseq


@pytest.mark.parametrize("seconds", [1, 3599, 3600, 3601, 2**32 - 1])
def test_an_age_is_of_the_internal_date_to_the_second(seconds):
    now = BARE.internal_date.astimezone(UTC) + timedelta(hours=1)

    def is_(relation: str) -> bool | None:
        return compile_key(keys.Age(relation, seconds), [5], now=now)(BARE)

    assert is_("OLDER") is (seconds <= 3600)
    assert is_("YOUNGER") is (seconds >= 3600)


def test_an_age_needs_the_time():
    with pytest.raises(ValueError, match="need the time"):
        compile_key(keys.Not(keys.Age("OLDER", 1)), [5])
