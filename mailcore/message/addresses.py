"""Addresses of a header field, as ENVELOPE shows them (RFC 5322 §3.4 and §4.4, RFC 9051 §7.5.2)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import NamedTuple

from mailcore.message.headers import unfold

MAX_ADDRESSES = 10_000
# A plain address with a name has about ten tokens; more on the average is no address list.
_TOKENS_PER_ADDRESS = 10

# quoted-string   =  DQUOTE *(qtext / quoted-pair) DQUOTE
# domain-literal  =  "[" *dtext "]"
# encoded-word    =  "=?" charset "?" encoding "?" encoded-text "?="   ; may hold commas in the wild
# atom            =  1*atext                                           ; and any 8-bit octet
# A missing closing quote or bracket ends with the field. One of these takes any octet.
_TOKEN = re.compile(
    rb"""(?P<space>[ \t]++)
    | (?P<quoted>"(?:[^"\\]++|\\.)*+[\\"]?+)
    | (?P<word>=\?[^?\s"]{1,100}+\?[BbQq]\?[^?\s"]*+\?=)
    | (?P<literal>\[[^\]]*+\]?+)
    | (?P<special>[()<>,;:@.\\\]])
    | (?P<atom>[^ \t"\[()<>,;:@.\\\]]++)
    """,
    re.VERBOSE | re.DOTALL,
)
# comment         =  "(" *([FWS] ccontent) [FWS] ")"                   ; ccontent may be a comment
_IN_COMMENT = re.compile(rb"[^()\\]++|\\.?|[()]", re.DOTALL)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
# What most addresses are, up to the comma behind them:
# plain           =  [quoted-string / phrase] "<" addr-spec ">" / addr-spec
# Nothing in it is obsolete, escaped or commented, and no "?" stands in it but in encoded words.
_TEXT = rb"""[^ \t"\[()<>,;:@\\\]?]"""
_PHRASE_WORD = rb"(?:=\?[A-Za-z0-9_*-]{1,100}+\?[BbQq]\?%b*+\?=|%b++)" % (_TEXT, _TEXT)
_ADDR_SPEC = rb"(%b++)@(%b++)" % (_TEXT, _TEXT)
_PLAIN = re.compile(
    rb"""[ \t]*+(?:(?:"([^"\\]*+)"|(%b(?:[ ]%b)*+))?[ \t]*+<%b>|%b)[ \t]*+(?:,|\Z)"""
    % (_PHRASE_WORD, _PHRASE_WORD, _ADDR_SPEC, _ADDR_SPEC)
)
# No shorter than one with its comma.
_SHORTEST = 4

# A token is (kind, text). A special has its own character as kind.
_Token = tuple[bytes, bytes]
_WORD, _SPACE, _COMMENT = b"", b" ", b"("


class Address(NamedTuple):
    """An address structure of RFC 9051 §7.5.2; octets without quoting, not decoded.

    A group starts with an address whose host is None and whose mailbox is the group's name, and
    ends with one where both are None. An address without a domain has the host ``b""``.

    Arguments:
        name: display name, or a comment in its place; None if there is none.
        route: source route (``obs-route``), or None.
        mailbox: local part.
        host: domain.
    """

    name: bytes | None
    route: bytes | None
    mailbox: bytes | None
    host: bytes | None


_GROUP_END = Address(None, None, None, None)


def parse_addresses(value: bytes, *, max_addresses: int = MAX_ADDRESSES) -> tuple[Address, ...]:
    """Parse an address list: whatever can be told apart, in linear time, and never an error.

    Arguments:
        value: the value of the field, folded or not.
        max_addresses: what lies beyond is left out.
    """
    text = unfold(value)
    if len(text) <= max_addresses * _SHORTEST and (plain := _plain_list(text)) is not None:
        return plain
    tokens = islice(_tokens(text), max_addresses * _TOKENS_PER_ADDRESS)
    return tuple(islice(_address_list(tokens), max_addresses))


def _plain_list(text: bytes) -> tuple[Address, ...] | None:
    """Read a list of plain addresses, each at a glance; None if one is not."""
    found: list[Address] = []
    position = 0
    while position < len(text):
        match = _PLAIN.match(text, position)
        if match is None:
            return None
        quoted, words, mailbox, host, bare_mailbox, bare_host = match.groups()
        name = words if quoted is None else quoted.strip(b" ")
        found.append(Address(name or None, None, mailbox or bare_mailbox, host or bare_host))
        position = match.end()
    return tuple(found)


def _address_list(tokens: Iterable[_Token]) -> Iterator[Address]:
    # address-list  =  address *("," address)     ; obs: empty members
    # group         =  display-name ":" [group-list] ";" [CFWS]
    pending: list[_Token] = []
    in_group = in_angle = in_route = False
    for token in tokens:
        kind = token[0]
        if kind == b"<":
            in_angle, in_route = True, False
        elif kind == b">":
            in_angle = in_route = False
        elif kind == b"@" and in_angle and pending[-1][0] == b"<":
            in_route = True
        elif kind in (b",", b":", b";") and not in_route:
            yield from _member(pending, kind, in_group)
            in_group = kind == b":" or (in_group and kind == b",")
            in_angle = False
            pending = []
            continue
        elif kind == b":":
            in_route = False
        pending.append(token)
    yield from _member(pending, b";", in_group)


def _member(tokens: Sequence[_Token], separator: bytes, in_group: bool) -> Iterator[Address]:
    if separator == b":":
        if in_group:
            yield _GROUP_END
        yield Address(None, None, _phrase(tokens), None)
        return
    address = _mailbox(tokens)
    if address is not None:
        yield address
    if in_group and separator == b";":
        yield _GROUP_END


def _mailbox(tokens: Sequence[_Token]) -> Address | None:
    # mailbox     =  name-addr / addr-spec
    # name-addr   =  [display-name] [CFWS] "<" [obs-route] addr-spec ">" [CFWS]
    # obs-route   =  obs-domain-list ":"
    kinds = [kind for kind, _ in tokens]
    name = b""
    route: bytes | None = None
    spec = tokens
    if b"<" in kinds:
        opening = kinds.index(b"<")
        closing = kinds.index(b">", opening) if b">" in kinds[opening:] else len(kinds)
        name = _phrase(tokens[:opening])
        if b":" in kinds[opening:closing]:
            colon = kinds.index(b":", opening)
            route = b"".join(text for kind, text in tokens[opening + 1 : colon] if kind != _SPACE)
            opening = colon
        spec = tokens[opening + 1 : closing]
    elif all(kind in (_SPACE, _COMMENT) for kind in kinds):
        return None
    if not name and _COMMENT in kinds:
        # RFC 5322 §3.4: by custom the comment of "user@host (Name)" is the display name.
        name = b" ".join(text for kind, text in tokens if kind == _COMMENT).strip()
    mailbox, host = _addr_spec(spec)
    return Address(name or None, route, mailbox, host)


def _addr_spec(tokens: Sequence[_Token]) -> tuple[bytes, bytes]:
    # addr-spec   =  local-part "@" domain        ; the last "@" is the one that counts
    # White space is dropped around dots (obs-local-part), and kept between words.
    at = max((index for index, token in enumerate(tokens) if token[0] == b"@"), default=len(tokens))
    local: list[bytes] = []
    joins = True
    for kind, text in tokens[:at]:
        if kind in (_SPACE, _COMMENT):
            continue
        if kind == _WORD and not joins:
            local.append(b" ")
        local.append(text)
        joins = kind != _WORD
    host = (text for kind, text in tokens[at + 1 :] if kind not in (_SPACE, _COMMENT))
    return b"".join(local), b"".join(host)


def _phrase(tokens: Sequence[_Token]) -> bytes:
    # phrase      =  1*word / obs-phrase          ; obs: dots
    return b"".join(text for kind, text in tokens if kind != _COMMENT).strip(b" ")


def _tokens(value: bytes) -> Iterator[_Token]:
    position = 0
    while match := _TOKEN.match(value, position):
        position = match.end()
        text = match[0]
        if match.lastgroup == "special":
            if text == b"(":
                text, position = _comment(value, position)
                yield _COMMENT, text
            else:
                yield text, text
        elif match.lastgroup == "space":
            yield _SPACE, b" "
        elif match.lastgroup == "quoted":
            # The closing quote is optional; a lone backslash may end the field.
            yield _WORD, _QUOTED_PAIR.sub(rb"\1", text[1:].removesuffix(b'"'))
        else:
            yield _WORD, text


def _comment(value: bytes, position: int) -> tuple[bytes, int]:
    """Return the comment whose "(" stands before ``position``, and where it ends."""
    start = position
    depth = 1
    while match := _IN_COMMENT.match(value, position):
        position = match.end()
        depth += {b"(": 1, b")": -1}.get(match[0], 0)
        if depth == 0:
            return _QUOTED_PAIR.sub(rb"\1", value[start : position - 1]), position
    return _QUOTED_PAIR.sub(rb"\1", value[start:]), position
