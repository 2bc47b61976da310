"""Address lists, well-formed and not (RFC 5322 §3.4, §4.4; RFC 9051 §7.5.2)."""

from __future__ import annotations

import email.utils

import pytest

from mailcore.message import Address, parse_addresses

END = Address(None, None, None, None)


def group(name: bytes) -> Address:
    return Address(None, None, name, None)


def address(text: str, name: bytes | None = None, route: bytes | None = None) -> Address:
    mailbox, _, host = text.encode().rpartition(b"@")
    return Address(name, route, mailbox, host)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"", []),
        (b" \r\n ", []),
        (b"a@b", [address("a@b")]),
        (b"<a@b>", [address("a@b")]),
        (b"Joe <a@b>", [address("a@b", b"Joe")]),
        (b"Joe Q. Public <a@b>", [address("a@b", b"Joe Q. Public")]),
        (b"Joe\r\n  Public\t<a@b>", [address("a@b", b"Joe Public")]),
        (b'"Joe \\"Q\\" \\\\" <a@b>', [address("a@b", b'Joe "Q" \\')]),
        (b'"Public, Joe" <a@b>, c@d', [address("a@b", b"Public, Joe"), address("c@d")]),
        (b"a@b (Joe Public)", [address("a@b", b"Joe Public")]),
        (b"a@b (Joe (the \\) \\\\) Public), c@d", [
            address("a@b", b"Joe (the ) \\) Public"), address("c@d")]),
        (b"Joe (comment) <a@b>", [address("a@b", b"Joe")]),
        (b"(x)a(y)@(z)b(w)", [address("a@b", b"x y z w")]),
        (b'"john doe"@b', [Address(None, None, b"john doe", b"b")]),
        (b'"a@b"@c', [Address(None, None, b"a@b", b"c")]),
        (b"john . doe @ b . c", [address("john.doe@b.c")]),
        (b"john doe@b", [address("john doe@b")]),
        (b"a@[192.0.2.1]", [address("a@[192.0.2.1]")]),
        (b"a@[IPv6:2001:db8::1], c@d", [address("a@[IPv6:2001:db8::1]"), address("c@d")]),
        (b"<@x,@y:a@b>", [address("a@b", None, b"@x,@y")]),
        (b"Joe <@x , @y : a@b>, c@d", [address("a@b", b"Joe", b"@x,@y"), address("c@d")]),
        (b"<>", [Address(None, None, b"", b"")]),
        (b"root", [Address(None, None, b"root", b"")]),
        (b"Joe <root>", [Address(b"Joe", None, b"root", b"")]),
        (b",, a@b,,c@d,", [address("a@b"), address("c@d")]),
        (b"a@b; c@d", [address("a@b"), address("c@d")]),
        (b"Joe <a@b", [address("a@b", b"Joe")]),
        (b"Joe <a@b, c@d", [address("a@b", b"Joe"), address("c@d")]),
        (b'"Joe <a@b>', [Address(None, None, b"Joe <a@b>", b"")]),
        (b"a@b (Joe", [address("a@b", b"Joe")]),
        (b"a@b@c", [address("a@b@c")]),
        (b"\xc3\xa9 <\xc3\xa9@\xc3\xa9>", [Address(b"\xc3\xa9", None, b"\xc3\xa9", b"\xc3\xa9")]),
        (b"=?utf-8?Q?a,_b?= <a@b>", [address("a@b", b"=?utf-8?Q?a,_b?=")]),
        (b"=?utf-8?Q?a?= =?utf-8?Q?b?= <a@b>", [address("a@b", b"=?utf-8?Q?a?= =?utf-8?Q?b?=")]),
        (b"a\0b@c\r\nd", [address("ab@cd")]),
        (b"g:;", [group(b"g"), END]),
        (b"undisclosed recipients: ;", [group(b"undisclosed recipients"), END]),
        (b'"g, h": a@b, c@d; e@f', [
            group(b"g, h"), address("a@b"), address("c@d"), END, address("e@f")]),
        (b"g: Joe <a@b>", [group(b"g"), address("a@b", b"Joe"), END]),
        (b"g: a@b, h: c@d;", [
            group(b"g"), address("a@b"), END, group(b"h"), address("c@d"), END]),
        (b"g: <@x:a@b>, c@d;", [
            group(b"g"), address("a@b", None, b"@x"), address("c@d"), END]),
    ],
)  # fmt: skip
def test_address_lists(value: bytes, expected: list[Address]) -> None:
    assert parse_addresses(value) == tuple(expected)


def test_max_addresses() -> None:
    assert parse_addresses(b"a@b, c@d, e@f", max_addresses=2) == (address("a@b"), address("c@d"))


@pytest.mark.parametrize(
    "value",
    [
        "Joe Q. Public <john.q.public@example.com>, Mary Smith <mary@x.test>, jdoe@example.org",
        '"Joe Q. Public" <john@example.com>, Who? <one@y.test>, <boss@nil.test>',
        '"Giant; \\"Big\\" Box" <sysservices@example.net>',
        "Pete <pete(his account)@silly.test(his host)>",
        "jdoe@one.test (my dear friend)",
    ],
)
def test_the_standard_library_sees_the_same_addresses(value: str) -> None:
    theirs = [text for _, text in email.utils.getaddresses([value])]
    ours = [
        (found.mailbox or b"") + b"@" + (found.host or b"")
        for found in parse_addresses(value.encode())
    ]
    assert [text.decode() for text in ours] == theirs
