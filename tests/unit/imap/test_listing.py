"""Patterns of LIST, and the names above others (RFC 9051 §6.3.9)."""

from __future__ import annotations

import fnmatch
from itertools import product

import pytest

from mailcore.imap.listing import Pattern, parents


@pytest.mark.parametrize(
    ("pattern", "names", "others"),
    [
        ("*", ["a", "a/b", "INBOX", ""], []),
        ("%", ["a", "INBOX", ""], ["a/b", "/"]),
        ("a", ["a"], ["A", "a/b", "aa", ""]),
        ("a/%", ["a/b", "a/"], ["a", "a/b/c", "b/a/b"]),
        ("a/*", ["a/b", "a/b/c"], ["a", "ab"]),
        ("a%", ["a", "ab"], ["a/b"]),
        ("%/%", ["a/b", "/"], ["a", "a/b/c"]),
        ("*b", ["b", "a/b", "ab"], ["ba"]),
        ("a%c*e", ["ace", "abcde", "ac/d/e"], ["a/ce", "ac"]),
        ("%*", ["a", "a/b", ""], []),
        ("*%", ["a", "a/b", ""], []),
        ("%%%", ["abc", ""], ["a/b"]),
        ("", [""], ["a"]),
        ("inbox", ["INBOX"], ["inbox/a", "Inbox"]),
        ("In%", ["INBOX", "Inx"], ["IN"]),
        ("INBOX/%", ["INBOX/a"], ["INBOX", "inbox/a"]),
        ("ü%", ["über"], ["uber"]),
    ],
)
def test_patterns(pattern, names, others):
    matcher = Pattern(pattern)
    # "inbox" as a name of its own would be INBOX; only the exact name is without case.
    assert [name for name in names if not matcher.matches(name)] == []
    assert [name for name in others if matcher.matches(name) and name != pattern] == []


def test_a_star_is_what_the_shell_has():
    names = ["".join(letters) for size in range(5) for letters in product("ab/", repeat=size)]
    for pattern in ("".join(letters) for letters in product("ab*", repeat=4)):
        matcher = Pattern(pattern)
        for name in names:
            assert matcher.matches(name) is fnmatch.fnmatchcase(name, pattern), (pattern, name)


def test_a_percent_is_a_star_within_one_level():
    names = ["".join(letters) for size in range(5) for letters in product("ab/", repeat=size)]
    for pattern in ("".join(letters) for letters in product("ab/%", repeat=3)):
        matcher = Pattern(pattern)
        levels = pattern.split("/")
        for name in names:
            parts = name.split("/")
            expected = len(parts) == len(levels) and all(
                fnmatch.fnmatchcase(part, level.replace("%", "*"))
                for part, level in zip(parts, levels, strict=True)
            )
            assert matcher.matches(name) is expected, (pattern, name)


def test_many_wildcards_take_no_longer_than_their_number():
    # A matcher that tries all ways to split the name would never come back from this.
    assert not Pattern("*a%" * 2000 + "b").matches("a" * 5000)


@pytest.mark.parametrize(
    ("names", "above"),
    [
        ([], set()),
        (["a", "b"], set()),
        (["a/b/c", "a/d"], {"a", "a/b"}),
        (["/a"], set()),
        (["a//b"], {"a", "a/"}),
    ],
)
def test_names_above_others(names, above):
    assert parents(names) == above
