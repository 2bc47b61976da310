"""The Received field."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailcore.smtp.trace import received_field
from mailcore.smtp.types import ForwardPath

WHEN = datetime(2026, 3, 1, 4, 5, 6, tzinfo=UTC)


def field(**changes: object) -> bytes:
    arguments: dict[str, object] = {
        "hello": "client.example",
        "host": "192.0.2.1",
        "by": "mail.example",
        "protocol": "ESMTPS",
        "when": WHEN,
    }
    return received_field(**(arguments | changes))  # type: ignore[arg-type]


def test_all_clauses() -> None:
    assert field(identifier="msg_1", recipient=ForwardPath("a b", "example.org")) == (
        b"Received: from client.example ([192.0.2.1])\r\n"
        b"\tby mail.example with ESMTPS id msg_1\r\n"
        b'\tfor <"a b"@example.org>;\r\n'
        b"\tSun, 1 Mar 2026 04:05:06 +0000\r\n"
    )


def test_the_least() -> None:
    zone = timezone(-timedelta(hours=3, minutes=30))
    assert field(hello="[IPv6:::1]", host="", when=WHEN.astimezone(zone)) == (
        b"Received: from [IPv6:::1]\r\n"
        b"\tby mail.example with ESMTPS;\r\n"
        b"\tSun, 1 Mar 2026 00:35:06 -0330\r\n"
    )


def test_an_ipv6_peer() -> None:
    assert b"([IPv6:fe80::1])" in field(host="fe80::1%eth0")


@pytest.mark.parametrize("bad", ["a\r\nBcc: b", "a\0b", "x (y", "ü;", "a\nb"])
def test_nothing_can_be_injected(bad: str) -> None:
    text = field(hello=bad, host=bad, by=bad, identifier=bad, recipient=ForwardPath(bad, bad))
    assert all(line.startswith((b"Received: ", b"\t")) for line in text[:-2].split(b"\r\n"))
    assert b"\0" not in text
    assert text.count(b"\n") == text.count(b"\r") == text.count(b"\r\n")


def test_an_empty_hello_and_an_overlong_recipient() -> None:
    text = field(hello="", recipient=ForwardPath("a" * 950, "example.org"))
    assert text.startswith(b"Received: from unknown (")
    assert b"for" not in text


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError):
        field(when=datetime(2026, 1, 1))
