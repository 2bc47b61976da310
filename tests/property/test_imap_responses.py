"""What holds for every response of an IMAP server, as its client reads it."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.errors import LocalProtocolError
from mailcore.imap import responses as r
from mailcore.imap.types import in_order
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.cursor import ParseError
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.imap.wire.parse_responses import parse_response
from mailcore.limits import Limits
from mailcore.testing.strategies import imap_responses as strategies

BOUNDS = ResponseBounds.after_login(Limits())
# What is told in several pieces, what tells several responses, and what was written before.
PIECES = {
    r.Line,
    *(r.FetchTable, r.FetchBegin, r.LiteralBegin, r.LiteralChunk, r.FetchEnd),
    *(r.UrlFetchBegin, r.UrlFetchEnd),
}


def encode(response: r.Response, *, utf8: bool = False) -> bytes:
    return ResponseEncoder({"UTF8=ACCEPT"} if utf8 else ()).encode(response)


def parse(line: bytes, *, utf8: bool = False) -> r.Response:
    assert line.endswith(b"\r\n")
    return parse_response(line[:-2], BOUNDS, utf8=utf8)


def test_there_is_a_strategy_for_every_response() -> None:
    assert set(strategies.RESPONSES) | PIECES == set(get_args(r.Response))


@pytest.mark.parametrize(
    "octets",
    [
        b"",
        b"* SEARCH",
        b"* SEARCH\n",
        b"+ go on\r\n",
        b"* A\r\n* B\r\n",
        b"* A\rB\r\n",
        b"* \0\r\n",
    ],
)
def test_what_was_written_before_is_one_untagged_line(octets: bytes) -> None:
    assert encode(r.Line(b"* SEARCH 1\r\n")) == b"* SEARCH 1\r\n"
    with pytest.raises(LocalProtocolError, match="not a line"):
        encode(r.Line(octets))


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


_VALUES = {
    r.FetchColumn.UID: st.integers(1, 2**32 - 1),
    r.FetchColumn.FLAGS: st.frozensets(st.sampled_from(["\\Seen", "\\Recent", "todo", "$a"])),
    r.FetchColumn.INTERNALDATE: st.tuples(
        st.integers(-(2**31), 2**35), st.integers(-14 * 60, 14 * 60)
    ),
    r.FetchColumn.SIZE: st.integers(0, 2**40),
    r.FetchColumn.MODSEQ: st.integers(1, 2**63 - 1),
    r.FetchColumn.ENVELOPE: st.just(b"(NIL NIL NIL NIL NIL NIL NIL NIL NIL NIL)"),
    r.FetchColumn.BODYSTRUCTURE: st.just(b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0)'),
    r.FetchColumn.BODY: st.just(b'("TEXT" "PLAIN" NIL NIL NIL "7BIT" 0 0)'),
}
_SINGLE = {
    r.FetchColumn.UID: r.Uid,
    r.FetchColumn.FLAGS: lambda flags: r.Flags(in_order(flags)),
    r.FetchColumn.INTERNALDATE: lambda date: r.InternalDate(
        datetime.fromtimestamp(date[0], timezone(timedelta(minutes=date[1])))
    ),
    r.FetchColumn.SIZE: r.Rfc822Size,
    r.FetchColumn.MODSEQ: r.ModSequence,
    r.FetchColumn.ENVELOPE: lambda octets: r.Encoded(b"ENVELOPE " + octets),
    r.FetchColumn.BODYSTRUCTURE: lambda octets: r.Encoded(b"BODYSTRUCTURE " + octets),
    r.FetchColumn.BODY: lambda octets: r.Encoded(b"BODY " + octets),
}


@settings(max_examples=200, deadline=None)
@given(st.data(), st.lists(st.sampled_from(r.FetchColumn), unique=True, min_size=1), st.booleans())
def test_a_table_is_its_lines(
    data: st.DataObject, columns: list[r.FetchColumn], uid_only: bool
) -> None:
    numbers = data.draw(st.lists(st.integers(1, 2**32 - 1), max_size=5))
    rows = [[data.draw(_VALUES[column]) for column in columns] for _ in numbers]
    table = r.FetchTable(
        numbers,
        {column: [row[place] for row in rows] for place, column in enumerate(columns)},
        uid_only,
    )
    lines = [
        r.FetchResponse(
            number,
            tuple(_SINGLE[column](value) for column, value in zip(columns, row, strict=True)),
            uid_only,
        )
        for number, row in zip(numbers, rows, strict=True)
    ]
    assert encode(table) == b"".join(map(encode, lines))


def test_a_table_has_one_length() -> None:
    with pytest.raises(LocalProtocolError):
        encode(r.FetchTable([1, 2], {r.FetchColumn.UID: [1]}))


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
