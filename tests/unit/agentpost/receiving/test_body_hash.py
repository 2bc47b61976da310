"""The hash of a body in pieces is that of the whole, as dkimpy makes it."""

from __future__ import annotations

import hashlib

import pytest
from dkim.canonicalization import Relaxed, Simple
from hypothesis import example, given
from hypothesis import strategies as st

from mailcore_agentpost.receiving.body_hash import body_hash

# Bodies of what matters: white space, line ends and something else.
PIECE = st.lists(st.sampled_from([b" ", b"\t", b"\r\n", b"x", b"\r"]), max_size=6).map(b"".join)


@given(st.lists(PIECE, max_size=8))
@example([b"x\r", b"\n"])
@example([b"x ", b" ", b"\r", b"\n \r\n", b"\r\n\r\n"])
@example([b"\r\n\r\n"])
@example([])
@pytest.mark.parametrize(("algorithm", "relaxed"), [(Simple, False), (Relaxed, True)])
def test_pieces_are_hashed_as_the_whole_is(
    algorithm: type, relaxed: bool, pieces: list[bytes]
) -> None:
    whole = b"".join(pieces) + b"\r\n"  # what SMTP delivers ends so
    expected = hashlib.sha256(algorithm.canonicalize_body(whole)).digest()  # type: ignore[attr-defined]
    assert body_hash([*pieces, b"\r\n"], "sha256", relaxed=relaxed) == expected
    assert body_hash([whole], "sha256", relaxed=relaxed) == expected


def test_empty_lines_without_end_are_counted_and_not_kept() -> None:
    pieces = [b"x\r\n", *[b"\r\n" * 5000] * 20, b"y\r\n"]
    expected = hashlib.sha256(b"".join(pieces)).digest()
    assert body_hash(pieces, "sha256", relaxed=False) == expected
