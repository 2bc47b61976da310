"""Keyset pagination: a cursor says after which row to go on, so that new rows shift nothing."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailcore_agentpost.http.problems import invalid

RowT = TypeVar("RowT")


@dataclass(frozen=True, slots=True)
class Cut(Generic[RowT]):
    """The rows of one page, and where the next one begins."""

    rows: Sequence[RowT]
    has_more: bool
    next_cursor: str | None


def encode_cursor(key: str) -> str:
    """Make a cursor of the key of the last row of a page."""
    return base64.urlsafe_b64encode(key.encode("utf-8")).rstrip(b"=").decode("ascii")


def decode_cursor(cursor: str | None) -> str | None:
    """Return the key within a cursor.

    Raises:
        Problem: 422 for what was never a cursor.
    """
    if cursor is None:
        return None
    padded = cursor + "=" * (-len(cursor) % 4)
    try:
        return base64.b64decode(padded, altchars=b"-_", validate=True).decode("utf-8")
    except (binascii.Error, ValueError) as error:
        raise invalid("This is not a cursor of this API.", "cursor") from error


def decode_number(cursor: str | None) -> int | None:
    """Return the number within a cursor of a list that is ordered by one; raises as above."""
    text = decode_cursor(cursor)
    if text is not None and not (text.isascii() and text.isdigit()):
        raise invalid("This is not a cursor of this list.", "cursor")
    return None if text is None else int(text)


def cut(rows: Sequence[RowT], limit: int, key: Callable[[RowT], str]) -> Cut[RowT]:
    """Make a page of rows of which one more than ``limit`` was asked for."""
    kept = rows[:limit]
    more = len(rows) > limit
    return Cut(kept, more, encode_cursor(key(kept[-1])) if more else None)
