"""Paths of MAIL and RCPT, and back."""

from __future__ import annotations

import pytest

from mailcore.smtp.types import ForwardPath, ReversePath
from mailcore.smtp.wire.path import (
    PathError,
    format_path,
    parse_forward_path,
    parse_path,
    parse_reverse_path,
)


@pytest.mark.parametrize(
    ("text", "local_part", "domain"),
    [
        ("<ann@example.org>", "ann", "example.org"),
        ("<a.b+tag@example.org>", "a.b+tag", "example.org"),
        ("<!#$%&'*+-/=?^_`{|}~@x>", "!#$%&'*+-/=?^_`{|}~", "x"),
        ('<"a b"@example.org>', "a b", "example.org"),
        (r'<"a\"b\\c"@example.org>', r'a"b\c', "example.org"),
        (r'<"\a\>"@example.org>', "a>", "example.org"),
        ('<""@example.org>', "", "example.org"),
        ("<a@mail_1.example.org>", "a", "mail_1.example.org"),
        ("<a@[192.0.2.1]>", "a", "[192.0.2.1]"),
        ("<a@[IPv6:2001:db8::1]>", "a", "[IPv6:2001:db8::1]"),
        ("<a@[ipv6:::ffff:192.0.2.1]>", "a", "[ipv6:::ffff:192.0.2.1]"),
        ("<a@[tag:content]>", "a", "[tag:content]"),
        ("<jörg@müller.example>", "jörg", "müller.example"),
        ("<@one.example,@two.example:a@three.example>", "a", "three.example"),
        (f"<a@{'b' * 63}.example>", "a", f"{'b' * 63}.example"),
    ],
)
def test_paths(text: str, local_part: str, domain: str) -> None:
    assert parse_path(text) == (local_part, domain, len(text))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "<",
        "<>",
        "ann@example.org",
        "<ann@example.org",
        "<ann>",
        "<ann@>",
        "<@example.org>",
        "<.a@example.org>",
        "<a.@example.org>",
        "<a..b@example.org>",
        "<a b@example.org>",
        "<a@b@c>",
        "<a@-b>",
        "<a@b->",
        "<a@b..c>",
        "<a@b.>",
        "<a@b!c>",
        f"<a@{'b' * 64}.example>",
        f"<a@{'b.' * 128}example>",
        '<"a@example.org>',
        '<"a"b"@example.org>',
        '<"a\\"@example.org>',
        "<a@[192.0.2.256]>",
        "<a@[192.0.2]>",
        "<a@[IPv6:12345::]>",
        "<a@[IPv6:fe80::1%eth0]>",
        "<a@[]>",
        "<a@[192.0.2.1>",
        "<@one.example a@two.example>",
        "<a\x00@b>",
        '<"a\nb"@c>',
        '<"a\x7f"@c>',
        '<"a\u2028"@c>',
        "<a\x85@b>",
    ],
)
def test_what_is_no_path(text: str) -> None:
    with pytest.raises(PathError):
        parse_path(text)


def test_the_null_path_is_for_senders_only() -> None:
    assert parse_reverse_path("<> X") == (ReversePath(), 2)
    assert parse_reverse_path("<a@b>") == (ReversePath("a", "b"), 5)
    with pytest.raises(PathError):
        parse_forward_path("<>")


def test_postmaster_needs_no_domain() -> None:
    assert parse_forward_path("<POSTmaster>") == (ForwardPath("POSTmaster", ""), 12)
    assert parse_forward_path("<a@b>") == (ForwardPath("a", "b"), 5)


def test_the_quirk_lets_the_brackets_go() -> None:
    assert parse_path("a@b SIZE=1", brackets=False) == ("a", "b", 3)
    assert parse_path("<a@b>", brackets=False) == ("a", "b", 5)


def test_format_quotes_where_it_must() -> None:
    assert format_path(ReversePath()) == "<>"
    assert format_path(ForwardPath("a.b", "c")) == "<a.b@c>"
    assert format_path(ForwardPath('a "b\\', "c")) == '<"a \\"b\\\\"@c>'
    assert format_path(ForwardPath("Postmaster", "")) == "<Postmaster>"
    with pytest.raises(PathError):
        format_path(ForwardPath("a\r\nb", "c"))


def test_a_long_domain_takes_linear_time() -> None:
    with pytest.raises(PathError):
        parse_path("<a@" + "a-" * 100_000)
    with pytest.raises(PathError):
        parse_path("<" + "@a," * 50_000 + ">")
