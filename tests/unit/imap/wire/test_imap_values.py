"""Dates, sequence sets, flags and modified UTF-7, one table each."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mailcore.imap.types import STAR, SequenceSet
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.dates import format_date, format_date_time, parse_date, parse_date_time
from mailcore.imap.wire.flags import flag, flag_list, store_flags
from mailcore.imap.wire.mutf7 import decode_mutf7, encode_mutf7
from mailcore.imap.wire.sets import sequence_set


def parse(parser, octets: bytes, **options):
    cursor = Cursor(octets, **options)
    value = parser(cursor)
    cursor.end()
    return value


# ------------------------------------------------------------------------------------------ dates


@pytest.mark.parametrize(
    ("octets", "day"),
    [
        (b"1-Feb-2026", date(2026, 2, 1)),
        (b"01-fEB-2026", date(2026, 2, 1)),
        (b'"29-Feb-2024"', date(2024, 2, 29)),
        (b"29-Feb-2026", None),
        (b"0-Jan-2026", None),
        (b"1-Foo-2026", None),
        (b"1-Jan-0000", None),
        (b"1-Jan-26", None),
        (b"1 Jan 2026", None),
        (b'"1-Jan-2026', None),
        (b"", None),
    ],
)
def test_dates_of_search(octets, day):
    if day is None:
        with pytest.raises(ParseError):
            parse(parse_date, octets)
    else:
        assert parse(parse_date, octets) == day


@pytest.mark.parametrize("day", [date(1, 1, 1), date(2026, 12, 31), date(9999, 9, 9)])
def test_dates_of_search_go_both_ways(day):
    assert parse(parse_date, format_date(day)) == day


@pytest.mark.parametrize(
    ("octets", "moment"),
    [
        (b'"17-Jul-1996 02:44:25 -0700"', (1996, 7, 17, 2, 44, 25, -7 * 60)),
        (b'" 7-jul-1996 02:44:25 +0530"', (1996, 7, 7, 2, 44, 25, 330)),
        (b'"07-Jul-1996 02:44:25 +0000"', (1996, 7, 7, 2, 44, 25, 0)),
        (b'"7-Jul-1996 02:44:25 +0000"', None),
        (b'"32-Jul-1996 02:44:25 +0000"', None),
        (b'"17-Jul-1996 24:44:25 +0000"', None),
        (b'"17-Jul-1996 02:44:60 +0000"', None),
        (b'"17-Jul-1996 02:44:25 +2400"', None),
        (b'"17-Jul-1996 02:44:25 GMT"', None),
        (b'"17-Jul-1996 02:44:25"', None),
        (b"17-Jul-1996 02:44:25 +0000", None),
        (b'"  -Jul-1996 02:44:25 +0000"', None),
    ],
)
def test_dates_with_a_time(octets, moment):
    if moment is None:
        with pytest.raises(ParseError):
            parse(parse_date_time, octets)
    else:
        *numbers, minutes = moment
        zone = timezone(timedelta(minutes=minutes))
        parsed = parse(parse_date_time, octets)
        assert parsed == datetime(*numbers, tzinfo=zone)
        assert parsed.utcoffset() == timedelta(minutes=minutes)


@pytest.mark.parametrize(
    ("moment", "written"),
    [
        (datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), b'" 2-Jan-2026 03:04:05 +0000"'),
        (datetime(2026, 1, 2, 3, 4, 5, 678), b'" 2-Jan-2026 03:04:05 +0000"'),
        (
            datetime(2026, 11, 22, 3, 4, 5, tzinfo=timezone(-timedelta(hours=3, minutes=30))),
            b'"22-Nov-2026 03:04:05 -0330"',
        ),
    ],
)
def test_dates_with_a_time_are_written(moment, written):
    assert format_date_time(moment) == written


# ----------------------------------------------------------------------------------- sequence sets


@pytest.mark.parametrize(
    ("octets", "ranges"),
    [
        (b"1", [(1, 1)]),
        (b"*", [(STAR, STAR)]),
        (b"1:*", [(1, STAR)]),
        (b"*:4", [(STAR, 4)]),
        (b"4:2,7,1:1", [(4, 2), (7, 7), (1, 1)]),
        (b"4294967295", [(4294967295, 4294967295)]),
        (b"0", None),
        (b"1:0", None),
        (b"01", None),
        (b"4294967296", None),
        (b"99999999999", None),
        (b"", None),
        (b",1", None),
        (b"1,", None),
        (b"1,,2", None),
        (b"1:", None),
        (b":1", None),
        (b"1:2:3", None),
        (b"**", None),
        (b"1;2", None),
        (b"a", None),
    ],
)
def test_sequence_sets(octets, ranges):
    if ranges is None:
        with pytest.raises(ParseError):
            parse(sequence_set, octets)
    else:
        assert parse(sequence_set, octets) == SequenceSet(tuple(ranges))
        assert str(parse(sequence_set, octets)).encode() in (octets, octets.replace(b"1:1", b"1"))


def test_only_so_many_ranges():
    assert len(parse(sequence_set, b"1,2,3", ranges=3).ranges) == 3
    with pytest.raises(ParseError, match="Too many"):
        parse(sequence_set, b"1,2,3,4", ranges=3)


# ------------------------------------------------------------------------------------------ flags


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"\\sEEN", "\\Seen"),
        (b"\\RECENT", "\\Recent"),
        (b"\\Extension", "\\Extension"),
        (b"$Junk", "$Junk"),
        (b"Seen", "Seen"),
        (b"\\*", None),
        (b"\\", None),
        (b"", None),
        (b"a]", None),
        ("ü".encode(), None),
    ],
)
def test_flags(octets, value):
    if value is None:
        with pytest.raises(ParseError):
            parse(flag, octets)
    else:
        assert parse(flag, octets) == value


@pytest.mark.parametrize(
    ("octets", "value"),
    [
        (b"()", ()),
        (b"(a \\seen)", ("a", "\\Seen")),
        (b"a", ("a",)),
        (b"a \\seen b", ("a", "\\Seen", "b")),
        (b"(\\Recent)", None),
        (b"\\recent", None),
        (b"(a  b)", None),
        (b"(a", None),
        (b"a ", None),
        (b"", None),
    ],
)
def test_flags_of_store(octets, value):
    if value is None:
        with pytest.raises(ParseError):
            parse(store_flags, octets)
    else:
        assert parse(store_flags, octets) == value


def test_a_flag_list_has_brackets():
    with pytest.raises(ParseError):
        parse(flag_list, b"a")


# --------------------------------------------------------------------------------- modified UTF-7


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("", b""),
        ("R&D", b"R&-D"),
        ("&", b"&-"),
        ("&&", b"&-&-"),
        # RFC 3501 §5.1.3
        ("~peter/mail/台北/日本語", b"~peter/mail/&U,BTFw-/&ZeVnLIqe-"),
        ("😀", b"&2D3eAA-"),
        ("a\tb", b"a&AAk-b"),
        ("ü&", b"&APw-&-"),
        ("+/,", b"+/,"),
    ],
)
def test_modified_utf7_both_ways(name, written):
    assert encode_mutf7(name) == written
    assert decode_mutf7(written.decode()) == name


@pytest.mark.parametrize(
    "written",
    [
        "&",  # no end
        "a&b",
        "&AAk",
        "&A-",  # not whole octets
        "&AA-",  # half a character
        "&AGE-",  # "a" stands for itself
        "&AAl-",  # bits left over
        "&AAk=-",
        "&2D0-",  # half a surrogate pair
        "&/AAk-",
        "&ü-",
    ],
)
def test_what_is_not_modified_utf7(written):
    with pytest.raises(ValueError):
        decode_mutf7(written)


def test_characters_that_need_no_code_are_taken_as_they_are():
    assert decode_mutf7("ü&APw-") == "üü"


def test_a_lone_surrogate_has_no_spelling():
    with pytest.raises(ValueError):
        encode_mutf7("\ud800")
