"""Part offsets: the torture messages."""

from __future__ import annotations

import email
import email.policy
import mmap
import tempfile
from typing import Any

import pytest

from mailcore.message import Part, parse_structure


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def body(data: bytes, part: Part) -> bytes:
    return data[part.body : part.end]


def header(data: bytes, part: Part) -> bytes:
    return data[part.start : part.body]


def kind(part: Part) -> str:
    return f"{part.type}/{part.subtype}"


MIXED = crlf("""\
From: a@example.org
Content-Type: multipart/mixed; boundary="simple boundary"

This is the preamble.

--simple boundary

implicitly typed, does not end with a line break.
--simple boundary
Content-Type: text/plain; charset=us-ascii

explicitly typed, does end with a line break.

--simple boundary--

This is the epilogue.
""")


def test_the_line_end_before_a_delimiter_belongs_to_the_delimiter() -> None:
    part = parse_structure(MIXED)
    first, second = part.children
    assert body(MIXED, first) == b"implicitly typed, does not end with a line break."
    assert header(MIXED, first) == b"\r\n"
    assert body(MIXED, second) == b"explicitly typed, does end with a line break.\r\n"
    assert header(MIXED, second) == b"Content-Type: text/plain; charset=us-ascii\r\n\r\n"
    assert (first.lines, second.lines) == (0, 1)
    assert part.end == len(MIXED)


def test_bare_line_feeds() -> None:
    data = MIXED.replace(b"\r\n", b"\n")
    first, second = parse_structure(data).children
    assert body(data, first) == b"implicitly typed, does not end with a line break."
    assert body(data, second) == b"explicitly typed, does end with a line break.\n"


def test_a_mapped_file_gives_the_same() -> None:
    with tempfile.TemporaryFile() as file:
        file.write(MIXED)
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            assert parse_structure(mapped) == parse_structure(MIXED)


def test_missing_closing_delimiter_ends_with_the_message() -> None:
    data = MIXED[: MIXED.index(b"\r\n--simple boundary--")]
    first, second = parse_structure(data).children
    assert body(data, first) == b"implicitly typed, does not end with a line break."
    assert body(data, second) == b"explicitly typed, does end with a line break.\r\n"


def test_a_delimiter_after_the_closing_one_is_epilogue() -> None:
    data = MIXED + b"--simple boundary\r\n\r\nnot a part\r\n"
    assert len(parse_structure(data).children) == 2


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "text/plain"),
        ("Subject: x\n\nhi\n", "text/plain"),
        ("Content-Type: nonsense\n\nhi\n", "text/plain"),
        ("Content-Type: text\n\nhi\n", "text/plain"),
        ("Content-Type: multipart/mixed\n\n--x\n\nhi\n", "text/plain"),
        ('Content-Type: multipart/mixed; boundary=""\n\n--\n\nhi\n', "text/plain"),
        ("Content-Type: TEXT/HTML; charset=x\n\nhi\n", "text/html"),
        ("Content-Type: (c) image / png\n\nhi\n", "image/png"),
        ("content-type : image/png\n\nhi\n", "image/png"),
        ("Content-Type:\n image/png\n\nhi\n", "image/png"),
    ],
)
def test_content_type(text: str, expected: str) -> None:
    part = parse_structure(crlf(text))
    assert kind(part) == expected
    assert part.children == ()
    assert part.end == len(crlf(text))


def test_without_a_content_type_the_charset_is_us_ascii() -> None:
    assert parse_structure(b"A: b\r\n\r\n").parameters == (("charset", "us-ascii"),)


def test_header_without_body() -> None:
    data = b"Subject: x\r\nFrom: a@b\r\n"
    part = parse_structure(data)
    assert (part.start, part.body, part.end, part.lines) == (0, len(data), len(data), 0)


def test_message_without_a_final_newline() -> None:
    data = b"Subject: x\r\n\r\none\r\ntwo"
    part = parse_structure(data)
    assert body(data, part) == b"one\r\ntwo"
    assert (part.size, part.lines) == (8, 1)


def test_message_that_begins_with_its_blank_line() -> None:
    part = parse_structure(b"\r\nbody\r\n")
    assert (part.start, part.body, part.end) == (0, 2, 8)


def test_part_with_a_header_and_no_blank_line_ends_at_the_delimiter() -> None:
    data = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n"
        "--b\nContent-Type: image/png\n--b\nContent-Type: image/gif\n\nx\n--b--\n\nend\n"
    )
    first, second = parse_structure(data).children
    assert (kind(first), header(data, first)) == ("image/png", b"Content-Type: image/png\r\n")
    assert body(data, first) == b""
    assert (kind(second), body(data, second)) == ("image/gif", b"x")


def test_empty_parts() -> None:
    data = crlf("Content-Type: multipart/mixed; boundary=b\n\n--b\n--b\n\n--b--\n")
    first, second = parse_structure(data).children
    assert header(data, first) + body(data, first) == b""
    assert (header(data, second), body(data, second)) == (b"\r\n", b"")


@pytest.mark.parametrize("rest", ["", "just a preamble\n", "--b--\n", "--other\n\nx\n"])
def test_an_empty_multipart_has_one_empty_text_part(rest: str) -> None:
    part = parse_structure(crlf("Content-Type: multipart/mixed; boundary=b\n\n" + rest))
    (child,) = part.children
    assert (kind(child), child.size, child.lines) == ("text/plain", 0, 0)
    assert kind(part) == "multipart/mixed"


@pytest.mark.parametrize("tail", ["", " ", "\t ", "  \t"])
def test_white_space_after_a_boundary(tail: str) -> None:
    data = crlf(
        f"Content-Type: multipart/mixed; boundary=b\n\n--b{tail}\n\none\n"
        f"--b{tail}\n\ntwo\n--b--{tail}\n"
    )
    assert [body(data, child) for child in parse_structure(data).children] == [b"one", b"two"]


@pytest.mark.parametrize(("outer", "inner"), [("b", "bb"), ("bb", "b"), ("b", "b--"), ("b-", "b")])
def test_nested_boundaries_of_which_one_is_a_prefix_of_the_other(outer: str, inner: str) -> None:
    data = crlf(
        f"Content-Type: multipart/mixed; boundary={outer}\n\n--{outer}\n"
        f"Content-Type: multipart/alternative; boundary={inner}\n\n"
        f"--{inner}\n\none\n--{inner}\n\ntwo\n--{inner}--\n--{outer}\n\nthree\n--{outer}--\n"
    )
    nested, third = parse_structure(data).children
    assert [body(data, child) for child in nested.children] == [b"one", b"two"]
    assert body(data, third) == b"three"


def test_a_closing_delimiter_at_the_very_end() -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n--b--"
    part = parse_structure(data)
    assert [body(data, child) for child in part.children] == [b"one"]
    assert part.end == len(data)


def test_an_outer_delimiter_ends_inner_parts() -> None:
    data = crlf(
        "Content-Type: multipart/mixed; boundary=o\n\n--o\n"
        "Content-Type: multipart/mixed; boundary=i\n\n--i\n\none\n"
        "--o\n\ntwo\n--i\nstill two\n--o--\n"
    )
    nested, second = parse_structure(data).children
    assert body(data, nested.children[0]) == b"one"
    assert nested.end == nested.children[0].end
    assert body(data, second) == b"two\r\n--i\r\nstill two"


def test_the_inner_multipart_may_have_the_boundary_of_the_outer() -> None:
    data = crlf(
        "Content-Type: multipart/mixed; boundary=b\n\n--b\n"
        "Content-Type: multipart/alternative; boundary=b\n\n--b\n\none\n--b--\n--b\n\ntwo\n--b--\n"
    )
    nested, second = parse_structure(data).children
    assert body(data, nested.children[0]) == b"one"
    assert body(data, second) == b"two"


@pytest.mark.parametrize("line", ["--bc", "--b-", "-b", " --b", "--b x", "--B", "--b\rx"])
def test_lines_that_are_no_delimiter(line: str) -> None:
    data = crlf(f"Content-Type: multipart/mixed; boundary=b\n\n--b\n\none\n{line}\ntwo\n--b--\n")
    (child,) = parse_structure(data).children
    assert body(data, child) == f"one\r\n{line}\r\ntwo".encode()


def test_digest_parts_are_messages_by_default() -> None:
    data = crlf(
        "Content-Type: multipart/digest; boundary=b\n\n--b\n\nSubject: one\n\nhello\n"
        "--b\nContent-Type: text/plain\n\ntwo\n--b--\n"
    )
    first, second = parse_structure(data).children
    assert kind(first) == "message/rfc822"
    assert first.envelope is not None
    assert first.envelope.subject == b"one"
    assert body(data, first.children[0]) == b"hello"
    assert kind(second) == "text/plain"


def test_a_message_within_the_message() -> None:
    inner = crlf("Subject: inner\nContent-Type: text/html\n\n<p>\n")
    data = b"Content-Type: message/rfc822\r\n\r\n" + inner
    part = parse_structure(data)
    (child,) = part.children
    assert (child.start, child.end) == (part.body, part.end)
    assert kind(child) == "text/html"
    assert part.envelope is not None
    assert part.envelope.subject == b"inner"
    assert part.lines == 4
    assert child.envelope is None


def test_an_encoded_message_is_not_looked_into() -> None:
    data = crlf(
        "Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\nU3ViamVjdDogeA0K\n"
    )
    part = parse_structure(data)
    assert (kind(part), part.encoding) == ("message/rfc822", "base64")
    assert part.envelope is not None
    assert kind(part.children[0]) == "application/octet-stream"


def test_empty_content_fields() -> None:
    part = parse_structure(
        b"Content-Disposition:\nContent-Transfer-Encoding:\nContent-Language: ,\nContent-ID:\n\n"
    )
    assert (part.disposition, part.encoding, part.language) == (None, "7bit", ())
    assert part.content_id == b""


def test_all_content_fields() -> None:
    part = parse_structure(
        crlf(
            "Content-Type: image/png; name=x\nContent-ID: <id@x>\n"
            "Content-Description: a\n picture\n"
            "Content-Transfer-Encoding: BASE64 (why)\nContent-MD5: Q2hlY2s=\n"
            'Content-Disposition: ATTACHMENT; filename="a \\"b\\".png"\n'
            "Content-Language: en, de-CH\n"
            "Content-Location: http://x/y\n\n"
        )
    )
    assert part.content_id == b"<id@x>"
    assert part.description == b"a picture"
    assert part.encoding == "base64"
    assert part.md5 == b"Q2hlY2s="
    assert part.disposition == ("attachment", (("filename", 'a "b".png'),))
    assert part.language == ("en", "de-CH")
    assert part.location == b"http://x/y"


ALTERNATIVE = crlf("""\
From: a@b
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary=outer

--outer
Content-Type: multipart/alternative; boundary="inner=_1"

--inner=_1
Content-Type: text/plain; charset=utf-8

plain
--inner=_1
Content-Type: text/html; charset=utf-8
Content-Transfer-Encoding: quoted-printable

<p>html=20</p>

--inner=_1--

--outer
Content-Type: message/rfc822

From: c@d
Subject: forwarded
Content-Type: multipart/mixed; boundary=deep

--deep
Content-Type: application/octet-stream; name="x.bin"
Content-Disposition: attachment; filename=x.bin
Content-Transfer-Encoding: base64

AAEC
--deep--

--outer--
""")


@pytest.mark.parametrize("data", [MIXED, ALTERNATIVE], ids=["mixed", "alternative"])
def test_the_standard_library_sees_the_same_parts(data: bytes) -> None:
    ours = parse_structure(data)
    theirs = email.message_from_bytes(data, policy=email.policy.compat32)
    waiting: list[tuple[Part, Any]] = [(ours, theirs)]
    leaves = 0
    while waiting:
        part, message = waiting.pop()
        assert kind(part) == message.get_content_type()
        if message.is_multipart():
            children = message.get_payload()
            assert len(part.children) == len(children)
            waiting.extend(zip(part.children, children, strict=True))
        else:
            leaves += 1
            assert body(data, part).decode() == message.get_payload()
    assert leaves >= 2
