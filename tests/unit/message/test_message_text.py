"""Previews and the text that SEARCH looks at."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.message import extract_text, iter_text_parts, parse_structure, preview
from mailcore.message.html import strip_html


def crlf(text: str) -> bytes:
    return text.replace("\n", "\r\n").encode()


def preview_of(data: bytes) -> str:
    return preview(data, parse_structure(data))


ALTERNATIVE = crlf(
    "Content-Type: multipart/alternative; boundary=b\n\n"
    "--b\nContent-Type: text/html\n\n<p>rich</p>\n"
    "--b\nContent-Type: text/plain\nContent-Transfer-Encoding: base64\n\ncGxhaW4=\n--b--\n"
)
TWO_HTML = crlf(
    "Content-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/calendar\n\nBEGIN:VCALENDAR\n"
    "--b\nContent-Type: text/html\n\nfirst\n--b\nContent-Type: text/html\n\nsecond\n--b--\n"
)
FORWARD = crlf(
    "Content-Type: multipart/mixed; boundary=b\n\n"
    "--b\nContent-Type: text/plain\nContent-Disposition: attachment\n\nattached\n"
    "--b\nContent-Type: message/rfc822\n\nSubject: =?utf-8?q?in=C3=A9?=\n\ninner\n"
    "--b\nContent-Type: text/html\n\n<p>outer</p>\n--b--\n"
)


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"", ""),
        (b"Subject: x\r\n\r\n", ""),
        (b"Subject: x\r\n\r\n  Hello,\r\n\r\n  world \r\n", "Hello, world"),
        (b"A: b\r\n\r\n> quoted\r\n> lines\r\nfresh\r\n", "fresh"),
        (b"A: b\r\n\r\n> quoted\r\n", "> quoted"),
        (b"Content-Type: text/plain; charset=iso-8859-15\r\n\r\n\xa4", "€"),
        (b"Content-Type: text/html\r\n\r\n<b>bold</b> &amp; <i>more", "bold & more"),
        (b"Content-Type: image/png\r\n\r\nx", ""),
        (b"A: b\r\n\r\na\xe2\x80\x8b\xe2\x80\x8bb\0c", "abc"),
        (b"A: b\r\n\r\na\0b\x08c\x1bd\x7fe", "abcde"),
        (
            "A: b\r\n\r\na\u200c b\u200cc \U0001f469\u200d\U0001f4bb".encode(),
            "a b\u200cc \U0001f469\u200d\U0001f4bb",
        ),
        (ALTERNATIVE, "plain"),
        (FORWARD, "outer"),
        (FORWARD.replace(b"outer</p>", b"</p>").replace(b"text/html", b"text/css"), "<p></p>"),
        (TWO_HTML, "first"),
        (b"Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ninner", "inner"),
    ],
)
def test_preview(data: bytes, expected: str) -> None:
    assert preview_of(data) == expected


@given(
    st.lists(st.text(" >\n\u200c\u200bab\u00e9", max_size=40), max_size=8),
    st.integers(0, 8),
    st.sampled_from((40, 70, 790)),
)
def test_a_preview_is_the_same_however_long_the_text_is(
    pieces: list[str], at: int, words: int
) -> None:
    """Only the beginning is looked at where that is enough: wherever it is cut."""
    pieces[at:at] = ["word " * words + "\n"]
    text = "".join(pieces)
    visible = re.sub("\u200b+|\u200c(?=\\s)", "", text)
    unquoted = re.sub(r"^>.*$", "", visible, flags=re.MULTILINE)
    expected, quoted = (" ".join(one.split())[:200].rstrip() for one in (unquoted, visible))
    data = b"Content-Type: text/plain; charset=utf-8\r\n\r\n" + text.encode()
    assert preview_of(data) == (expected or quoted)


def test_a_preview_has_200_characters_at_most() -> None:
    assert preview_of(b"A: b\r\n\r\n" + "é".encode() * 300) == "é" * 200


def test_extract_text_keeps_lines_and_its_limit() -> None:
    data = b"A: b\r\n\r\none\r\ntwo\r\n"
    assert extract_text(data, parse_structure(data)) == "one\r\ntwo\r\n"
    assert extract_text(data, parse_structure(data), limit=3) == "one"


def test_search_sees_every_text_and_inner_headers() -> None:
    texts = list(iter_text_parts(FORWARD, parse_structure(FORWARD)))
    assert texts == ["attached", "Subject: iné", "inner", "<p>outer</p>"]


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("", ""),
        ("a<br>b", "a\nb"),
        ("<title>t</title><style>p {}</style>x<script>if (a<b) '</p>'</script>y", "xy"),
        ("a<!-- <p>hidden</p> -->b", "ab"),
        ("a<!-- never closed", "a"),
        ("<script>never closed", ""),
        ("1 < 2 &lt;3&gt;", "1 < 2 <3>"),
        ("<a href='x>y'>z", "y'>z"),
        ("<!DOCTYPE html><SCRIPT>x</SCRIPT>z", "z"),
        ("a<span", "a"),
    ],
)
def test_strip_html(html: str, expected: str) -> None:
    assert strip_html(html) == expected
