"""Header fields by offsets."""

from __future__ import annotations

import pytest

from mailcore.message import Header, find_header, header_fields, headers

BLOCK = (
    b"From: a@b\r\nSubject: folded\r\n\t value \r\nnot a field\r\nsubject : again\r\nEmpty:\r\n\r\n"
)


def test_fields_in_order_with_their_offsets() -> None:
    found = list(headers(BLOCK))
    assert [field.name for field in found] == [b"From", b"Subject", b"subject", b"Empty"]
    assert found[1] == Header(b"Subject", b"folded\r\n\t value ", 11, 38)
    assert found[1].unfolded == b"folded\t value"
    assert [BLOCK[field.start : field.end] for field in found][2] == b"subject : again\r\n"
    assert found[3].value == b""


def test_without_line_ends() -> None:
    assert list(headers(b"A: b")) == [Header(b"A", b"b", 0, 4)]
    assert list(headers(b"")) == []


def test_find_header() -> None:
    assert find_header(BLOCK, "SUBJECT") == b"folded\t value"
    assert find_header(BLOCK, b"empty") == b""
    assert find_header(BLOCK, "To") is None


@pytest.mark.parametrize("names", [["subject"], [b"SUBJECT"], ["Subject", "To"]])
def test_header_fields(names: list[str | bytes]) -> None:
    assert header_fields(BLOCK, names) == b"Subject: folded\r\n\t value \r\nsubject : again\r\n\r\n"


def test_header_fields_not() -> None:
    assert header_fields(BLOCK, ["subject"], exclude=True) == (
        b"From: a@b\r\nnot a field\r\nEmpty:\r\n\r\n"
    )
    assert header_fields(BLOCK, [], exclude=True) == BLOCK


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (b"A: b\r\n\r\n", b"\r\n"),
        (b"A: b\n\n", b"\n"),
        (b"\r\n", b"\r\n"),
        (b"A: b\r\n", b""),
        (b"A: b", b""),
        (b"", b""),
    ],
)
def test_the_blank_line_is_part_of_each_subset_if_there_is_one(
    block: bytes, expected: bytes
) -> None:
    assert header_fields(block, ["X"]) == expected
