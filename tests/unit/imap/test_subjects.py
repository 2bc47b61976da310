"""Base subjects (RFC 5256 §2.1)."""

from __future__ import annotations

import time

import pytest

from mailcore.imap.subjects import base_subject


@pytest.mark.parametrize(
    ("subject", "text", "is_reply"),
    [
        ("", "", False),
        ("hello", "hello", False),
        ("  many \t spaces\r\n\tfolded ", "many spaces folded", False),
        ("Re: hello", "hello", True),
        ("RE : hello", "hello", True),
        ("re:re:Fw: FWD: hello", "hello", True),
        ("Re: [list] hello", "hello", True),
        ("[list] hello", "hello", False),
        ("[list] [other] hello", "hello", False),
        ("[list] Re: hello", "hello", True),
        ("Re[2]: hello", "hello", True),
        ("Re [2] : hello", "hello", True),
        ("hello (fwd)", "hello", True),
        ("hello (fwd) (FWD) ", "hello", True),
        ("[fwd: hello]", "hello", True),
        ("[Fwd: Re: [list] hello (fwd)]", "hello", True),
        ("[fwd: hello", "[fwd: hello", False),
        ("[list]", "[list]", False),
        ("Re: [list]", "[list]", True),
        ("Re:", "", True),
        ("Reply: hello", "Reply: hello", False),
        ("[a[b] Re: hello", "[a[b] Re: hello", False),
        ("(fwd)", "", True),
    ],
)
def test_base_subjects(subject: str, text: str, is_reply: bool) -> None:
    assert base_subject(subject) == (text, is_reply)


@pytest.mark.parametrize(
    "piece", ["[x]", "[x] ", "re:", "re: [x] ", "(fwd)", "[fwd:", " ", "[", "re[", "[fwd: x]"]
)
def test_hostile_subjects_take_linear_time(piece: str) -> None:
    """A quadratic one would take a hundred times the processor, not ten times."""

    def seconds(count: int) -> float:
        subject = piece * count + "x"
        start = time.thread_time()
        base_subject(subject)
        return time.thread_time() - start

    seconds(1000)
    small = min(seconds(2000) for _ in range(3))
    assert min(seconds(20_000) for _ in range(3)) < 50 * small + 0.01
