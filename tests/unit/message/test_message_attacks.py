"""The MIME rows of the limits: bounded work, and the message is described all the same."""

from __future__ import annotations

import mmap
import tempfile
import time
import tracemalloc
from collections.abc import Callable, Iterator

import pytest

from mailcore.message import Part, message_ids, parse_envelope, parse_structure


def walk(part: Part) -> Iterator[tuple[int, Part]]:
    waiting = [(1, part)]
    while waiting:
        depth, current = waiting.pop()
        yield depth, current
        waiting.extend((depth + 1, child) for child in current.children)


def is_opaque(part: Part) -> bool:
    return (part.type, part.subtype, part.children) == ("application", "octet-stream", ())


def nested_multiparts(depth: int) -> bytes:
    return b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (level, level)
        for level in range(depth)
    )


@pytest.mark.parametrize(
    "data",
    [
        nested_multiparts(5000) + b"\r\nhello\r\n",
        b"Content-Type: message/rfc822\r\n\r\n" * 5000,
        b"Content-Type: multipart/digest; boundary=b\r\n\r\n--b\r\n\r\n" * 5000,
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" * 5000,
    ],
    ids=["multiparts", "messages", "digests", "one boundary, self-similar"],
)
def test_depth(data: bytes) -> None:
    parts = list(walk(parse_structure(data)))
    deepest = max(depth for depth, _ in parts)
    assert deepest == 100
    assert any(is_opaque(part) for depth, part in parts if depth == 100)
    assert not any(part.children for depth, part in parts if depth == 100)
    assert parts[0][1].end == len(data)


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_depth_is_an_argument(depth: int) -> None:
    part = parse_structure(nested_multiparts(9), max_depth=depth)
    assert max(level for level, _ in walk(part)) == depth


@pytest.mark.parametrize("line", [b"--b\r\n", b"--b\r\n\r\n", b"--b\r\nA: b\r\n\r\nx\r\n"])
def test_parts(line: bytes) -> None:
    data = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + line * 20_000
    part = parse_structure(data)
    assert len(part.children) == 10_000
    last = part.children[-1]
    assert is_opaque(last)
    assert last.end == len(data)


def test_what_max_parts_cuts_off_ends_before_the_next_outer_delimiter() -> None:
    data = (
        b"Content-Type: multipart/mixed; boundary=o\r\n\r\n--o\r\n"
        b"Content-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\none\r\n"
        b"--i\r\n\r\ntwo\r\n--i--\r\n"
        b"--o\r\n\r\nthree\r\n--o--\r\n"
    )
    part = parse_structure(data, max_parts=3)
    nested, rest = part.children
    one, two = nested.children
    assert data[one.body : one.end] == b"one"
    assert data[two.start : two.end] == b"\r\ntwo\r\n--i--"
    assert data[rest.start : rest.end] == b"\r\nthree\r\n--o--\r\n"
    assert is_opaque(two)
    assert is_opaque(rest)


def test_a_long_header_block() -> None:
    data = b"Content-Type: text/html\r\nX: " + b"a" * (1 << 20) + b"\r\n\r\nbody"
    part = parse_structure(data)
    assert is_opaque(part)
    assert data[part.body : part.end] == b"body"
    assert parse_structure(data, max_header=2 << 20).subtype == "html"


def test_a_long_header_block_of_a_message_within() -> None:
    data = (
        b"Content-Type: message/rfc822\r\n\r\nSubject: s\r\nX: "
        + b"a" * (1 << 20)
        + b"\r\n\r\nbody"
    )
    part = parse_structure(data)
    assert part.envelope is not None
    assert part.envelope.subject == b"s"
    assert is_opaque(part.children[0])


def test_a_large_attachment_is_neither_split_nor_copied() -> None:
    line = b"QUFB" * 19 + b"\r\n"
    head = (
        b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n"
        b"Content-Type: application/pdf\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    )
    with tempfile.TemporaryFile() as file:
        file.write(head + line * 250_000 + b"--b--\r\n")
        file.flush()
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
            tracemalloc.start()
            try:
                before = time.process_time()
                (attachment,) = parse_structure(mapped).children
                took = time.process_time() - before
                _, peak = tracemalloc.get_traced_memory()
            finally:
                tracemalloc.stop()
    assert (attachment.size, attachment.lines) == (len(line) * 250_000 - 2, 249_999)
    assert peak < 4 << 20
    assert took < 2


def test_all_header_blocks_together() -> None:
    one = b"--b\r\nX: " + b"a" * 60_000 + b"\r\nContent-Type: text/html\r\n\r\nbody\r\n"
    part = parse_structure(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + one * 100)
    kinds = [child.subtype for child in part.children]
    assert len(kinds) == 100
    assert kinds[0] == "html"
    assert kinds[-1] == "octet-stream"


def test_ten_thousand_references() -> None:
    raw = b" ".join(b"<%d@x>" % number for number in range(10_000))
    found = message_ids(raw)
    assert len(found) == 1000
    assert (found[0], found[1], found[-1]) == ("<0@x>", "<9001@x>", "<9999@x>")


def test_many_addresses() -> None:
    assert len(parse_envelope(b"To: " + b"a@b," * 20_000).to) == 10_000


def structure_of(value: bytes) -> None:
    parse_structure(b"Content-Type: multipart/mixed; boundary=" + value)


def disposition_of(value: bytes) -> None:
    parse_structure(b"Content-Disposition: a" + value)


def envelope_of(value: bytes) -> None:
    parse_envelope(b"From: " + value)


PATTERNS = [
    b"(",
    b'"',
    b"<",
    b"=?",
    b"=?a?q?",
    b"\\",
    b"a:",
    b"<@a,",
    b'"\\',
    b"[",
    b" ",
    b";a=",
    b"a*0*=",
]


@pytest.mark.parametrize("parse", [structure_of, disposition_of, envelope_of])
@pytest.mark.parametrize("pattern", PATTERNS)
def test_headers_take_linear_time(parse: Callable[[bytes], None], pattern: bytes) -> None:
    value = pattern * (100_000 // len(pattern)) + b"x"
    before = time.process_time()
    parse(value)
    # Quadratic time would be minutes; linear time is a fifth of a second at the worst.
    assert time.process_time() - before < 2
