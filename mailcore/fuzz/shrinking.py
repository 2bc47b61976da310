"""The smallest input that still fails."""

from __future__ import annotations

import time
from collections.abc import Callable


def shrink(
    data: bytes, fails: Callable[[bytes], bool], *, tries: int = 2000, seconds: float = 20.0
) -> bytes:
    """Take away from an input what its failure does not need.

    Arguments:
        data: fails.
        fails: tells whether another one fails in the same way.
        tries: how often it may be asked.
        seconds: how long that may take.
    """
    left, end = tries, time.monotonic() + seconds

    def still(candidate: bytes) -> bool:
        nonlocal left
        if left <= 0 or time.monotonic() > end or candidate == data:
            return False
        left -= 1
        return fails(candidate)

    size = max(1, len(data) // 2)
    while size:
        at = 0
        while at < len(data):
            shorter = data[:at] + data[at + size :]
            if still(shorter):
                data = shorter
            else:
                at += size
        size //= 2
    for at, octet in enumerate(data):
        plain = data[:at] + b"a" + data[at + 1 :]
        if octet not in b"a\r\n" and still(plain):
            data = plain
    return data
