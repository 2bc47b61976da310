"""Columns of flags: what they hold is what a list would, however many sets there are."""

from __future__ import annotations

import random

import pytest

from mailcore.imap.columns import FlagColumn, without

SEEN = frozenset({"\\Seen"})


@pytest.mark.parametrize("kinds", [3, 200, 2000])
def test_a_column_holds_what_a_list_would(kinds):
    draw = random.Random(kinds)
    sets = [frozenset({f"k{n}", *(["\\Seen"] if n % 3 else [])}) for n in range(kinds)]
    column, model = FlagColumn(), []
    for _ in range(1500):
        place = draw.randrange(len(model)) if model else 0
        one = draw.choice(sets)
        match draw.choice(["extend", "insert", "replace", "fill", "remove"]):
            case "extend":
                more = draw.choices(sets, k=5)
                column.extend(more)
                model.extend(more)
            case "insert":
                column.insert(place, one)
                model.insert(place, one)
            case "replace" if model:
                assert column.replace(place, one) is (model[place] != one)
                model[place] = one
            case "fill" if model:
                places = slice(place, min(place + 4, len(model)))
                column.fill(places, one)
                model[places] = [one] * (places.stop - places.start)
            case "remove":
                last = min(place + 3, len(model) - 1)
                column.remove([(place, last)] if model else [])
                del model[place : last + 1]
        assert len(column) == len(model)
    assert list(column) == model
    assert list(column[2:9]) == model[2:9]
    assert list(column.at([5, 1])) == [model[5], model[1]]
    assert column.having("\\SEEN") == bytes("\\Seen" in one for one in model)
    assert column.known() >= frozenset().union(*model)


def test_of_many_kinds_of_flags_that_are_gone_the_column_is_narrow_again():
    column = FlagColumn()
    column.extend([frozenset({str(n)}) for n in range(300)])
    assert [column[0], column[299]] == [{"0"}, {"299"}]
    column.remove([(1, 298)])
    for n in range(2000):
        column.replace(0, frozenset({f"x{n}"}))
    assert list(column) == [{"x1999"}, {"299"}]
    assert len(column.known()) < 300


def test_a_slice_stays_what_it_was_when_the_table_is_made_anew():
    column = FlagColumn()
    column.extend([SEEN, frozenset()])
    part = column[:1]
    for n in range(600):
        column.replace(0, frozenset({str(n)}))
    assert list(part) == [SEEN]


def test_places_are_left_out_of_a_copy():
    column = bytearray(b"abcdefgh")
    assert without(column, [(0, 1), (3, 3), (6, 7)]) == b"cef"
    assert without(column, []) == column
    assert column == b"abcdefgh"
