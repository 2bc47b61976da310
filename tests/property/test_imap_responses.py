"""What holds for every response of an IMAP server, as its client reads it."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.imap import responses as r
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.cursor import ParseError
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.imap.wire.parse_responses import parse_response
from mailcore.limits import Limits
from mailcore.testing.strategies import imap_responses as strategies

BOUNDS = ResponseBounds.after_login(Limits())
PIECES = {r.FetchBegin, r.LiteralBegin, r.LiteralChunk, r.FetchEnd}


def encode(response: r.Response, *, utf8: bool = False) -> bytes:
    return ResponseEncoder({"UTF8=ACCEPT"} if utf8 else ()).encode(response)


def parse(line: bytes, *, utf8: bool = False) -> r.Response:
    assert line.endswith(b"\r\n")
    return parse_response(line[:-2], BOUNDS, utf8=utf8)


def test_there_is_a_strategy_for_every_response() -> None:
    assert set(strategies.RESPONSES) | PIECES == set(get_args(r.Response))


@pytest.mark.parametrize("kind", strategies.RESPONSES, ids=lambda kind: kind.__name__)
def test_every_response_survives_the_wire(kind: type[r.Response]) -> None:
    @settings(max_examples=60, deadline=None)
    @given(strategies.RESPONSES[kind], st.booleans())
    def check(response: r.Response, utf8: bool) -> None:
        line = encode(response, utf8=utf8)
        parsed = parse(line, utf8=utf8)
        assert parsed == response
        assert encode(parsed, utf8=utf8) == line

    check()


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_what_is_broken_is_kept_as_it_came(data: st.DataObject) -> None:
    line = bytearray(encode(data.draw(strategies.responses)))
    for _ in range(data.draw(st.integers(1, 3))):
        line[data.draw(st.integers(0, len(line) - 1))] = data.draw(
            st.sampled_from(b'()"\\ {}[]0aN')
        )
    try:
        parsed = parse_response(bytes(line[:-2]), BOUNDS)
    except ParseError:
        return
    if isinstance(parsed, r.UnknownResponse):
        assert parsed.data == line[2:-2]
