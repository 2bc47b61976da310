"""BODY[...] sections: the example of RFC 9051 §6.4.5.1, and the corners."""

from __future__ import annotations

import pytest

from mailcore.message import find_part, parse_structure, resolve_section

MESSAGE = b"""\
Subject: outer
Content-Type: multipart/mixed; boundary=a

--a

one
--a
Content-Type: application/octet-stream

two
--a
Content-Type: message/rfc822

Subject: three
Content-Type: multipart/mixed; boundary=b

--b

three.one
--b
Content-Type: application/octet-stream

three.two
--b--
--a
Content-Type: multipart/mixed; boundary=c

--c
Content-Type: image/gif

four.one
--c
Content-Type: message/rfc822

Subject: four.two
Content-Type: multipart/mixed; boundary=d

--d

four.two.one
--d
Content-Type: multipart/alternative; boundary=e

--e

four.two.two.one
--e
Content-Type: text/richtext

four.two.two.two
--e--
--d--
--c--
--a--
""".replace(b"\n", b"\r\n")
STRUCTURE = parse_structure(MESSAGE)


def section(path: str, text: str | None = None) -> bytes | None:
    numbers = tuple(int(number) for number in path.split(".") if number)
    span = resolve_section(STRUCTURE, numbers, text)
    return None if span is None else MESSAGE[span[0] : span[1]]


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("1", b"one"),
        ("2", b"two"),
        ("3.1", b"three.one"),
        ("3.2", b"three.two"),
        ("4.1", b"four.one"),
        ("4.2.1", b"four.two.one"),
        ("4.2.2.1", b"four.two.two.one"),
        ("4.2.2.2", b"four.two.two.two"),
    ],
)
def test_numbered_parts(path: str, expected: bytes) -> None:
    assert section(path) == expected


def test_header_and_text_of_the_message() -> None:
    header, text = section("", "HEADER"), section("", "text")
    assert header == b"Subject: outer\r\nContent-Type: multipart/mixed; boundary=a\r\n\r\n"
    assert text is not None
    assert header + text == MESSAGE == section("")
    assert section("", "HEADER.FIELDS.NOT") == header


@pytest.mark.parametrize(("path", "subject"), [("3", b"three"), ("4.2", b"four.two")])
def test_header_and_text_of_a_message_within(path: str, subject: bytes) -> None:
    header, text = section(path, "HEADER"), section(path, "TEXT")
    assert header is not None
    assert text is not None
    assert header.startswith(b"Subject: " + subject + b"\r\n")
    assert header + text == section(path)


def test_mime_header() -> None:
    assert section("4.1", "MIME") == b"Content-Type: image/gif\r\n\r\n"
    assert section("1", "MIME") == b"\r\n"
    assert section("3", "MIME") == b"Content-Type: message/rfc822\r\n\r\n"


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("5", None),
        ("0", None),
        ("1.1", None),
        ("3.3", None),
        ("1", "HEADER"),
        ("4", "TEXT"),
        ("4", "HEADER"),
        ("", "MIME"),
        ("", "NONSENSE"),
        ("9.9.9", "MIME"),
    ],
)
def test_sections_that_are_not_there(path: str, text: str | None) -> None:
    assert section(path, text) is None


def test_part_one_of_a_simple_message_is_its_body() -> None:
    data = b"Subject: x\r\n\r\nhello\r\n"
    part = parse_structure(data)
    assert resolve_section(part, (1,)) == (14, 21)
    assert resolve_section(part, (1,), "MIME") == (0, 14)
    assert resolve_section(part, (2,)) is None
    assert resolve_section(part, (1, 1)) is None


def test_a_message_that_is_a_message() -> None:
    data = b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\nhello\r\n"
    part = parse_structure(data)
    assert resolve_section(part, (1,)) == (32, 53)
    assert resolve_section(part, (1, 1)) == (46, 53)
    assert resolve_section(part, (1,), "HEADER") == (32, 46)
    assert find_part(part, (1, 2)) is None
