"""Inputs from inputs."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

#: What has broken parsers: line ends, ends of numbers, quotes, octets above ASCII.
_INTERESTING = (
    *(bytes([octet]) for octet in b'\r\n\0 "\\{}()[]<>*%+~.:;,@=\t\x7f\x80\xc3\xff'),
    b"\r\n",
    b"0",
    b"1",
    b"4294967295",
    b"4294967296",
    b"18446744073709551616",
    b"-1",
    b"{0}\r\n",
    b"{3}\r\n",
    b"{3+}\r\n",
    b"~{3}\r\n",
    b"\r\n.\r\n",
    b"NIL",
    b"((((((((((",
)


class Mutator:
    """Changes inputs at random.

    Arguments:
        words: what the protocol is made of.
        chance: where all choices come from.
    """

    def __init__(self, words: Sequence[bytes], chance: random.Random) -> None:
        self._words = [*words, *_INTERESTING]
        self._chance = chance
        self._ways: tuple[Callable[[bytes, bytes], bytes], ...] = (
            self._insert_word,
            self._insert_word,
            self._replace_by_word,
            self._change_octet,
            self._remove,
            self._repeat,
            self._splice,
            self._swap_lines,
            self._move_line,
        )

    def mutate(self, data: bytes, other: bytes, most: int) -> bytes:
        """Return something like ``data``, with something of ``other``, of ``most`` octets."""
        for _ in range(1 << self._chance.randrange(4)):
            data = self._chance.choice(self._ways)(data, other)
        return data[:most]

    def _place(self, data: bytes) -> int:
        return self._chance.randint(0, len(data))

    def _span(self, data: bytes) -> tuple[int, int]:
        start = self._place(data)
        return start, min(len(data), start + self._chance.choice((1, 1, 2, 4, 8, 32, 128)))

    def _insert_word(self, data: bytes, other: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + self._chance.choice(self._words) + data[at:]

    def _replace_by_word(self, data: bytes, other: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + self._chance.choice(self._words) + data[end:]

    def _change_octet(self, data: bytes, other: bytes) -> bytes:
        at = self._place(data)
        return data[:at] + bytes([self._chance.randrange(256)]) + data[at + 1 :]

    def _remove(self, data: bytes, other: bytes) -> bytes:
        start, end = self._span(data)
        return data[:start] + data[end:]

    def _repeat(self, data: bytes, other: bytes) -> bytes:
        start, end = self._span(data)
        return data[:end] + data[start:end] * self._chance.choice((1, 2, 10)) + data[end:]

    def _splice(self, data: bytes, other: bytes) -> bytes:
        return data[: self._place(data)] + other[self._place(other) :]

    def _swap_lines(self, data: bytes, other: bytes) -> bytes:
        lines = data.splitlines(keepends=True)
        if len(lines) > 1:
            one, two = self._chance.sample(range(len(lines)), 2)
            lines[one], lines[two] = lines[two], lines[one]
        return b"".join(lines)

    def _move_line(self, data: bytes, other: bytes) -> bytes:
        lines, others = data.splitlines(keepends=True), other.splitlines(keepends=True)
        if others:
            lines.insert(self._chance.randint(0, len(lines)), self._chance.choice(others))
        return b"".join(lines)
