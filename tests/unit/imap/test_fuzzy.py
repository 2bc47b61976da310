"""Texts that are nearly what is looked for (RFC 6203)."""

from __future__ import annotations

import time
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap import fuzzy
from mailcore.imap.fuzzy import Likeness, distance, fold
from mailcore.limits import Limits


@pytest.mark.parametrize(
    ("wanted", "text", "score"),
    [
        ("lunch", "Lunch on Friday", 100),
        ("on friday", "lunch ON, friday?", 100),
        ("resume", "My Résumé", 100),
        ("RÉSUMÉ", "my resume", 100),
        ("straße", "STRASSE", 100),
        # All the words, and not in this order.
        ("friday lunch", "lunch on friday", 95),
        ("lun", "lunch", 85),
        ("unch", "lunch", 65),
        ("Helo", "hello", 75),
        ("Helo", "help", 75),
        ("lunhc", "lunch", 75),
        ("recieve", "receive", 75),
        ("appointemnt", "appointment", 75),
        ("apointmant", "appointment", 55),
        # Half of the words.
        ("IMAP break", "IMAP is broken", 50),
        ("lunch friday", "lunhc", 37),
        # What holds it letter by letter is found without FUZZY too.
        ("r@ex", "user@example.test", 65),
        ("a", "banana", 65),
        ("!?", "what!?", 100),
        ("", "anything", 100),
        ("東京", "今日は東京タワーです", 65),
    ],
)
def test_what_is_near(wanted: str, text: str, score: int) -> None:
    assert Likeness(wanted).score([text]) == score


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        ("lunch", "dinner"),
        ("lunch", ""),
        # Short words and numbers are themselves or nothing.
        ("cat", "car"),
        ("2025", "2024"),
        ("order 20251", "invoice 20252"),
        ("lunch on friday", "on monday"),
        ("!?", "what"),
    ],
)
def test_what_is_not_near(wanted: str, text: str) -> None:
    assert Likeness(wanted).score([text]) == 0


def test_texts_count_together() -> None:
    assert Likeness("friday lunch").score(["lunch", "friday"]) == 95
    assert Likeness("friday lunch").score([]) == 0
    assert Likeness("").score([]) == 0


@pytest.mark.parametrize(
    ("left", "right", "most", "found"),
    [
        ("abcd", "abcd", 1, 0),
        ("abcd", "abd", 1, 1),
        ("abcd", "abxcd", 1, 1),
        ("abcd", "bacd", 1, 1),
        ("abcd", "abdc", 1, 1),
        ("abcd", "axyd", 1, None),
        ("abcd", "axyd", 2, 2),
        ("abcd", "badc", 2, 2),
        ("abcd", "ab", 2, 2),
        ("abcd", "a", 2, None),
        ("", "ab", 2, 2),
        ("ab", "ba", 0, None),
    ],
)
def test_distance(left: str, right: str, most: int, found: int | None) -> None:
    assert distance(left, right, most) == found
    assert distance(right, left, most) == found


_WORDS = st.text("abc", max_size=7)


@given(_WORDS, _WORDS, st.integers(0, 3))
def test_distance_is_that_of_the_whole_table(left: str, right: str, most: int) -> None:
    """The same without the band and without an early end."""
    table = {(i, 0): i for i in range(len(left) + 1)} | {(0, j): j for j in range(len(right) + 1)}
    for i in range(1, len(left) + 1):
        for j in range(1, len(right) + 1):
            cost = left[i - 1] != right[j - 1]
            ways = [table[i - 1, j] + 1, table[i, j - 1] + 1, table[i - 1, j - 1] + cost]
            if i > 1 and j > 1 and left[i - 1] == right[j - 2] and left[i - 2] == right[j - 1]:
                ways.append(table[i - 2, j - 2] + 1)
            table[i, j] = min(ways)
    true = table[len(left), len(right)]
    assert distance(left, right, most) == (true if true <= most else None)


@given(st.text(max_size=30), st.text(max_size=10), st.text(max_size=10))
def test_what_is_found_letter_by_letter_is_near(wanted: str, before: str, behind: str) -> None:
    text = before + wanted + behind
    score = Likeness(wanted).score([text])
    # Letters that only together fold to something else may stand at the seams.
    assert 1 <= score <= 100 or fold(wanted) not in fold(text)


def test_only_so_many_words_are_compared_letter_by_letter(monkeypatch) -> None:
    """Many words of the same letters, each of which may be one that is looked for."""
    text = " ".join(map("".join, permutations("abcdefgh")))
    compared = []

    def noting(left: str, right: str, most: int) -> int | None:
        compared.append(right)
        return distance(left, right, most)

    monkeypatch.setattr(fuzzy, "distance", noting)
    assert Likeness("hgfedcbx", Limits(fuzzy_distances=7)).score([text]) == 0
    assert len(compared) == 7
    assert Likeness("hgfedcbx dcbahgfx", Limits(fuzzy_distances=7)).score([text]) == 0
    assert len(compared) == 7 * 3
    assert Likeness("hgfedcbx", Limits(fuzzy_words=50_000, fuzzy_distances=50_000)).score([text])


def test_only_so_many_words_are_compared() -> None:
    text = " ".join(f"word{number}x" for number in range(100)) + " lunhc"
    assert Likeness("lunch", Limits(fuzzy_words=101)).score([text]) == 75
    assert Likeness("lunch", Limits(fuzzy_words=100)).score([text]) == 0
    assert Likeness("dinner lunch", Limits(fuzzy_terms=1)).score(["dinner"]) == 100


@pytest.mark.parametrize("piece", ["a", "a ", "ab ", "\u00e9 ", "\u0301", "-"])
def test_a_long_term_takes_linear_time(piece: str) -> None:
    def seconds(count: int) -> float:
        wanted, text = piece * count + "z", piece * (4 * count)
        start = time.process_time()
        Likeness(wanted).score([text])
        return time.process_time() - start

    small = min(seconds(8_000) for _ in range(3))
    # A quadratic one would take a hundred times as long, not ten times.
    assert min(seconds(80_000) for _ in range(3)) < 40 * small + 0.01
