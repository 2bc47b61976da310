"""Sequence sets (RFC 9051 §9)."""

from __future__ import annotations

import re

from mailcore.imap.types import SAVED, STAR, SequenceSet
from mailcore.imap.wire.cursor import MAX_32, Cursor, ParseError

# seq-number      =  nz-number / "*"
# seq-range       =  seq-number ":" seq-number
# sequence-set    =  (seq-number / seq-range) ["," sequence-set] / seq-last-command
# seq-last-command = "$"
_SEQUENCE_SET = re.compile(rb"[0-9*][0-9*:,]*+")
_RANGE = re.compile(rb"([1-9][0-9]{0,9}|\*)(?::([1-9][0-9]{0,9}|\*))?")


def sequence_set(cursor: Cursor) -> SequenceSet:
    """Return a set with its ranges as they were written."""
    if cursor.skip(b"$"):
        return SAVED
    data = cursor.need(_SEQUENCE_SET, "a sequence set")[0]
    if data.count(b",") >= cursor.ranges:
        raise ParseError("Too many ranges in a sequence set")
    return SequenceSet(tuple(map(_range, data.split(b","))))


def _range(text: bytes) -> tuple[int, int]:
    match = _RANGE.fullmatch(text)
    if match is None:
        raise ParseError("Bad sequence set")
    first = _number(match[1])
    return first, first if match[2] is None else _number(match[2])


def _number(text: bytes) -> int:
    if text == b"*":
        return STAR
    value = int(text)
    if value > MAX_32:
        raise ParseError("Number too large")
    return value
