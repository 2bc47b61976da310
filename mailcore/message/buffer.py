"""The octets of a message: in memory, or a mapped file."""

from __future__ import annotations

import mmap

Buffer = bytes | mmap.mmap

# A mapped file is counted in slices, so that a large message never becomes one object in memory.
_SLICE = 1 << 20


def count_lines(data: Buffer, start: int, end: int) -> int:
    """Count the line feeds among the octets ``start`` to ``end`` (exclusive)."""
    if isinstance(data, bytes):
        return data.count(b"\n", start, end)
    return sum(
        data[position : min(position + _SLICE, end)].count(b"\n")
        for position in range(start, end, _SLICE)
    )
