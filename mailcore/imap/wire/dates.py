"""Dates, both ways (RFC 9051 §9)."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone
from functools import lru_cache

from mailcore.imap.wire.cursor import Cursor, ParseError

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_EPOCH_DAY = date(1970, 1, 1).toordinal()
_DAY = 24 * 60 * 60
_SECONDS = tuple(b"%02d" % second for second in range(60))
_MONTH_NUMBERS = {name.upper().encode(): number for number, name in enumerate(_MONTHS, 1)}

# date            =  date-text / DQUOTE date-text DQUOTE
# date-text       =  date-day "-" date-month "-" date-year
_DATE = re.compile(rb'("?)([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\1')
# date-time       =  DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
# date-day-fixed  =  (SP DIGIT) / 2DIGIT
# zone            =  ("+" / "-") 4DIGIT
_DATE_TIME = re.compile(
    rb'"([ 0-9][0-9])-([A-Za-z]{3})-([0-9]{4})'
    rb" ([0-9]{2}):([0-9]{2}):([0-9]{2})"
    rb' ([+-])([0-9]{2})([0-9]{2})"'
)


def parse_date(cursor: Cursor) -> date:
    """Return a date of SEARCH."""
    match = cursor.need(_DATE, "a date")
    try:
        return date(int(match[4]), _month(match[3]), int(match[2]))
    except ValueError:
        raise ParseError("No such date") from None


def parse_date_time(cursor: Cursor) -> datetime:
    """Return a date-time with its zone."""
    match = cursor.need(_DATE_TIME, "a date and time")
    offset = timedelta(hours=int(match[8]), minutes=int(match[9]))
    try:
        return datetime(
            int(match[3]),
            _month(match[2]),
            int(match[1]),
            int(match[4]),
            int(match[5]),
            int(match[6]),
            tzinfo=timezone(-offset if match[7] == b"-" else offset),
        )
    except ValueError:
        raise ParseError("No such date or time") from None


def format_date(day: date) -> bytes:
    """Write a date for SEARCH."""
    return f"{day.day}-{_MONTHS[day.month - 1]}-{day.year:04}".encode("ascii")


def format_date_time(moment: datetime) -> bytes:
    """Write a date-time with its quotes; without a zone it is UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    offset = int((moment.utcoffset() or timedelta()).total_seconds() / 60)
    local = moment.replace(tzinfo=UTC) - _EPOCH
    return format_timestamp(local // timedelta(seconds=1) - offset * 60, offset)


def format_timestamp(seconds: int, zone: int) -> bytes:
    """Write a date-time with its quotes.

    Arguments:
        seconds: since 1970, in UTC.
        zone: minutes east of it.
    """
    days, rest = divmod(seconds + zone * 60, _DAY)
    minute, second = divmod(rest, 60)
    return _day(days) + _minute(minute) + _SECONDS[second] + _zone(zone)


# Pieces that recur in FETCH of many messages, with what stands around them.


@lru_cache(maxsize=4096)
def _day(days: int) -> bytes:
    day = date.fromordinal(_EPOCH_DAY + days)
    return f'"{day.day:2}-{_MONTHS[day.month - 1]}-{day.year:04} '.encode("ascii")


@lru_cache(maxsize=24 * 60)
def _minute(of_the_day: int) -> bytes:
    return b"%02d:%02d:" % divmod(of_the_day, 60)


@lru_cache(maxsize=4096)
def _zone(minutes: int) -> bytes:
    hours, rest = divmod(abs(minutes), 60)
    return b'%b%02d%02d"' % (b" -" if minutes < 0 else b" +", hours, rest)


def _month(text: bytes) -> int:
    number = _MONTH_NUMBERS.get(text.upper())
    if number is None:
        raise ParseError("No such month")
    return number
