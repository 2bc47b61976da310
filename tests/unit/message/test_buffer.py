"""Mapped files: read like octets in memory, and given back piece by piece."""

from __future__ import annotations

import mmap
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.summary import summarize
from mailcore.limits import KIB, MIB
from mailcore.message import buffer, header_block, pieces
from mailcore.message.buffer import count_lines, find_all

_TEXT = st.text("\r\n-ab", max_size=60).map(str.encode)


@contextmanager
def mapped(data: bytes) -> Iterator[mmap.mmap]:
    with tempfile.TemporaryFile() as file:
        file.write(data)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as found:
            yield found


@pytest.fixture
def small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(buffer, "_SLICE", 7)


@pytest.mark.usefixtures("small_slices")
@given(_TEXT.filter(bool), st.integers(0, 60), st.integers(0, 60))
def test_a_mapped_file_is_read_as_octets_are(data: bytes, start: int, end: int) -> None:
    start, end = min(start, len(data)), min(end, len(data))
    pattern = re.compile(rb"\n--([^\r\n]{1,3})|\n\r?\n")
    with mapped(data) as found:
        spans = [match.span() for match in find_all(pattern, found, start, end, 6)]
        assert spans == [match.span() for match in pattern.finditer(data, start, end)]
        assert count_lines(found, start, end) == count_lines(data, start, end)
        assert header_block(found, end) == header_block(data, end)
        assert list(pieces(found, 5, start=start)) == list(pieces(data, 5, start=start))


@pytest.mark.parametrize(
    ("data", "header"),
    [
        (b"", b""),
        (b"\r\nbody", b"\r\n"),
        (b"\nbody", b"\n"),
        (b"A: b\r\n\r\nbody", b"A: b\r\n\r\n"),
        (b"A: b\n\nbody", b"A: b\n\n"),
        (b"A: b\r\n", b"A: b\r\n"),
        (b"A: " + b"b" * 30, b"A: " + b"b" * 17),
    ],
)
def test_the_header_of_a_message(data: bytes, header: bytes) -> None:
    assert header_block(data, 20) == header


def resident(inode: int) -> int:
    """Return the octets of a file that count as memory of this process."""
    found, inside = 0, False
    with open("/proc/self/smaps") as lines:
        for line in lines:
            words = line.split()
            if "-" in words[0]:
                inside = words[4] == str(inode)
            elif inside and words[0] == "Rss:":
                found += int(words[1]) * KIB
    return found


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
@pytest.mark.parametrize("header", [b"", b"Content-Type: multipart/mixed; boundary=b\r\n"])
@pytest.mark.parametrize("blank", [b"", b"\r\n"])
def test_what_was_looked_at_does_not_stay_in_memory(header: bytes, blank: bytes) -> None:
    line = b"x: " + b"y" * 59 + b"\r\n"
    with tempfile.TemporaryFile() as file:
        file.write(header + blank)
        for _ in range(16):
            file.write(line * (MIB // len(line)) + b"--b\r\n\r\n" * bool(header))
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            summarize(data)
            assert resident(os.fstat(file.fileno()).st_ino) <= 3 * MIB
            for _ in pieces(data):
                pass
            assert resident(os.fstat(file.fileno()).st_ino) <= 3 * MIB
