"""mbox of the kind "mboxrd", which can be undone (RFC 4155, appendix A; qmail's mbox(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final

from mailcore.smtp import with_crlf
from mailcore_agentpost.formats.mail import Mail, from_letters, to_letters, to_lf

_FROM: Final = b"From "
_QUOTED: Final = re.compile(rb"^>(>*From )", re.MULTILINE)
_TO_QUOTE: Final = re.compile(rb"^(>*From )", re.MULTILINE)
# The fields that mail programs note flags in; they are no part of the message.
_NOTES: Final = re.compile(rb"^(Status|X-Status|X-Keywords):[ \t]*([^\n]*)\n", re.IGNORECASE)
_LETTERS: Final = {
    "R": "\\Seen",
    "A": "\\Answered",
    "F": "\\Flagged",
    "T": "\\Draft",
    "D": "\\Deleted",
}
# asctime, without the names of the locale.
_DAYS: Final = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS: Final = (
    *("Jan", "Feb", "Mar", "Apr", "May", "Jun"),
    *("Jul", "Aug", "Sep", "Oct", "Nov", "Dec"),
)
_ASCTIME: Final = re.compile(
    rb"From .*? ?[A-Z][a-z]{2} ([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d):(\d\d)"
    rb" (?:[A-Z]{1,5} )?(\d{4})"
)


def read_mbox(path: Path) -> Iterator[Mail]:
    """Yield the messages of a file.

    A line that begins with "From " starts a message where an empty line, or nothing, is before it.

    Raises:
        OSError: it can not be read.
        ValueError: it is no mbox.
    """
    with path.open("rb") as file:
        first = file.readline()
        if not first:
            return
        if not first.startswith(_FROM):
            raise ValueError(f"{path} is no mbox: it does not begin with a From line")
        lines: list[bytes] = []
        envelope, empty = first, False
        for line in file:
            if empty and line.startswith(_FROM):
                yield _mail(envelope, lines)
                lines, envelope = [], line
            else:
                lines.append(line)
            empty = line in (b"\n", b"\r\n")
        yield _mail(envelope, lines)


def _mail(envelope: bytes, lines: list[bytes]) -> Mail:
    size = len(envelope) + sum(map(len, lines))
    if lines and lines[-1] in (b"\n", b"\r\n"):
        lines.pop()  # the one that separates
    text = _QUOTED.sub(rb"\1", to_lf(b"".join(lines)))
    header, separator, body = text.partition(b"\n\n")
    flags: frozenset[str] = frozenset()
    kept = []
    if separator:
        header += b"\n"
    for field in re.split(rb"(?<=\n)(?![ \t])", header):
        note = _NOTES.fullmatch(field)
        if note is None:
            kept.append(field)
        elif note[1].lower() == b"x-keywords":
            flags |= frozenset(note[2].decode("ascii", "replace").split())
        else:
            flags |= from_letters(note[2].decode("ascii", "replace"), _LETTERS)
    text = b"".join(kept) + (b"\n" + body if separator else b"")
    return Mail(with_crlf(text), flags, _date(envelope), size)


def _date(envelope: bytes) -> datetime | None:
    match = _ASCTIME.match(envelope)
    if match is None:
        return None
    month, *numbers = (part.decode("ascii") for part in match.groups())
    day, hour, minute, second, year = map(int, numbers)
    try:
        return datetime(year, _MONTHS.index(month) + 1, day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None


class MboxWriter:
    """Writes one file; it must not be there yet.

    Raises:
        OSError: it is, or can not be written.
    """

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._file: BinaryIO = path.open("xb")

    def write(self, mail: Mail) -> None:
        """Add a message."""
        text = to_lf(mail.octets)
        when = (mail.date or datetime.now(UTC)).astimezone(UTC)
        day = f"{_DAYS[when.weekday()]} {_MONTHS[when.month - 1]} {when.day:2}"
        stamp = f"{day} {when:%H:%M:%S} {when.year:04}"
        notes = b""
        letters = to_letters(mail.flags, _LETTERS)
        if "R" in letters:
            notes += b"Status: RO\n"
        if others := letters.replace("R", ""):
            notes += f"X-Status: {others}\n".encode()
        if keywords := sorted(flag for flag in mail.flags if not flag.startswith("\\")):
            notes += f"X-Keywords: {' '.join(keywords)}\n".encode()
        self._file.write(f"From MAILER-DAEMON {stamp}\n".encode())
        self._file.write(_TO_QUOTE.sub(rb">\1", notes + text))
        self._file.write(b"\n" if text.endswith(b"\n") else b"\n\n")

    def __enter__(self) -> MboxWriter:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()
