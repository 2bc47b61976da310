"""Command lines out of octets, however they were cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailcore.smtp.wire.framer import Framer, LineFault

LIMIT = 20


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and cut at each position."""
    yield [data]
    yield [bytes([octet]) for octet in data]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]


def lines_of(pieces: list[bytes], *, bare_lf: bool = False) -> list[bytes | LineFault]:
    framer = Framer(bare_lf=bare_lf)
    lines = []
    for piece in pieces:
        framer.receive(piece)
        while (line := framer.next_line(LIMIT)) is not None:
            lines.append(line)
    return lines


TOO_LONG, STRAY = LineFault.TOO_LONG, LineFault.BARE_CR_OR_LF


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"NOOP\r\nQUIT\r\n", [b"NOOP", b"QUIT"]),
        (b"\r\n\r\n", [b"", b""]),
        (b"NOOP\r", []),
        (b"a" * 18 + b"\r\nNOOP\r\n", [b"a" * 18, b"NOOP"]),
        (b"a" * 19 + b"\r\nNOOP\r\n", [TOO_LONG, b"NOOP"]),
        (b"a" * 100 + b"\r\nNOOP\r\n", [TOO_LONG, b"NOOP"]),
        # A line that is too long ends at its CRLF: what a bare LF leaves over is no command.
        (b"a" * 30 + b"\nQUIT\r\nNOOP\r\n", [TOO_LONG, b"NOOP"]),
        (b"a" * 30 + b"\rQUIT\r\nNOOP\r\n", [TOO_LONG, b"NOOP"]),
        (b"NOOP\nNOOP\r\n", [STRAY, b"NOOP"]),
        (b"NO\rOP\r\nNOOP\r\n", [STRAY, b"NOOP"]),
        (b"NOOP\r\r\nNOOP\r\n", [STRAY, b"NOOP"]),
    ],
)
def test_lines_are_the_same_for_every_split(data: bytes, expected: list[bytes | LineFault]) -> None:
    for pieces in cuts(data):
        assert lines_of(pieces) == expected, pieces


def test_the_quirk_takes_a_bare_lf_but_no_bare_cr() -> None:
    for pieces in cuts(b"NOOP\nQUIT\r\nX\rY\n"):
        assert lines_of(pieces, bare_lf=True) == [b"NOOP", b"QUIT", STRAY]


def test_an_endless_line_costs_no_memory() -> None:
    framer = Framer()
    for _ in range(1000):
        framer.receive(b"a" * 1000)
        assert framer.next_line(LIMIT) is None
        assert len(framer) <= LIMIT
    framer.receive(b"\r\nNOOP\r\n")
    assert framer.next_line(LIMIT) is TOO_LONG
    assert framer.next_line(LIMIT) == b"NOOP"


def test_take_and_peek() -> None:
    framer = Framer()
    framer.receive(b"auth plain\r\n")
    assert framer.starts_with(b"AUTH ")
    assert framer.peek() == b"auth plain\r\n"
    assert framer.take(5) == b"auth "
    assert framer.take() == b"plain\r\n"
    assert len(framer) == 0
    assert not framer.starts_with(b"AUTH ")
