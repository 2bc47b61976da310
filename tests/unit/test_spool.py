"""Content: memory while small, a file when not, the same octets either way."""

from __future__ import annotations

import mmap
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.spool import Content


@given(st.lists(st.binary(max_size=40)), st.integers(0, 100), st.integers(1, 50))
def test_octets_come_back_as_they_went_in(pieces: list[bytes], memory: int, size: int) -> None:
    with Content(memory=memory) as content:
        for piece in pieces:
            content.write(piece)
        whole = b"".join(pieces)
        assert content.size == len(whole)
        assert content.buffer()[:] == whole
        assert b"".join(content.chunks(size)) == whole
        assert all(len(chunk) <= size for chunk in content.chunks(size))


def test_stays_in_memory_up_to_the_cap_and_moves_to_a_file_above_it() -> None:
    content = Content(b"x" * 10, memory=10)
    assert isinstance(content.buffer(), bytes)
    content.write(b"y")
    assert isinstance(content.buffer(), mmap.mmap)
    assert content.buffer()[:] == b"x" * 10 + b"y"
    content.close()


def test_grows_after_it_was_looked_at() -> None:
    with Content(b"a" * 20, memory=10) as content:
        assert len(content.buffer()) == 20
        content.write(b"b" * 5000)
        assert content.buffer()[:] == b"a" * 20 + b"b" * 5000


def test_a_large_message_costs_no_memory() -> None:
    piece = b"z" * 65536
    tracemalloc.start()
    try:
        with Content() as content:
            for _ in range(320):
                content.write(piece)
            assert content.size == 20 * 1024 * 1024
            assert sum(len(chunk) for chunk in content.chunks()) == content.size
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * 1024 * 1024


@pytest.mark.parametrize("octets", [b"", b"small", b"more than memory"])
def test_closing_twice_is_harmless(octets: bytes) -> None:
    content = Content(octets, memory=8)
    content.buffer()
    content.close()
    content.close()
    assert content.size == 0
