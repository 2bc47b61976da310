"""Where a message ends, and what dooms it: SMTP smuggling has no door here."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from mailcore.limits import Limits
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.data import LINE_TOO_LONG, MESSAGE_TOO_BIG, STRAY_OCTETS, DataDecoder


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and cut at each position, once and twice."""
    yield [data]
    yield [bytes([octet]) for octet in data]
    for first in range(1, len(data)):
        yield [data[:first], data[first:]]
        for second in range(first + 1, min(first + 6, len(data))):
            yield [data[:first], data[first:second], data[second:]]


def decode(
    pieces: list[bytes], limits: Limits | None = None
) -> tuple[bytes, bytes, bool, Reply | None]:
    """Return the message, what follows it, whether it ended, and its fault."""
    decoder = DataDecoder(limits or Limits())
    message = rest = b""
    for piece in pieces:
        if decoder.ended:
            rest += piece
            continue
        text, rest = decoder.feed(piece)
        message += text
    return message, rest, decoder.ended, decoder.fault


@pytest.mark.parametrize(
    ("wire", "message"),
    [
        (b".\r\n", b""),
        (b"\r\n.\r\n", b"\r\n"),
        (b"..\r\n.\r\n", b".\r\n"),
        (b"...\r\n.\r\n", b"..\r\n"),
        # RFC 5321 §4.5.2: the first dot goes, whatever follows it.
        (b".a\r\n.\r\n", b"a\r\n"),
        (b"a\r\n..\r\nb.\r\n.\r\n", b"a\r\n.\r\nb.\r\n"),
        (b"a.\r\n.\r\n", b"a.\r\n"),
        (b"..\r\n..\r\n..\r\n.\r\n", b".\r\n.\r\n.\r\n"),
    ],
)
def test_the_end_and_the_dots(wire: bytes, message: bytes) -> None:
    for pieces in cuts(wire + b"QUIT\r\n"):
        assert decode(pieces) == (message, b"QUIT\r\n", True, None), pieces


SMUGGLING = [
    b"\n.\n",
    b"\n.\r",
    b"\r.\n",
    b"\r.\r",
    b"\n.\r\n",
    b"\r.\r\n",
    b"\r\n.\n",
    b"\r\n.\r",
    b"\r\n\0.\r\n",
    b"\r\n.\0\r\n",
    b"\r\n.\r\r\n",
    b"\r\r\n.\r\r\n",
]


@pytest.mark.parametrize("end", SMUGGLING)
def test_what_only_looks_like_the_end_dooms_the_message_after_its_true_end(end: bytes) -> None:
    wire = b"one" + end + b"MAIL FROM:<smuggled@example.org>\r\n"
    for pieces in cuts(wire):
        _, _, ended, fault = decode(pieces)
        assert not ended, pieces
        assert fault is STRAY_OCTETS, pieces
    for pieces in cuts(wire + b".\r\nNOOP\r\n"):
        _, rest, ended, fault = decode(pieces)
        assert (rest, ended, fault) == (b"NOOP\r\n", True, STRAY_OCTETS), pieces


def test_a_bare_cr_before_a_true_end_still_ends_it() -> None:
    for pieces in cuts(b"one\r\r\n.\r\nNOOP\r\n"):
        _, rest, ended, fault = decode(pieces)
        assert (rest, ended, fault) == (b"NOOP\r\n", True, STRAY_OCTETS), pieces


def test_a_stray_octet_in_front() -> None:
    for first in (b"\n", b"\r", b"\0"):
        for pieces in cuts(first + b"a\r\n.\r\n"):
            assert decode(pieces)[2:] == (True, STRAY_OCTETS)


def test_a_text_line_has_1000_octets_at_most_its_dots_not_counted_twice() -> None:
    longest = b"a" * 998 + b"\r\n"
    assert decode([b"x\r\n" + longest + b".\r\n"]) == (b"x\r\n" + longest, b"", True, None)
    stuffed = b".." + b"a" * 997 + b"\r\n"
    assert decode([stuffed + b".\r\n"])[3] is None
    for wire in (b"a" + longest, b"x\r\na" + longest + b"y\r\n", b"." + stuffed):
        octets = [bytes([octet]) for octet in wire + b".\r\n"]
        for pieces in ([wire + b".\r\n"], octets, [wire[:990], wire[990:] + b".\r\n"]):
            assert decode(pieces)[2:] == (True, LINE_TOO_LONG)


def test_a_message_over_the_size_is_read_to_its_end() -> None:
    limits = Limits(message_size=10)
    exact, over = b"12345678\r\n", b"123456789\r\n"
    for pieces in cuts(exact + b".\r\nNOOP\r\n"):
        assert decode(pieces, limits) == (exact, b"NOOP\r\n", True, None)
    for pieces in cuts(over + b".\r\nNOOP\r\n"):
        assert decode(pieces, limits)[1:] == (b"NOOP\r\n", True, MESSAGE_TOO_BIG)


def test_the_verdict_does_not_depend_on_the_split_where_there_is_more_than_one() -> None:
    limits = Limits(message_size=10, smtp_text_line=8)
    for pieces in cuts(b"123456789012\r\n1\n\r\n.\r\n"):
        assert decode(pieces, limits)[3] is STRAY_OCTETS
    for pieces in cuts(b"123456789012\r\n.\r\n"):
        assert decode(pieces, limits)[3] is LINE_TOO_LONG


def test_endless_data_without_a_line_end_costs_no_memory() -> None:
    decoder = DataDecoder()
    block = b"a" * 65536
    decoder.feed(block)
    tracemalloc.start()
    for _ in range(3200):
        assert decoder.feed(block) == (b"", b"")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1024 * 1024
    assert decoder.feed(b"\r\n.\r\n") == (b"", b"")
    assert decoder.ended
    assert decoder.fault is LINE_TOO_LONG
