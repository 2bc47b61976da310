"""The date-time of a header field (RFC 5322 §3.3 and §4.3)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

from mailcore.message.headers import unfold

# Longer values are no dates.
_MAX_LENGTH = 256
_COMMENT = re.compile(rb"\([^()]*+\)")
# date-time  =  [day-name ","] day month year hour ":" minute [":" second] zone
# Also taken: "-" between day, month and year, month names in full, and a missing zone.
_DATE_TIME = re.compile(
    rb"\b([0-9]{1,2})[ \t-]+([A-Za-z]{3})[a-z]*[ \t-]+([0-9]{2,4})[ \t,]+"
    rb"([0-9]{1,2})[ \t]*:[ \t]*([0-9]{2})(?:[ \t]*:[ \t]*([0-9]{2}))?"
    rb"(?:[.][0-9]+)?[ \t]*(?:([+-])([0-9]{2}):?([0-9]{2})|([A-Za-z]{1,5}))?"
)
_MONTHS = {
    name: number
    for number, name in enumerate(
        (b"jan", b"feb", b"mar", b"apr", b"may", b"jun",
         b"jul", b"aug", b"sep", b"oct", b"nov", b"dec"), 1,
    )
}  # fmt: skip
# obs-zone; RFC 5322 §4.3 has the military letters and all other names mean -0000.
_OBS_ZONES = {b"EDT": -4, b"EST": -5, b"CDT": -5, b"CST": -6, b"MDT": -6, b"MST": -7, b"PDT": -7,
              b"PST": -8}  # fmt: skip


def parse_date(raw: bytes) -> datetime | None:
    """Return the point in time that a Date field names, with its zone, or None if it names none.

    A missing, unknown or impossible zone is UTC. A leap second is the second before it.

    Arguments:
        raw: the value of the field, folded or not.
    """
    value = unfold(raw)
    if len(value) > _MAX_LENGTH:
        return None
    match = _DATE_TIME.search(_COMMENT.sub(b" ", value))
    if match is None or match[2].lower() not in _MONTHS:
        return None
    try:
        date = datetime(
            _year(match[3]),
            _MONTHS[match[2].lower()],
            int(match[1]),
            int(match[4]),
            int(match[5]),
            min(int(match[6] or 0), 59),
            tzinfo=_zone(match),
        )
        date.astimezone(UTC)  # the last hours of year 9999 have no counterpart in UTC
    except (ValueError, OverflowError):
        return None
    return date


def _year(digits: bytes) -> int:
    # obs-year: 2 digits below 50 are of this century, other 2 and 3 digits count from 1900.
    year = int(digits)
    if len(digits) == 2:
        return year + (2000 if year < 50 else 1900)
    return year + 1900 if len(digits) == 3 else year


def _zone(match: re.Match[bytes]) -> timezone:
    if match[7] is None:
        hours = _OBS_ZONES.get((match[10] or b"").upper(), 0)
        return timezone(timedelta(hours=hours)) if hours else UTC
    minutes = int(match[8]) * 60 + int(match[9])
    if minutes == 0 or minutes >= 24 * 60:
        return UTC
    return timezone(timedelta(minutes=-minutes if match[7] == b"-" else minutes))
