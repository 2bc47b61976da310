"""The language in which people search their mail on the web, as search keys: X-GM-RAW.

It is a subset of what Google Mail knows, and as forgiving: whatever is no operator is a word that
is looked for, and no query is an error but one that is too long.

======================================  =====================================================
``lunch "at noon"``                     both are in the message, header or text
``-lunch``, ``lunch OR dinner``         not; either: OR binds more closely than standing together
``( )``, ``{lunch dinner}``             together; any of them
``from: to: cc: bcc: subject: list:``   in that field; ``subject:(a b)`` for several words
``rfc822msgid:``                        in Message-ID
``has:attachment``                      a part that is neither text nor shown within it
``is:unread``, ``read``, ``starred``    flags; ``is:``, ``in:`` and ``label:`` may stand for each
                                        other
``in:inbox``, ``in:NAME``               the mailbox of that name; ``in:anywhere`` is every one
``label:NAME``                          a keyword, or the mailbox of that name
``after:2026/01/31``, ``before:``       the day it came; also ``newer:``, ``older:``
``older_than:2d``, ``newer_than:1m``    days, months of 30 days, years of 365; ``h`` for hours
``larger:5M``, ``smaller:``, ``size:``  octets; K and M
======================================  =====================================================
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

from mailcore.imap import searchkeys as keys
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.wire.cursor import MAX_32

# Groups within groups; what is deeper is read as if it were no group.
_DEPTH: Final = 16

# A quoted text without its end goes on to the end of all.
_TOKEN: Final = re.compile(
    r"""\s*+(?:
        (?P<open>-?+[({]) | (?P<close>[)}])
        | (?P<not>-?+)(?:(?P<name>[A-Za-z0-9_]++):(?=[^\s)}]))?+
          (?:"(?P<quoted>[^"]*+)"?+ | (?P<group>[({]) | (?P<word>[^\s(){}"]++))
        | (?P<other>.)
    )""",
    re.VERBOSE,
)
_DAY: Final = re.compile(r"([0-9]{4})[/-]([0-9]{1,2})[/-]([0-9]{1,2})")
_SPAN: Final = re.compile(r"([0-9]{1,5})([hdmy])", re.IGNORECASE)
_SIZE: Final = re.compile(r"([0-9]{1,12})([km]?)b?", re.IGNORECASE)
_HOURS: Final = {"h": 1, "d": 24, "m": 30 * 24, "y": 365 * 24}
_UNITS: Final = {"": 1, "k": 1024, "m": 1024 * 1024}

_SEEN: Final = keys.HasFlag("\\Seen")
_FLAGGED: Final = keys.HasFlag("\\Flagged")
_STATES: Final[dict[str, SearchKey]] = {
    "unread": keys.Not(_SEEN),
    "read": _SEEN,
    "starred": _FLAGGED,
    "unstarred": keys.Not(_FLAGGED),
    "anywhere": keys.All(),
    "all": keys.All(),
}
# As Google Mail names its own, and mailboxes are called.
_MAILBOXES: Final = {"draft": "drafts", "bin": "trash", "spam": "junk"}
_FIELDS: Final = {
    "from": "From",
    "to": "To",
    "cc": "Cc",
    "bcc": "Bcc",
    "subject": "Subject",
    "list": "List-Id",
    "rfc822msgid": "Message-ID",
}


class QueryTooLong(Exception):
    """There are more words in a query than somebody should look for."""


def parse_query(text: str, most: int) -> SearchKey:
    """Return what a query asks for; an empty one asks for everything.

    :class:`~mailcore.imap.searchkeys.InMailbox` keys in it are for the caller to answer.

    Arguments:
        text: as somebody wrote it.
        most: words and operators that it may have.

    Raises:
        QueryTooLong: it has more.
    """
    tokens = list(_TOKEN.finditer(text.strip()))
    if len(tokens) > 2 * most:
        raise QueryTooLong
    parser = _Parser(iter(tokens))
    key = parser.group(keys.Text, "", _DEPTH)
    if parser.terms > most:
        raise QueryTooLong
    return key


class _Parser:
    """Reads tokens one after the other."""

    def __init__(self, tokens: Iterator[re.Match[str]]) -> None:
        self._tokens = tokens
        self.terms = 0

    def group(self, plain: Callable[[str], SearchKey], closing: str, depth: int) -> SearchKey:
        """Read up to a closing bracket, or to the end.

        Arguments:
            plain: makes a key of a word without an operator.
            closing: the bracket; of braces any key is enough.
            depth: how many groups may still be within this one.
        """
        # Each is either one key or several of which any is enough.
        found: list[list[SearchKey]] = []
        either = False
        for token in self._tokens:
            if token["close"]:
                if token["close"] == closing:
                    break
                continue
            if token["word"] in ("OR", "AND") and not token["name"]:
                either = token["word"] == "OR" and bool(found)
                continue
            key = self._key(token, plain, depth)
            if key is None:
                continue
            if either:
                found[-1].append(key)
            else:
                found.append([key])
            either = False
        parts = [_any(some) for some in found]
        return _any(parts) if closing == "}" and parts else _all(parts)

    def _key(
        self, token: re.Match[str], plain: Callable[[str], SearchKey], depth: int
    ) -> SearchKey | None:
        bracket = token["open"] or token["group"]
        if bracket is None and token["other"] is not None:
            return None
        negated = bool(token["not"]) or (token["open"] or "").startswith("-")
        if bracket is not None:
            if not depth:
                return None
            name = (token["name"] or "").lower()
            inner = _field(_FIELDS[name]) if name in _FIELDS else plain
            key = self.group(inner, ")" if bracket.endswith("(") else "}", depth - 1)
        else:
            self.terms += 1
            key = _term(token, plain)
        return keys.Not(key) if negated else key


def _term(token: re.Match[str], plain: Callable[[str], SearchKey]) -> SearchKey:
    name, value = token["name"], token["quoted"] if token["word"] is None else token["word"]
    if name is None:
        return plain(value)
    key = _operator(name.lower(), value)
    return plain(f"{name}:{value}") if key is None else key


def _operator(name: str, value: str) -> SearchKey | None:
    """Return what an operator asks for; None if it is none, or not of such a value."""
    if name in _FIELDS:
        return keys.Header(_FIELDS[name], value)
    match name:
        case "is" | "in" | "label":
            return _place(name, value)
        case "has":
            return keys.HasAttachment() if value.lower() == "attachment" else None
        case "before" | "older":
            return _date("BEFORE", value)
        case "after" | "newer":
            return _date("SINCE", value)
        case "older_than":
            return _age("OLDER", value)
        case "newer_than":
            return _age("YOUNGER", value)
        case "larger" | "size" | "smaller":
            return _size(name, value)
        case _:
            return None


def _place(name: str, value: str) -> SearchKey:
    wanted = value.lower()
    if wanted in _STATES:
        return _STATES[wanted]
    mailbox = keys.InMailbox(_MAILBOXES.get(wanted, value))
    return mailbox if name == "in" else keys.Or(keys.HasFlag(value), mailbox)


def _field(name: str) -> Callable[[str], SearchKey]:
    return lambda value: keys.Header(name, value)


def _date(relation: str, value: str) -> SearchKey | None:
    match = _DAY.fullmatch(value)
    try:
        return match and keys.DateKey(keys.INTERNAL, relation, date(*map(int, match.groups())))
    except ValueError:
        return None


def _age(relation: str, value: str) -> SearchKey | None:
    match = _SPAN.fullmatch(value)
    if match is None or not int(match[1]):
        return None
    return keys.Age(relation, min(int(match[1]) * _HOURS[match[2].lower()] * 3600, MAX_32))


def _size(name: str, value: str) -> SearchKey | None:
    match = _SIZE.fullmatch(value)
    if match is None:
        return None
    octets = int(match[1]) * _UNITS[match[2].lower()]
    return keys.Smaller(octets) if name == "smaller" else keys.Larger(octets)


def _any(some: list[SearchKey]) -> SearchKey:
    """Return that any of some keys holds; the tree is no deeper than it must be."""
    while len(some) > 1:
        pairs = zip(some[::2], some[1::2], strict=False)
        some = [keys.Or(*pair) for pair in pairs] + some[len(some) & ~1 :]
    return some[0]


def _all(some: list[SearchKey]) -> SearchKey:
    if not some:
        return keys.All()
    return some[0] if len(some) == 1 else keys.And(tuple(some))
