"""The cursor: words, numbers and brackets."""

from __future__ import annotations

import pytest

from mailcore.imap.wire.cursor import MAX_32, MAX_63, Cursor, ParseError


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"0", 0),
        (b"0000000007", 7),
        (b"4294967295 ", MAX_32),
        (b"4294967296", None),
        (b"12345678901", None),
        (b"-1", None),
        (b"x", None),
        (b"", None),
        ("٣".encode(), None),
    ],
)
def test_number(octets, value):
    if value is None:
        with pytest.raises(ParseError):
            Cursor(octets).number()
    else:
        assert Cursor(octets).number() == value


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"9223372036854775807", MAX_63),
        (b"9223372036854775808", None),
        (b"99999999999999999999", None),
        (b"0", 0),
    ],
)
def test_number64(octets, value):
    if value is None:
        with pytest.raises(ParseError):
            Cursor(octets).number64()
    else:
        assert Cursor(octets).number64() == value


def test_zero_is_not_positive():
    assert Cursor(b"1").positive64() == 1
    with pytest.raises(ParseError, match="Zero"):
        Cursor(b"0").positive64()


def test_words_are_whole_and_of_any_case():
    cursor = Cursor(b"Body.Peek[1]")
    assert cursor.peek_word() == "BODY.PEEK"
    assert not cursor.skip_word("BODY")
    assert cursor.skip_word("BODY.PEEK")
    assert cursor.at(b"[1]")
    assert cursor.peek_word() == ""


@pytest.mark.parametrize(
    ("octets", "items"),
    [
        (b"(1)", [1]),
        (b"(1 2 3)", [1, 2, 3]),
        (b"()", []),
        (b"( 1)", None),
        (b"(1  2)", None),
        (b"(1 )", None),
        (b"(1", None),
        (b"1)", None),
    ],
)
def test_brackets(octets, items):
    if items is None:
        with pytest.raises(ParseError):
            Cursor(octets).bracketed(Cursor.number, "numbers", empty=True)
    else:
        assert Cursor(octets).bracketed(Cursor.number, "numbers", empty=True) == items


def test_empty_brackets_only_where_they_may_be():
    with pytest.raises(ParseError):
        Cursor(b"()").bracketed(Cursor.number, "numbers")


def test_depth_is_counted_down_and_given_back():
    cursor = Cursor(b"(((1)))", depth=3)

    def nested(cursor: Cursor) -> object:
        return cursor.bracketed(nested, "numbers") if cursor.at(b"(") else cursor.number()

    assert nested(cursor) == [[[1]]]
    assert cursor.depth == 3
    with pytest.raises(ParseError, match="Nested too deeply"):
        nested(Cursor(b"((((1))))", depth=3))


def test_the_end_is_the_end():
    cursor = Cursor(b"a ")
    cursor.expect(b"a", "an a")
    with pytest.raises(ParseError, match="Unexpected text"):
        cursor.end()
    cursor.space()
    cursor.end()
    with pytest.raises(ParseError, match="Expected a space"):
        cursor.space()
