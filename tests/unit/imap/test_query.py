"""The language of X-GM-RAW: what it means, and that nothing in it is an error."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.query import QueryTooLong, parse_query
from mailcore.imap.searchkeys import (
    INTERNAL,
    Age,
    All,
    And,
    DateKey,
    HasAttachment,
    HasFlag,
    Header,
    InMailbox,
    Larger,
    Not,
    Or,
    SearchKey,
    Smaller,
    Text,
    leaf_keys,
)

A, B, C = Text("a"), Text("b"), Text("c")
SEEN = HasFlag("\\Seen")


def label(name: str) -> SearchKey:
    return Or(HasFlag(name), InMailbox(name))


@pytest.mark.parametrize(
    ("query", "key"),
    [
        ("", All()),
        ("  ", All()),
        ("a", A),
        ("a b", And((A, B))),
        ("a AND b", And((A, B))),
        ('"a b" c', And((Text("a b"), C))),
        ('"a b', Text("a b")),
        ('""', Text("")),
        ("-a", Not(A)),
        ('-"a b"', Not(Text("a b"))),
        ("a-b", Text("a-b")),
        ("a OR b", Or(A, B)),
        ("a OR b OR c", Or(Or(A, B), C)),
        ("a b OR c", And((A, Or(B, C)))),
        ("a or b", And((A, Text("or"), B))),
        ("OR a", A),
        ("a OR", A),
        ("a OR -b", Or(A, Not(B))),
        ("(a b) OR c", Or(And((A, B)), C)),
        ("-(a b)", Not(And((A, B)))),
        ("{a b}", Or(A, B)),
        ("-{a b}", Not(Or(A, B))),
        ("{a b c}", Or(Or(A, B), C)),
        ("{}", All()),
        ("(a", A),
        ("a)", A),
        ("(a} b)", And((A, B))),
        ("from:a", Header("From", "a")),
        ("FROM:a", Header("From", "a")),
        ("-from:a", Not(Header("From", "a"))),
        ('subject:"a b"', Header("Subject", "a b")),
        ("subject:(a b)", And((Header("Subject", "a"), Header("Subject", "b")))),
        ("from:{a b}", Or(Header("From", "a"), Header("From", "b"))),
        ("-to:(a from:b)", Not(And((Header("To", "a"), Header("From", "b"))))),
        ("cc:a bcc:b", And((Header("Cc", "a"), Header("Bcc", "b")))),
        ("list:a", Header("List-Id", "a")),
        ("rfc822msgid:<a@b>", Header("Message-ID", "<a@b>")),
        ("from: a", And((Text("from:"), A))),
        ("has:attachment", HasAttachment()),
        ("has:attachment in:unread", And((HasAttachment(), Not(SEEN)))),
        ("has:drive", Text("has:drive")),
        ("is:unread", Not(SEEN)),
        ("is:read", SEEN),
        ("is:starred", HasFlag("\\Flagged")),
        ("label:UNREAD", Not(SEEN)),
        ("in:anywhere", All()),
        ("in:inbox", InMailbox("inbox")),
        ("in:draft", InMailbox("drafts")),
        ("in:Work", InMailbox("Work")),
        ("label:Work", label("Work")),
        ('label:"my work"', label("my work")),
        ("is:important", label("important")),
        ("after:2026/01/31", DateKey(INTERNAL, "SINCE", date(2026, 1, 31))),
        ("newer:2026-1-2", DateKey(INTERNAL, "SINCE", date(2026, 1, 2))),
        ("before:2026/1/31", DateKey(INTERNAL, "BEFORE", date(2026, 1, 31))),
        ("older:2026/1/31", DateKey(INTERNAL, "BEFORE", date(2026, 1, 31))),
        ("before:2026/2/30", Text("before:2026/2/30")),
        ("before:yesterday", Text("before:yesterday")),
        ("older_than:2d", Age("OLDER", 2 * 86400)),
        ("newer_than:1M", Age("YOUNGER", 30 * 86400)),
        ("older_than:1y", Age("OLDER", 365 * 86400)),
        ("newer_than:3h", Age("YOUNGER", 3 * 3600)),
        ("older_than:0d", Text("older_than:0d")),
        ("older_than:2w", Text("older_than:2w")),
        ("larger:5M", Larger(5 * 1024 * 1024)),
        ("size:10", Larger(10)),
        ("smaller:2k", Smaller(2048)),
        ("smaller:2kb", Smaller(2048)),
        ("larger:big", Text("larger:big")),
        ("http://example.test/", Text("http://example.test/")),
        ("12:30", Text("12:30")),
    ],
)
def test_meaning(query: str, key: SearchKey) -> None:
    assert parse_query(query, 100) == key


@given(st.text(st.sampled_from('ab:-(){}" \tOR/\0\ud800é') | st.characters(), max_size=60))
def test_nothing_is_an_error(query: str) -> None:
    parse_query(query, 100)


def test_too_many_words() -> None:
    parse_query("a " * 100, 100)
    parse_query("(a) " * 50, 100)
    for query in ("a " * 101, "(" * 100_000, "- " * 100_000, '""' * 101):
        with pytest.raises(QueryTooLong):
            parse_query(query, 100)


@pytest.mark.parametrize("opening", ["(", "{", "-(", "from:("])
def test_deep_groups(opening: str) -> None:
    closing = "}" if "{" in opening else ")"
    key = parse_query(opening * 50 + "a" + closing * 50, 100)
    assert len(list(leaf_keys(key))) == 1


def test_many_alternatives_are_no_deep_tree() -> None:
    key: SearchKey = parse_query(" OR ".join("a" * 64), 100)
    depth = 0
    while isinstance(key, Or):
        key, depth = key.left, depth + 1
    assert depth == 6
