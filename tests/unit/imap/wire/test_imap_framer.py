"""Octets to whole commands: lines, literals, messages, and what is refused and dropped."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailcore.imap.types import Status
from mailcore.imap.wire.bounds import LITERAL_MINUS, Bounds
from mailcore.imap.wire.framer import (
    TOO_BIG,
    Frame,
    Framer,
    MessageChunk,
    MessageEnd,
    MessageHead,
    Ready,
    Refusal,
    tag_of,
)
from mailcore.limits import Limits

BOUNDS = Bounds(
    line=60,
    literal=20,
    non_synchronizing=10,
    literals=30,
    literals_count=3,
    swallow=100,
    nesting=8,
    ranges=8,
)
TOO_BIG_LITERAL = Refusal("Literal too big", "a", TOO_BIG)
BARE = "Lines end in CRLF, and hold no CR or LF"


def frame(*pieces: bytes, bounds: Bounds = BOUNDS, admit=lambda line: None) -> list[object]:
    """Return all units, where messages are accepted."""
    framer = Framer(bounds, admit)
    units: list[object] = []
    for piece in pieces:
        framer.receive(piece)
        while (unit := framer.next_unit()) is not None:
            units.append(unit)
            if isinstance(unit, MessageHead):
                framer.accept_message()
    return units


@pytest.mark.parametrize(
    ("octets", "units"),
    [
        (b"", []),
        (b"a NOOP\r", []),
        (b"a NOOP\r\n", [Frame(b"a NOOP")]),
        (b"a NOOP\r\nb NOOP\r\nc", [Frame(b"a NOOP"), Frame(b"b NOOP")]),
        (b"\r\n", [Frame(b"")]),
        (b"a X {3+}\r\nb\r\n y\r\n", [Frame(b"a X {3+}\r\nb\r\n y")]),
        (b"a X {3+}\r\nb\r\n\r\n", [Frame(b"a X {3+}\r\nb\r\n")]),
        (b"a X {0+}\r\n\r\n", [Frame(b"a X {0+}\r\n")]),
        (b"a X {2}\r\nbc\r\n", [Ready(), Frame(b"a X {2}\r\nbc")]),
        (b"a X {1+}\r\nb {1}\r\nc\r\n", [Ready(), Frame(b"a X {1+}\r\nb {1}\r\nc")]),
        # A literal may look like anything, even like the announcement of another.
        (b"a X {4+}\r\n{9}\r \r\n", [Frame(b"a X {4+}\r\n{9}\r ")]),
    ],
)
def test_commands(octets, units):
    assert frame(octets) == units
    assert frame(*(octets[i : i + 1] for i in range(len(octets)))) == units


@pytest.mark.parametrize(
    "end", [b"{}", b"{+}", b"{-1}", b"{ 1}", b"{1 }", b"{1+ }", b"{1++}", b"1}", b"{x}", b"{1}x"]
)
def test_what_is_no_announcement_is_part_of_the_line(end):
    assert frame(b"a X " + end + b"\r\n") == [Frame(b"a X " + end)]


@pytest.mark.parametrize("line", [b"a NOOP\n", b"a NO\rOP\r\n", b"a NO\nOP\r\n", b"a NOOP\r\r\n"])
def test_a_line_that_does_not_end_as_lines_do_is_refused_at_once(line):
    first = frame(line + b"b NOOP\r\n")[0]
    assert first == Refusal(BARE, "a")


def test_after_a_bare_line_feed_the_next_command_is_read():
    assert frame(b"a NOOP\nb NOOP\r\n") == [Refusal(BARE, "a"), Frame(b"b NOOP")]


@pytest.mark.parametrize(
    ("line", "tag"),
    [
        (b"a1 NOOP", "a1"),
        (b"a.]/ NOOP", "a.]/"),
        (b"a", "a"),
        (b"a\r\n", "a"),
        (b"", None),
        (b" NOOP", None),
        (b"+ NOOP", None),
        (b"a+ NOOP", None),
        (b'"a" NOOP', None),
        (b"a{1} NOOP", None),
        (b"\xff NOOP", None),
    ],
)
def test_tags(line, tag):
    assert tag_of(line) == tag


# ----------------------------------------------------------------------------------------- bounds


def test_a_line_may_be_as_long_as_its_bound_with_its_end():
    longest = b"a " + b"x" * (BOUNDS.line - 4)
    assert frame(longest + b"\r\n") == [Frame(longest)]
    too_long = [Refusal("Line too long", "a"), Frame(b"b NOOP")]
    assert frame(longest + b"x\r\nb NOOP\r\n") == too_long
    assert frame(longest + b"xxx", b"x" * 999, b"\r\nb NOOP\r\n") == too_long


def test_all_lines_of_a_command_count_together():
    part = b"x" * 20
    assert frame(b"a " + part + b" {1+}\r\ny " + part + b" {1+}\r\nz " + part + b"\r\nb N\r\n") == [
        Refusal("Line too long", "a"),
        Frame(b"b N"),
    ]


def test_a_long_line_does_not_pile_up():
    framer = Framer(BOUNDS, lambda line: None)
    for _ in range(100):
        framer.receive(b"a " + b"x" * 500)
        framer.next_unit()
        assert len(framer) <= 600


@pytest.mark.parametrize(
    ("sizes", "taken"),
    [
        (["10+"], True),
        (["11+"], False),
        (["20"], True),
        (["21"], False),
        (["10+", "10+", "10+"], True),
        (["20", "10+"], True),
        (["20", "11"], False),
        (["0+", "0+", "0+"], True),
        (["0+", "0+", "0+", "0+"], False),
        (["18446744073709551616+"], False),
        (["99999999999999999999999999999"], False),
    ],
)
def test_size_sum_and_count_of_literals(sizes, taken):
    octets = b"a X"
    for size in sizes:
        octets += b" {%b}\r\n" % size.encode()
        octets += b"x" * min(int(size.rstrip("+")), 50)
    units = [unit for unit in frame(octets + b"\r\n") if unit != Ready()]
    if taken:
        assert units == [Frame(octets)]
    elif int(sizes[0].rstrip("+")) > 1000 and sizes[0].endswith("+"):
        assert units[0] == replace(TOO_BIG_LITERAL, status=Status.BYE)
    else:
        assert units[0] == TOO_BIG_LITERAL


def test_literal_minus_before_login_and_literal_plus_after_it():
    # RFC 7888 §5
    before, after = Bounds.before_login(Limits()), Bounds.after_login(Limits())
    assert before.non_synchronizing == LITERAL_MINUS == 4096
    assert after.non_synchronizing == after.literal > LITERAL_MINUS
    tight = Bounds.before_login(Limits(imap_literals_before_login=100))
    assert tight.non_synchronizing == tight.literal == 100
    assert before.line < after.line
    assert before.nesting < after.nesting
    assert before.ranges < after.ranges


# ----------------------------------------------------------------------------- what is refused


def refuse_x(line: bytes) -> Refusal | None:
    return Refusal("No", tag_of(line)) if b" X" in line else None


@pytest.mark.parametrize(
    "rest",
    [
        b"\r\n",
        b" {5+}\r\nb X\r\n\r\n",
        b" {3+}\r\nb X {3+}\r\nc X\r\n",
        b" {9+}\r\nb NOOP\r\n \r\n",
        # The client waits for "+", gets our answer instead, and sends nothing.
        b" {5}\r\n",
        b" {3+}\r\nabc {5}\r\n",
        b" " + b"y" * 200 + b"{4+}\r\nb X\r\r\n",
    ],
)
def test_a_refused_command_is_dropped_with_its_literals_and_never_run(rest):
    octets = b"a X" + rest + b"z NOOP\r\n"
    bounds = replace(BOUNDS, line=1000)
    expected = [Refusal("No", "a"), Frame(b"z NOOP")]
    assert frame(octets, bounds=bounds, admit=refuse_x) == expected
    single = (octets[i : i + 1] for i in range(len(octets)))
    assert frame(*single, bounds=bounds, admit=refuse_x) == expected


def test_only_so_much_is_swallowed_in_all():
    inner = b"x" * 50
    octets = b"a X {50+}\r\n" + inner + b" {50+}\r\n" + inner
    assert frame(octets + b"\r\nb NOOP\r\n", admit=refuse_x) == [
        Refusal("No", "a"),
        Frame(b"b NOOP"),
    ]
    assert frame(octets + b" {1+}\r\n", admit=refuse_x) == [
        Refusal("No", "a"),
        replace(TOO_BIG_LITERAL, tag="a", status=Status.BYE),
    ]


def test_the_gate_sees_the_first_line_only():
    seen = []
    frame(b"a A {3+}\r\nb X c\r\nd B\r\n", admit=seen.append)
    assert seen == [b"a A {3+}", b"d B"]


# --------------------------------------------------------------------------------------- messages


def head(before: bytes, size: int, *, sync: bool = False, binary: bool = False, first: bool = True):
    return MessageHead(before, size, sync, binary, first)


@pytest.mark.parametrize(
    ("octets", "units"),
    [
        (
            b"a APPEND x {3+}\r\nabc\r\n",
            [head(b"a APPEND x ", 3), MessageChunk(b"abc"), MessageEnd(b"")],
        ),
        (
            b"a append x {3}\r\nabc\r\n",
            [head(b"a append x ", 3, sync=True), MessageChunk(b"abc"), MessageEnd(b"")],
        ),
        (b"a APPEND x {0+}\r\n\r\n", [head(b"a APPEND x ", 0), MessageEnd(b"")]),
        (
            b"a APPEND x UTF8 (~{1+}\r\nx)\r\n",
            [head(b"a APPEND x UTF8 (", 1, binary=True), MessageChunk(b"x"), MessageEnd(b")")],
        ),
        (
            b"a APPEND {1+}\r\nx {2+}\r\nyz\r\n",
            [head(b"a APPEND {1+}\r\nx ", 2), MessageChunk(b"yz"), MessageEnd(b"")],
        ),
        (
            b"a APPEND x {1+}\r\ny {2+}\r\nzz\r\n",
            [
                head(b"a APPEND x ", 1),
                MessageChunk(b"y"),
                head(b" ", 2, first=False),
                MessageChunk(b"zz"),
                MessageEnd(b""),
            ],
        ),
        # A message may be far larger than what is held of other literals.
        (
            b"a APPEND x {500+}\r\n" + b"m" * 500 + b"\r\n",
            [head(b"a APPEND x ", 500), MessageChunk(b"m" * 500), MessageEnd(b"")],
        ),
        (b"a APPENDX x {3+}\r\nabc\r\n", [Frame(b"a APPENDX x {3+}\r\nabc")]),
    ],
)
def test_the_message_of_append_is_told_from_other_literals(octets, units):
    assert frame(octets) == units


def test_a_message_waits_for_a_decision():
    framer = Framer(BOUNDS, lambda line: None)
    framer.receive(b"a APPEND x {3+}\r\nabc\r\nb NOOP\r\n")
    assert isinstance(framer.next_unit(), MessageHead)
    assert framer.next_unit() is None
    framer.refuse_message(coming=True)
    assert framer.next_unit() == Frame(b"b NOOP")


def test_a_refused_message_that_the_client_waits_with_does_not_come():
    framer = Framer(BOUNDS, lambda line: None)
    framer.receive(b"a APPEND x {3}\r\n")
    assert isinstance(framer.next_unit(), MessageHead)
    framer.refuse_message(coming=False)
    framer.receive(b"b NOOP\r\n")
    assert framer.next_unit() == Frame(b"b NOOP")


def test_what_is_left_of_a_message_is_dropped():
    framer = Framer(BOUNDS, lambda line: None)
    framer.receive(b"a APPEND x {9+}\r\nabc")
    assert isinstance(framer.next_unit(), MessageHead)
    framer.accept_message()
    assert framer.next_unit() == MessageChunk(b"abc")
    framer.refuse_message(coming=True)
    framer.receive(b"b X\r\n\r")
    assert framer.next_unit() is None
    framer.receive(b"\r\nb NOOP\r\n")
    assert framer.next_unit() == Frame(b"b NOOP")


# ------------------------------------------------------------------------------- bare lines (SASL)


def test_lines_are_taken_as_they_are():
    framer = Framer(BOUNDS, lambda line: Refusal("never asked"))
    framer.receive(b"dGVzdA==\r\n{5+}\r\n")
    assert framer.next_line() == b"dGVzdA=="
    assert framer.next_line() == b"{5+}"
    assert framer.next_line() is None


def test_a_line_without_end_is_refused():
    framer = Framer(BOUNDS, lambda line: None)
    framer.receive(b"x" * BOUNDS.line)
    refusal = framer.next_line()
    assert isinstance(refusal, Refusal)
    assert refusal.text == "Line too long"


def test_peeking_leaves_the_octets():
    framer = Framer(BOUNDS, lambda line: None)
    framer.receive(b"a NOOP\r\n")
    assert framer.peek(3) == b"a N"
    assert len(framer) == 8
    assert framer.next_unit() == Frame(b"a NOOP")
    assert len(framer) == 0
