"""DMARC: the record that holds, alignment, and what is asked for (RFC 7489)."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailcore_agentpost.names import Lookup, thread_resolver
from mailcore_agentpost.receiving import dmarc
from mailcore_agentpost.receiving.dmarc import (
    DmarcResult,
    author_domains,
    check_dmarc,
    organizational,
)
from tests.names import Zone, answering


def record(value: str) -> dict[str, list[str]]:
    return {"TXT": [f'"{value}"']}


ZONE: Zone = {
    "_dmarc.strict.example": record("v=DMARC1; p=reject; aspf=s; adkim=s"),
    "_dmarc.relaxed.example": record("v=DMARC1; p=reject; sp=quarantine"),
    "_dmarc.spared.example": record("v=DMARC1; p=reject; pct=0"),
    "_dmarc.reports.example": record("v=DMARC1; p=nonsense; rua=mailto:a@b.example"),
    "_dmarc.nonsense.example": record("v=DMARC1; p=nonsense"),
    "_dmarc.twice.example": {"TXT": ['"v=DMARC1; p=reject"', '"v=DMARC1; p=none"']},
    "_dmarc.other.example": {"TXT": ['"hello"', '"v = DMARC1 ;p = quarantine"']},
    "_dmarc.xn--mnchen-3ya.example": record("v=DMARC1; p=reject"),
    "_dmarc.broken.example": {"SERVFAIL": []},
    "_dmarc.company.co.uk": record("v=DMARC1; p=reject"),
}


@pytest.fixture(scope="module")
def lookup() -> Iterator[Lookup]:
    with answering(ZONE) as server:
        yield Lookup(thread_resolver([server.address]), 30.0)


@pytest.mark.parametrize(
    ("author", "spf", "signed", "expected"),
    [
        ("strict.example", "strict.example", [], ("pass", "reject")),
        ("strict.example", None, ["x.example", "strict.example"], ("pass", "reject")),
        ("strict.example", "mail.strict.example", ["mail.strict.example"], ("fail", "reject")),
        ("relaxed.example", "mail.relaxed.example", [], ("pass", "reject")),
        ("relaxed.example", None, ["mail.relaxed.example"], ("pass", "reject")),
        ("relaxed.example", "evil.example", ["evilrelaxed.example"], ("fail", "reject")),
        ("news.relaxed.example", None, [], ("fail", "quarantine")),
        ("news.relaxed.example", "relaxed.example", [], ("pass", "quarantine")),
        ("a.b.company.co.uk", "company.co.uk", [], ("pass", "reject")),
        ("a.b.company.co.uk", "other.co.uk", [], ("fail", "reject")),
        ("spared.example", None, [], ("fail", "quarantine")),
        ("reports.example", None, [], ("fail", "none")),
        ("nonsense.example", None, [], ("none", "")),
        ("twice.example", None, [], ("none", "")),
        ("other.example", None, [], ("fail", "quarantine")),
        ("unknown.example", "unknown.example", [], ("none", "")),
        ("broken.example", None, [], ("temperror", "")),
    ],
)
def test_a_message_is_judged(
    lookup: Lookup, author: str, spf: str | None, signed: list[str], expected: tuple[str, str]
) -> None:
    found = check_dmarc(f"From: Anna <a@{author}>\r\n\r\n".encode(), spf, signed, lookup)
    assert found == DmarcResult(expected[0], author, expected[1])
    assert found.refused == (expected == ("fail", "reject"))


def test_of_several_authors_the_one_that_nobody_speaks_for_counts(lookup: Lookup) -> None:
    header = b"From: a@unknown.example, b@strict.example\r\nFrom: c@relaxed.example\r\n\r\n"
    assert check_dmarc(header, "relaxed.example", [], lookup).domain == "strict.example"


@pytest.mark.parametrize("header", [b"\r\n", b"From: nobody\r\n\r\n", b"From:\r\n\r\n"])
def test_a_message_without_an_author_is_an_error(lookup: Lookup, header: bytes) -> None:
    assert check_dmarc(header, None, [], lookup) == DmarcResult("permerror")


def test_more_authors_than_are_looked_up(lookup: Lookup) -> None:
    many = ", ".join(f"a@d{number}.example" for number in range(20))
    assert check_dmarc(f"From: {many}\r\n\r\n".encode(), None, [], lookup).result == "permerror"


def test_names_that_are_not_in_ascii(lookup: Lookup) -> None:
    header = "From: a@MÜNCHEN.example\r\n\r\n".encode()
    assert author_domains(header) == ["xn--mnchen-3ya.example"]
    assert check_dmarc(header, None, [], lookup).refused


def test_a_sample(lookup: Lookup, monkeypatch: pytest.MonkeyPatch) -> None:
    tags = {"p": "reject", "pct": "40"}
    for drawn, policy in ((39.9, "reject"), (40.1, "quarantine")):
        monkeypatch.setattr(dmarc.random, "uniform", lambda low, high, drawn=drawn: drawn)
        assert dmarc._sampled(tags, "reject") == policy


@pytest.mark.parametrize(
    ("domain", "expected"),
    [
        ("example.com", "example.com"),
        ("a.b.example.com", "example.com"),
        ("shop.example.co.uk", "example.co.uk"),
        ("co.uk", "co.uk"),
        ("localhost", "localhost"),
        ("x.github.io", "x.github.io"),
    ],
)
def test_organizational_domains(domain: str, expected: str) -> None:
    assert organizational(domain) == expected
