"""Dates and message identifiers."""

from __future__ import annotations

import email.utils
from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailcore.message import message_ids, parse_date


def at(hours: float, *parts: int) -> datetime:
    year, month, day, hour, minute, second = parts
    zone = timezone(timedelta(hours=hours))
    return datetime(year, month, day, hour, minute, second, tzinfo=zone)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"Fri, 21 Nov 1997 09:55:06 -0600", at(-6, 1997, 11, 21, 9, 55, 6)),
        (b"21 Nov 1997 09:55 +0530", at(5.5, 1997, 11, 21, 9, 55, 0)),
        (b"Thu,\r\n 13\r\n Feb\r\n 1969\r\n 23:32\r\n -0330 (Newfoundland Time)",
         at(-3.5, 1969, 2, 13, 23, 32, 0)),
        (b"21 Nov 97 09:55:06 GMT", at(0, 1997, 11, 21, 9, 55, 6)),
        (b"1 Jan 05 00:00:00 EST", at(-5, 2005, 1, 1, 0, 0, 0)),
        (b"1 Jan 105 00:00:00 PDT", at(-7, 2005, 1, 1, 0, 0, 0)),
        (b"Fri, 21 Nov 1997 09(comment): 55 : 06 Z", at(0, 1997, 11, 21, 9, 55, 6)),
        (b"21-Nov-1997 09:55:06 +0000", at(0, 1997, 11, 21, 9, 55, 6)),
        (b"21 november 1997 9:55:06", at(0, 1997, 11, 21, 9, 55, 6)),
        (b"31 Dec 2016 23:59:60 +0000", at(0, 2016, 12, 31, 23, 59, 59)),
        (b"1 Jan 2020 00:00:00 +9900", at(0, 2020, 1, 1, 0, 0, 0)),
        (b"1 Jan 2020 00:00:00 +02:00", at(2, 2020, 1, 1, 0, 0, 0)),
    ],
)  # fmt: skip
def test_dates(raw: bytes, expected: datetime) -> None:
    found = parse_date(raw)
    assert found == expected
    assert found is not None
    assert found.utcoffset() == expected.utcoffset()


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"yesterday",
        b"32 Jan 2020 00:00:00 +0000",
        b"1 Foo 2020 00:00:00 +0000",
        b"1 Jan 2020 25:00:00 +0000",
        b"1 Jan 0000 00:00:00 +0000",
        b"31 Dec 9999 23:59:59 -0100",
        b"(" * 1000 + b"1 Jan 2020 00:00:00 +0000",
    ],
)
def test_what_is_no_date(raw: bytes) -> None:
    assert parse_date(raw) is None


def test_the_standard_library_reads_the_same() -> None:
    now = datetime(2024, 2, 29, 12, 34, 56, tzinfo=UTC)
    assert parse_date(email.utils.format_datetime(now).encode()) == now


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (b"", ()),
        (b"<a@b>", ("<a@b>",)),
        (b"<a@b>\r\n\t<c@d><e@f>", ("<a@b>", "<c@d>", "<e@f>")),
        (b'Your message of Tuesday <a@b> "x"', ("<a@b>",)),
        (b'<"01KF8JCEOCBS0045PS"@xxx.yyy.com>', ("<01KF8JCEOCBS0045PS@xxx.yyy.com>",)),
        (b"<a\r\n @b> <> < <c@d>", ("<a@b>", "<c@d>")),
        (b"<\xff@b>", ("<\ufffd@b>",)),
        (b"<a\xe2\x80\x83\x0b@b>", ("<a@b>",)),
    ],
)
def test_message_ids(raw: bytes, expected: tuple[str, ...]) -> None:
    assert message_ids(raw) == expected


@pytest.mark.parametrize(("limit", "expected"), [(3, "abc"), (2, "ac"), (1, "a"), (0, "")])
def test_of_too_many_the_first_and_the_last_are_kept(limit: int, expected: str) -> None:
    assert message_ids(b"<a> <b> <c>", limit=limit) == tuple(f"<{name}>" for name in expected)
