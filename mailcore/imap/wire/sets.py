"""Sequence sets (RFC 9051 §9), and ranges of results (RFC 9394 §4)."""

from __future__ import annotations

import re

from mailcore.imap.types import SAVED, STAR, PartialRange, SequenceSet
from mailcore.imap.wire.cursor import MAX_32, Cursor, ParseError

# seq-number      =  nz-number / "*"
# seq-range       =  seq-number ":" seq-number
# sequence-set    =  (seq-number / seq-range) ["," sequence-set]
_SEQUENCE_SET = re.compile(rb"[0-9*][0-9*:,]*+")
_RANGE = re.compile(rb"([1-9][0-9]{0,9}|\*)(?::([1-9][0-9]{0,9}|\*))?")
# partial-range       = partial-range-first / partial-range-last
# partial-range-first = nz-number ":" nz-number
# partial-range-last  = MINUS nz-number ":" MINUS nz-number
_PARTIAL = re.compile(rb"(-?)([1-9][0-9]{0,9}+):\1([1-9][0-9]{0,9}+)(?![0-9])")


def sequence_set(cursor: Cursor) -> SequenceSet:
    """Return a set with its ranges as they were written."""
    data = cursor.need(_SEQUENCE_SET, "a sequence set")[0]
    if data.count(b",") >= cursor.ranges:
        raise ParseError("Too many ranges in a sequence set")
    return SequenceSet(tuple(map(_range, data.split(b","))))


# sequence-set    =/ seq-last-command     ; "$", RFC 5182 §2.1
def message_set(cursor: Cursor) -> SequenceSet:
    """Return a set, or what stands for the one that was saved."""
    return SAVED if cursor.skip(b"$") else sequence_set(cursor)


def partial_range(cursor: Cursor) -> PartialRange:
    """Return a range of results, counted from their beginning or from their end."""
    match = cursor.need(_PARTIAL, "a range of results")
    sign = -1 if match[1] else 1
    return PartialRange(sign * _number(match[2]), sign * _number(match[3]))


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
