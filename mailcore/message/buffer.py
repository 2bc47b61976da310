"""The octets of a message: in memory, or a mapped file."""

from __future__ import annotations

import mmap
import re
from collections.abc import Iterator
from typing import Final

Buffer = bytes | mmap.mmap

# A mapped file is looked at in slices, so that a large message never becomes one object in memory.
_SLICE: Final = 1 << 20
# Not everywhere; where it is missing, the pages stay until the map is closed.
_FORGET: Final = getattr(mmap, "MADV_DONTNEED", None)


def count_lines(data: Buffer, start: int, end: int) -> int:
    """Count the line feeds among the octets ``start`` to ``end`` (exclusive)."""
    if isinstance(data, bytes):
        return data.count(b"\n", start, end)
    lines = 0
    for position in range(start, end, _SLICE):
        last = min(position + _SLICE, end)
        lines += data[position:last].count(b"\n")
        forget_pages(data, position, last)
    return lines


def find_all(
    pattern: re.Pattern[bytes], data: Buffer, start: int, end: int, longest: int
) -> Iterator[re.Match[bytes]]:
    """Yield what ``pattern.finditer`` does between two offsets.

    Arguments:
        longest: octets that the pattern matches, at most.
    """
    if isinstance(data, bytes):
        yield from pattern.finditer(data, start, end)
        return
    begin = start
    for position in range(start, end, _SLICE):
        last = min(position + _SLICE, end)
        for match in pattern.finditer(data, max(position, begin), min(last + longest, end)):
            if match.start() < last:
                begin = match.end()
                yield match
        forget_pages(data, position, last)


def pieces(data: Buffer, size: int = 64 * 1024, *, start: int = 0) -> Iterator[bytes]:
    """Yield the octets from ``start`` on in order, ``size`` at a time."""
    for position in range(start, len(data), size):
        yield data[position : position + size]
        forget_pages(data, position, position + size)


def forget_pages(data: Buffer, start: int, end: int) -> None:
    """Say that these octets will not be read again soon.

    What was read of a mapped file counts as memory of this process until then: of sixteen large
    messages at a time, all of it. Reading them again is no error, and costs little.
    """
    if _FORGET is not None and isinstance(data, mmap.mmap):
        first = start - start % mmap.PAGESIZE
        if first < (last := min(end, len(data))):
            data.madvise(_FORGET, first, last - first)
