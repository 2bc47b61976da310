"""Whatever the octets are: nothing raises, parts nest, offsets are in order."""

from __future__ import annotations

import base64

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.message import (
    Part,
    decode_body,
    decode_header,
    decode_text,
    extract_text,
    field_values,
    find_header,
    find_part,
    header_fields,
    headers,
    iter_text_parts,
    message_ids,
    parse_addresses,
    parse_date,
    parse_envelope,
    parse_structure,
    preview,
    resolve_section,
    unfold,
)
from mailcore.testing.strategies import mime


def check(data: bytes, part: Part) -> int:
    assert 0 <= part.start <= part.body <= part.end <= len(data)
    position = part.body
    for child in part.children:
        assert position <= child.start
        assert child.end <= part.end
        position = child.end
    assert bool(part.children) == (part.type == "multipart" or part.envelope is not None)
    assert (part.envelope is not None) == (f"{part.type}/{part.subtype}" == "message/rfc822")
    assert part.lines == data.count(b"\n", part.body, part.end)
    return 1 + sum(check(data, child) for child in part.children)


@given(mime.torture | st.binary(max_size=200))
@settings(max_examples=500)
def test_parts_nest_and_offsets_are_in_order(data: bytes) -> None:
    part = parse_structure(data)
    check(data, part)
    assert (part.start, part.end) == (0, len(data))


@given(
    mime.torture,
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=0, max_value=60),
)
@settings(max_examples=500)
def test_so_they_are_beyond_the_limits(data: bytes, depth: int, parts: int, header: int) -> None:
    part = parse_structure(data, max_depth=depth, max_parts=parts, max_header=header)
    # Beyond the limit there is at most one opaque or empty part for each multipart.
    assert check(data, part) <= 2 * parts
    assert part.end == len(data)


@given(mime.torture)
def test_sections_and_texts_never_raise(data: bytes) -> None:
    part = parse_structure(data)
    for text in (None, "HEADER", "TEXT", "MIME", "HEADER.FIELDS"):
        for path in ((), (1,), (2,), (1, 1), (1, 1, 1), (1, 2)):
            span = resolve_section(part, path, text)
            assert span is None or 0 <= span[0] <= span[1] <= len(data)
            assert not path or span is None or find_part(part, path) is not None
    extract_text(data, part).encode()
    assert len(preview(data, part)) <= 200
    assert "\n" not in preview(data, part)
    "".join(iter_text_parts(data, part)).encode()


@given(mime.torture | mime.fields)
def test_the_subsets_of_a_header_share_nothing_but_the_blank_line(data: bytes) -> None:
    block = data[: parse_structure(data).body]
    chosen = header_fields(block, ["subject", "a"])
    others = header_fields(block, ["Subject", "A"], exclude=True)
    assert header_fields(block, [], exclude=True) == block
    names = [field.name.lower() for field in headers(chosen)]
    assert set(names) <= {b"subject", b"a"}
    assert len(names) + len(list(headers(others))) == len(list(headers(block)))


@given(mime.fields | st.binary(max_size=100))
@settings(max_examples=500)
def test_fields_never_raise_and_never_hold_a_line_end(value: bytes) -> None:
    for address in parse_addresses(value):
        for text in (address.name, address.route, address.mailbox, address.host):
            assert text is None or not set(text) & set(b"\r\n\0")
        assert address.host is not None or address.name is None
    parse_envelope(b"From: " + value + b"\r\nDate:" + value + b"\r\n\r\n")
    parse_structure(b"Content-Type: multipart/x;" + value + b"\r\n\r\n")
    parse_structure(b"Content-Disposition: a;" + value + b"\r\nContent-Language:" + value)
    parse_date(value)
    message_ids(value)
    assert not set(decode_header(value)) & set("\r\n\0")
    decode_header(value).encode()
    for encoding in ("base64", "quoted-printable"):
        decode_body(value, encoding)


_PIECES = (
    *(bytes([octet]) for octet in b' \t,;:<>@."\\?()[]\0a'),
    *(b"b.c", b"\xc3\xa9", b"  ", b"\r\n ", b", ", b"=?", b"=?utf-8?q?x?=", b"=?utf-8?q?x,y?="),
    *(b"Joe <a@b>", b'"Doe, Joe" <a@b.c>', b"a@b"),
)


@given(st.lists(st.sampled_from(_PIECES), max_size=12).map(b"".join))
@settings(max_examples=1000)
def test_a_list_of_plain_addresses_is_read_as_any_other(value: bytes) -> None:
    # Members that are empty make it one that is not plain, and mean nothing.
    assert parse_addresses(value) == parse_addresses(b",," + value)


@given(mime.torture | mime.fields)
def test_values_are_those_of_the_fields(data: bytes) -> None:
    block = data[: parse_structure(data).body]
    expected: dict[bytes, list[bytes]] = {}
    for field in headers(block):
        expected.setdefault(field.name.lower(), []).append(field.value)
        first = unfold(expected[field.name.lower()][0])
        assert find_header(block, field.name.decode("ascii")) == first
    assert field_values(block) == expected


@given(st.binary(max_size=100), st.none() | st.text(max_size=20))
def test_text_never_raises(data: bytes, charset: str | None) -> None:
    decode_text(data, charset).encode()


@given(st.binary(max_size=200))
def test_base64_comes_back(data: bytes) -> None:
    assert decode_body(base64.encodebytes(data), "base64") == data
