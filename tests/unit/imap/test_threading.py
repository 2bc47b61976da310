"""Threads: by subject, by references, and what strangers can put into them (RFC 5256 §3)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.collation import casemap
from mailcore.imap.responses import ThreadNode, ThreadResponse
from mailcore.imap.subjects import base_subject
from mailcore.imap.threading import ALGORITHMS
from mailcore.imap.wire.encode_responses import ResponseEncoder


@dataclass
class Message:
    number: int
    message_id: str | None = None
    references: Sequence[str] = ()
    raw_subject: str = ""
    date: float = 0.0

    @property
    def subject(self) -> str:
        return base_subject(self.raw_subject).text

    @property
    def is_reply(self) -> bool:
        return base_subject(self.raw_subject).is_reply


def threads(algorithm: str, *messages: Message) -> str:
    """Return what THREAD answers, without its name."""
    for position, message in enumerate(messages):
        message.date = message.date or float(position + 1)
    found = ALGORITHMS[algorithm](messages, casemap)
    line = ResponseEncoder().encode(ThreadResponse(found)).decode()
    return line.removeprefix("* THREAD").strip()


def test_ordered_subject() -> None:
    assert (
        threads(
            "ORDEREDSUBJECT",
            Message(1, raw_subject="b"),
            Message(2, raw_subject="a", date=0.5),
            Message(3, raw_subject="Re: B"),
            Message(4, raw_subject="Fwd: b"),
        )
        == "(2)(1 (3)(4))"
    )


def test_a_chain_and_a_fork() -> None:
    """The tree of RFC 5256 §4: 3 is answered by 6, and that by 4 and by 44."""
    assert (
        threads(
            "REFERENCES",
            Message(2, "<2>"),
            Message(3, "<3>"),
            Message(6, "<6>", ["<3>"]),
            Message(4, "<4>", ["<3>", "<6>"]),
            Message(23, "<23>", ["<3>", "<6>", "<4>"]),
            Message(44, "<44>", ["<3>", "<6>"]),
            Message(7, "<7>", ["<3>", "<6>", "<44>"]),
            Message(96, "<96>", ["<3>", "<6>", "<44>", "<7>"]),
        )
        == "(2)(3 6 (4 23)(44 7 96))"
    )


def test_answers_to_a_message_that_is_not_here() -> None:
    """RFC 5256 §4: ``((3)(5))``."""
    assert threads("REFERENCES", Message(3, "<3>", ["<x>"]), Message(5, "<5>", ["<x>"])) == (
        "((3)(5))"
    )


def test_one_answer_to_a_message_that_is_not_here_stands_for_it() -> None:
    assert threads("REFERENCES", Message(3, "<3>", ["<x>", "<y>"])) == "(3)"


def test_a_gap_is_closed() -> None:
    assert threads("REFERENCES", Message(1, "<1>"), Message(3, "<3>", ["<1>", "<gone>"])) == "(1 3)"


def test_the_same_subject_joins_threads() -> None:
    assert (
        threads(
            "REFERENCES",
            Message(1, "<1>", raw_subject="Re: lunch"),
            Message(2, "<2>", raw_subject="lunch"),
            Message(3, "<3>", raw_subject="other"),
        )
        == "(2 1)(3)"
    )


def test_two_that_are_no_answers_stand_side_by_side() -> None:
    assert threads(
        "REFERENCES",
        Message(1, "<1>", raw_subject="lunch"),
        Message(2, "<2>", raw_subject="Lunch"),
        Message(3, "<3>", raw_subject="lunch"),
    ) in ("((1)(2)(3))", "((1)(3)(2))", "(((1)(2))(3))")


def test_no_subject_joins_nothing() -> None:
    assert threads("REFERENCES", Message(1, "<1>"), Message(2, "<2>")) == "(1)(2)"


def test_refs_never_go_by_subject_and_end_with_the_latest() -> None:
    assert (
        threads(
            "REFS",
            Message(1, "<1>", raw_subject="lunch"),
            Message(2, "<2>", raw_subject="Re: lunch"),
            Message(3, "<3>", ["<1>"]),
        )
        == "(2)(1 3)"
    )


def test_an_identifier_that_comes_twice() -> None:
    messages = Message(1, "<1>"), Message(2, "<1>"), Message(3, "<3>", ["<1>"])
    assert threads("REFERENCES", *messages) == "(1 3)(2)"


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_cycles_end(algorithm: str) -> None:
    found = threads(
        algorithm,
        Message(1, "<1>", ["<2>"]),
        Message(2, "<2>", ["<3>"]),
        Message(3, "<3>", ["<1>"]),
        Message(4, "<4>", ["<4>"]),
    )
    for number in "1234":
        assert found.count(number) == 1


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_chain_of_ten_thousand_needs_no_deep_stack(algorithm: str) -> None:
    messages = [
        Message(number, f"<{number}>", [f"<{number - 1}>"], date=float(number))
        for number in range(1, 10_001)
    ]
    assert len(re.findall(r"\d+", threads(algorithm, *messages))) == 10_000


_IDS = [f"<{number}>" for number in range(8)]
_MESSAGES = st.lists(
    st.tuples(
        st.none() | st.sampled_from(_IDS),
        st.lists(st.sampled_from(_IDS), max_size=4),
        st.sampled_from(["", "a", "Re: a", "b", "Fwd: b"]),
        st.floats(1, 9),
    ),
    max_size=10,
)


@given(_MESSAGES, st.sampled_from(sorted(ALGORITHMS)))
def test_every_message_is_in_one_place(
    rows: list[tuple[str | None, list[str], str, float]], algorithm: str
) -> None:
    """Whatever refers to whatever."""
    messages = [Message(number, *row) for number, row in enumerate(rows, 1)]
    found: list[int] = []
    waiting: list[ThreadNode] = [*ALGORITHMS[algorithm](messages, casemap)]
    while waiting:
        node = waiting.pop()
        if node.number is None:
            assert len(node.children) > 1
        else:
            found.append(node.number)
        waiting += node.children
    assert sorted(found) == [message.number for message in messages]
