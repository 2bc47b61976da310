"""Transfer encodings undone in pieces are undone as at once, wherever the pieces are cut."""

from __future__ import annotations

import base64
import quopri

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from mailcore.message import decode_body, decoder

bodies = st.one_of(
    st.binary(max_size=80),
    st.binary(max_size=200).map(base64.encodebytes),
    st.binary(max_size=200).map(quopri.encodestring),
    st.text("=AB3\r\n \tz-", max_size=60).map(str.encode),
)


@pytest.mark.parametrize("encoding", ["base64", "quoted-printable", "8bit"])
@given(body=bodies, size=st.integers(1, 30))
def test_pieces_are_as_good_as_the_whole(encoding: str, body: bytes, size: int) -> None:
    # What stands behind the padding is nothing; decoded at once, some of it may be.
    assume(encoding != "base64" or b"=" not in body.rstrip(b"=\r\n"))
    undo = decoder(encoding)
    assert undo is not None
    pieces = [undo.feed(body[at : at + size]) for at in range(0, len(body), size)]
    assert b"".join([*pieces, undo.finish()]) == decode_body(body, encoding)


@given(st.binary(max_size=300))
def test_what_was_encoded_comes_back(data: bytes) -> None:
    undo = decoder("BASE64")
    assert undo is not None
    assert undo.feed(base64.encodebytes(data)) + undo.finish() == data


def test_a_line_without_end_is_not_held() -> None:
    undo = decoder("quoted-printable")
    assert undo is not None
    data = b"=3Dx" * 50_000
    pieces = [undo.feed(data[at : at + 1001]) for at in range(0, len(data), 1001)]
    assert sum(map(len, pieces)) > 30_000
    assert b"".join([*pieces, undo.finish()]) == b"=x" * 50_000


def test_an_encoding_that_nobody_knows() -> None:
    assert decoder("x-uuencode") is None
