"""IMAP URLs (RFC 5092): its examples, what is none, and what relative ones mean."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.imap.types import Section
from mailcore.imap.url import ImapUrl, UrlAuthorization, UrlError, is_absolute, parse_url

TOKEN = "91354a473744909de610943775f92038"

EXAMPLES = {
    "imap://minbari.example.org/gray-council;UIDVALIDITY=385759045/;UID=20/;PARTIAL=0.1024": (
        ImapUrl(
            "minbari.example.org",
            mailbox="gray-council",
            uid_validity=385759045,
            uid=20,
            partial=(0, 1024),
        )
    ),
    "imap://psicorp.example.org/~peter/%E6%97%A5%E6%9C%AC%E8%AA%9E/%E5%8F%B0%E5%8C%97": (
        ImapUrl("psicorp.example.org", mailbox="~peter/日本語/台北")
    ),
    "imap://;AUTH=GSSAPI@minbari.example.org/gray-council/;uid=20/;section=1.2": ImapUrl(
        "minbari.example.org",
        auth="GSSAPI",
        mailbox="gray-council",
        uid=20,
        section=Section((1, 2)),
    ),
    "imap://;AUTH=*@minbari.example.org/gray%20council?SUBJECT%20shadows": ImapUrl(
        "minbari.example.org", auth="*", mailbox="gray council", search="SUBJECT shadows"
    ),
    "imap://john;AUTH=*@minbari.example.org/babylon5/personel?charset%20UTF-8%20SUBJECT%20"
    "%7B14+%7D%0D%0A%D0%98%D0%B2%D0%B0%D0%BD%D0%BE%D0%B2%D0%B0": ImapUrl(
        "minbari.example.org",
        user="john",
        auth="*",
        mailbox="babylon5/personel",
        search="charset UTF-8 SUBJECT {14+}\r\nИванова",
    ),
    f"imap://joe@example.com/INBOX/;uid=20/;section=1.2;urlauth=submit+fred:internal:{TOKEN}": (
        ImapUrl(
            "example.com",
            user="joe",
            mailbox="INBOX",
            uid=20,
            section=Section((1, 2)),
            authorization=UrlAuthorization("submit+", "fred", None, "INTERNAL", TOKEN),
        )
    ),
    "imap://a%40b@[::1]:1430/inbox/;UID=1/;PARTIAL=5;EXPIRE=2026-01-02t03:04:05.5z"
    ";URLAUTH=anonymous": (
        ImapUrl(
            "[::1]",
            1430,
            "a@b",
            mailbox="INBOX",
            uid=1,
            partial=(5, None),
            authorization=UrlAuthorization(
                "anonymous", expire=datetime(2026, 1, 2, 3, 4, 5, 500000, UTC)
            ),
        )
    ),
    "imap://example.org": ImapUrl("example.org"),
    "IMAP://example.org/": ImapUrl("example.org"),
    "imap://example.org/a/b/": ImapUrl("example.org", mailbox="a/b"),
    "imap://example.org/a/;UID=7/;SECTION=1.HEADER.FIELDS%20(To%20%22X%20Y%22)": ImapUrl(
        "example.org",
        mailbox="a",
        uid=7,
        section=Section((1,), "HEADER.FIELDS", ("To", "X Y")),
    ),
}


@pytest.mark.parametrize(("text", "url"), EXAMPLES.items())
def test_examples(text: str, url: ImapUrl) -> None:
    assert parse_url(text) == url
    assert parse_url(str(url)) == url


@pytest.mark.parametrize(
    "text",
    [
        "",
        "x",
        "/INBOX/;UID=1",
        "http://example.org/INBOX",
        "imap:/INBOX",
        "imap://",
        "imap://@example.org/",
        "imap://a b/",
        "imap://example.org:99999/",
        "imap://example.org/INBOX#here",
        "imap://example.org/%zz",
        "imap://example.org/%FF",
        "imap://example.org/a%0Ab",
        "imap://example.org/ä",
        "imap://example.org/x;UID=1",
        "imap://example.org/x/;UID=0",
        "imap://example.org/x/;UID=4294967296",
        "imap://example.org/x/;UID=1/;SECTION=MIME",
        "imap://example.org/x/;UID=1/;SECTION=1%00",
        "imap://example.org/x/;UID=1/;SECTION=1]",
        "imap://example.org/x/;UID=1/;PARTIAL=0.0",
        "imap://example.org/x/;UID=1?ALL",
        "imap://example.org/x;URLAUTH=anonymous",
        f"imap://example.org/x/;UID=1;URLAUTH=root:INTERNAL:{TOKEN}",
        "imap://example.org/x/;UID=1;URLAUTH=anonymous:INTERNAL:12",
        "imap://example.org/x/;UID=1;EXPIRE=2026-13-02T03:04:05Z;URLAUTH=anonymous",
        "imap://example.org/x/;UID=1;EXPIRE=2026-01-02T03:04:05;URLAUTH=anonymous",
        "imap://example.org/x\n",
    ],
)
def test_what_is_no_url(text: str) -> None:
    with pytest.raises(UrlError):
        parse_url(text)


MESSAGE = parse_url("imap://joe@h/gray-council/;uid=20/;section=1.2")
MAILBOX = parse_url("imap://joe@h/gray-council")


@pytest.mark.parametrize(
    ("base", "reference", "absolute"),
    [
        # RFC 5092 §9 and §9.1
        (MESSAGE, ";section=1.4", "imap://joe@h/gray-council/;uid=20/;section=1.4"),
        (MESSAGE, "/foo/;UID=20/..", "imap://joe@h/foo"),
        (MAILBOX, ";UID=20", "imap://joe@h/gray-council/;UID=20"),
        (MAILBOX, "..;UIDVALIDITY=3/;UID=20", "imap://joe@h/%2E%2E;UIDVALIDITY=3/;UID=20"),
        # RFC 4469 §3
        (MAILBOX, "/Drafts;UIDVALIDITY=3/;UID=20", "imap://joe@h/Drafts;UIDVALIDITY=3/;UID=20"),
        (ImapUrl("h"), "INBOX/;UID=1", "imap://h/INBOX/;UID=1"),
        (MAILBOX, "Sent/;UID=1", "imap://joe@h/Sent/;UID=1"),
        (MAILBOX, "?ALL", "imap://joe@h/gray-council?ALL"),
        (MESSAGE, "", str(MESSAGE)),
        (MESSAGE, "//other/INBOX", "imap://other/INBOX"),
        (MESSAGE, "imap://other/INBOX", "imap://other/INBOX"),
        (MESSAGE, "../.././../x", "imap://joe@h/x"),
    ],
)
def test_relative_urls(base: ImapUrl, reference: str, absolute: str) -> None:
    assert parse_url(reference, base) == parse_url(absolute)


def test_what_is_absolute() -> None:
    assert [is_absolute(text) for text in ("imap://h/x", "//h/x", "/x", ";UID=1", "x\ny")] == [
        True,
        True,
        False,
        False,
        False,
    ]


@pytest.mark.parametrize(
    "url", [ImapUrl("h", mailbox="\ud800"), ImapUrl("h", user="\ud800"), ImapUrl("h", mailbox="")]
)
def test_what_can_not_be_written(url: ImapUrl) -> None:
    with pytest.raises(UrlError):
        str(url)
