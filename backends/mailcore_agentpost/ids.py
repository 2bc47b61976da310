"""Identifiers: a kind, and a ULID, so that their order is the order in which they were made."""

from __future__ import annotations

import secrets
import threading
import time
from base64 import b32encode
from datetime import UTC, datetime
from typing import Final, Literal

Kind = Literal[
    "org", "inb", "msg", "thr", "key", "rul", "evt", "whk", "dlv", "que", "drf", "att", "aud"
]  # fmt: skip

# Crockford's base 32: no I, L, O, U.
_DIGITS: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_LENGTH: Final = 26
# From the alphabet of RFC 4648, which has a fast encoder. That makes whole groups of 40 bits.
_CROCKFORD: Final = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", _DIGITS.encode())
_GROUPS: Final = 20
_SURPLUS: Final = 8 * _GROUPS - 5 * _LENGTH

_lock = threading.Lock()
_last = 0


def new_id(kind: Kind) -> str:
    """Return a new identifier, larger than all that this process has made before."""
    global _last
    with _lock:
        value = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
        # Within a millisecond, or after the clock was set back, count on.
        _last = value = max(value, _last + 1)
    return _identifier(kind, value)


def first_id(kind: Kind, at: float) -> str:
    """Return what is above each identifier made before a moment, in seconds since 1970."""
    return _identifier(kind, int(at * 1000) << 80)


def _identifier(kind: Kind, value: int) -> str:
    digits = b32encode((value << _SURPLUS).to_bytes(_GROUPS, "big")).translate(_CROCKFORD)
    return f"{kind}_{digits[:_LENGTH].decode()}"


def made_at(identifier: str) -> datetime:
    """Return when an identifier was made: a ULID begins with the milliseconds since 1970."""
    value = 0
    for digit in identifier.rpartition("_")[2][:10]:
        value = value << 5 | _DIGITS.index(digit)
    return datetime.fromtimestamp(value / 1000, UTC)
