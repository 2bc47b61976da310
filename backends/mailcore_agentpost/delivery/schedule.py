"""When to try again (RFC 5321 §4.5.4.1)."""

from __future__ import annotations

import random
from typing import Final

_FIRST: Final = 7.5 * 60.0
_LONGEST: Final = 24 * 60 * 60.0
# So much more or less, so that what failed together is not tried again together.
_JITTER: Final = 0.1


def delay_after(attempt: int, draw: random.Random) -> float:
    """Return the seconds from the beginning of an attempt to the next: each twice the last.

    Arguments:
        attempt: its number, from 1.
        draw: where the jitter comes from.
    """
    delay = min(_FIRST * 2.0 ** min(attempt - 1, 20), _LONGEST)
    return delay * draw.uniform(1 - _JITTER, 1 + _JITTER)
