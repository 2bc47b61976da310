"""Sequence sets (RFC 9051 §9, and row 5 of what real clients send)."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.types import STAR, SequenceSet


@pytest.mark.parametrize(
    ("ranges", "chosen"),
    [
        (((STAR, 3),), [3]),
        (((1, 1), (STAR, STAR)), [1, 3]),
        (((5, STAR),), [3]),
        (((STAR, STAR),), [3]),
        (((2, 1), (1, 2)), [1, 2]),
        (((4, 9),), []),
    ],
    ids=["*:3", "1,*", "5:*", "*", "2:1,1:2", "4:9"],
)
def test_sets_in_a_box_of_three(ranges: tuple[tuple[int, int], ...], chosen: list[int]) -> None:
    assert list(SequenceSet(ranges).select([1, 2, 3])) == chosen


def test_star_in_an_empty_box_is_nothing() -> None:
    assert list(SequenceSet(((1, STAR),)).select([])) == []


def test_uid_range_beyond_the_end_gives_the_last_message() -> None:
    assert list(SequenceSet(((1000, STAR),)).select([4, 90, 700])) == [700]


@given(st.sets(st.integers(1, 60)))
def test_of_makes_the_shortest_set(numbers: set[int]) -> None:
    made = SequenceSet.of(numbers)
    assert set(made.select(sorted(numbers))) == numbers
    assert list(made.select(range(1, 61))) == sorted(numbers)
    assert all(
        later[0] > earlier[1] + 1
        for earlier, later in zip(made.ranges, made.ranges[1:], strict=False)
    )


@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1), st.integers(1, 40))
def test_resolved_is_sorted_disjoint_and_complete(
    pairs: list[tuple[int, int]], largest: int
) -> None:
    resolved = SequenceSet(tuple(pairs)).resolved(largest)
    expected = set()
    for first, last in pairs:
        low, high = sorted((first or largest, last or largest))
        expected.update(range(low, high + 1))
    assert {n for low, high in resolved for n in range(low, high + 1)} == expected
    assert all(b[0] > a[1] + 1 for a, b in itertools.pairwise(resolved))


def test_text_is_what_the_wire_says() -> None:
    assert str(SequenceSet(((1, 1), (3, 5), (7, STAR)))) == "1,3:5,7:*"


@given(st.sets(st.integers(1, 60)))
def test_rising_numbers_are_told_in_the_fewest_ranges(numbers: set[int]) -> None:
    rising = sorted(numbers)
    found = SequenceSet.rising(rising)
    assert list(found.numbers()) == rising
    assert found == SequenceSet.in_order(rising)


def test_a_long_row_is_one_range() -> None:
    assert SequenceSet.rising(range(5, 2_000_000)).ranges == ((5, 1_999_999),)


@given(
    st.sets(st.integers(1, 30)),
    st.integers(0, 30),
    st.lists(st.tuples(st.integers(0, 32), st.integers(0, 32)), min_size=1),
)
def test_spans_of_the_first_ones_are_those_of_a_shorter_sequence(
    numbers: set[int], count: int, ranges: list[tuple[int, int]]
) -> None:
    rising, wanted = sorted(numbers), SequenceSet(tuple(ranges))
    count = min(count, len(rising))
    assert list(wanted.spans(rising, count)) == list(wanted.spans(rising[:count]))
