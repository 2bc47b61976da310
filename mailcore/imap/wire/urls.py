"""Commands and responses on IMAP URLs, both ways (RFC 4467 §9, RFC 5524 §5)."""

from __future__ import annotations

import re

from mailcore.errors import LocalProtocolError
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.encode_structure import encode_body
from mailcore.imap.wire.fragments import Fragments
from mailcore.imap.wire.parse_structure import parse_body
from mailcore.imap.wire.quoting import astring, atom, literal, number
from mailcore.imap.wire.strings import atom as parse_atom
from mailcore.imap.wire.strings import mailbox, nstring, text_astring
from mailcore.imap.wire.values import any_value

_OCTETS = ("BODY", "BINARY")
_STRUCTURE = "BODYPARTSTRUCTURE"
_HEAD = re.compile(rb"\* URLFETCH(?= )", re.IGNORECASE)
# A literal of a message may hold any octet; "~" marks a literal8 (RFC 3516 §4.2).
_LITERAL = re.compile(rb"~?\{([0-9]{1,19}+)\+?\}\r\n")


# ----------------------------------------------------------------------------------- commands


# genurlauth      =  "GENURLAUTH" 1*(SP url-rump SP mechanism)
def gen_url_auth(cursor: Cursor, tag: str) -> c.GenUrlAuth:
    """Parse from behind the word."""
    pairs = [_rump(cursor)]
    while cursor.at(b" "):
        pairs.append(_rump(cursor))
    return c.GenUrlAuth(tag, tuple(pairs))


def _rump(cursor: Cursor) -> tuple[str, str]:
    cursor.space()
    url = text_astring(cursor)
    return url, _mechanism(cursor)


def _mechanism(cursor: Cursor) -> str:
    cursor.space()
    return parse_atom(cursor, "a mechanism").upper()


# resetkey        =  "RESETKEY" [SP mailbox *(SP mechanism)]
def reset_key(cursor: Cursor, tag: str) -> c.ResetKey:
    """Parse from behind the word."""
    if not cursor.skip(b" "):
        return c.ResetKey(tag)
    name = mailbox(cursor)
    mechanisms = []
    while cursor.at(b" "):
        mechanisms.append(_mechanism(cursor))
    return c.ResetKey(tag, name, tuple(mechanisms))


# urlfetch        =  "URLFETCH" 1*(SP url-fetch-arg)
# url-fetch-arg   =  url-full / "(" url-full *(SP url-fetch-param) ")"
def url_fetch(cursor: Cursor, tag: str) -> c.UrlFetch:
    """Parse from behind the word."""
    wanted = [_wanted(cursor)]
    while cursor.at(b" "):
        wanted.append(_wanted(cursor))
    return c.UrlFetch(tag, tuple(wanted))


# url-fetch-param =  "BODY" / "BINARY" / "BODYPARTSTRUCTURE" / atom
def _wanted(cursor: Cursor) -> c.WantedUrl:
    cursor.space()
    if not cursor.skip(b"("):
        return c.WantedUrl(text_astring(cursor))
    url = text_astring(cursor)
    items = []
    while cursor.skip(b" "):
        items.append(parse_atom(cursor, "an item").upper())
    cursor.expect(b")", "a closing bracket")
    # RFC 5524 §3.1: each once, and the octets in one form.
    if len(set(items)) != len(items) or set(_OCTETS) <= set(items):
        raise ParseError("Items of a URL that do not go together")
    if not set(items) <= {*_OCTETS, _STRUCTURE}:
        raise ParseError("Unknown item of a URL")
    return c.WantedUrl(url, tuple(items))


def write_gen_url_auth(out: Fragments, command: c.GenUrlAuth) -> None:
    """Write GENURLAUTH behind the tag."""
    if not command.urls:
        raise LocalProtocolError("GENURLAUTH needs a URL")
    out.line(b"GENURLAUTH")
    for url, mechanism in command.urls:
        out.line(b" ")
        out.text(url)
        out.line(b" " + atom(mechanism))


def write_reset_key(out: Fragments, command: c.ResetKey) -> None:
    """Write RESETKEY behind the tag."""
    out.line(b"RESETKEY")
    if command.mailbox is None:
        if command.mechanisms:
            raise LocalProtocolError("RESETKEY has mechanisms for one mailbox only")
        return
    out.line(b" ")
    out.mailbox(command.mailbox)
    for mechanism in command.mechanisms:
        out.line(b" " + atom(mechanism))


def write_url_fetch(out: Fragments, command: c.UrlFetch) -> None:
    """Write URLFETCH behind the tag."""
    if not command.urls:
        raise LocalProtocolError("URLFETCH needs a URL")
    out.line(b"URLFETCH")
    for wanted in command.urls:
        out.line(b" (" if wanted.items else b" ")
        out.text(wanted.url)
        for item in wanted.items:
            out.line(b" " + atom(item))
        if wanted.items:
            out.line(b")")


# ------------------------------------------------------------------------- responses, written


# genurlauth-data =  "*" SP "GENURLAUTH" 1*(SP url-full)
def encode_gen_url_auth(response: r.GenUrlAuthResponse) -> bytes:
    """Write a GENURLAUTH response."""
    if not response.urls:
        raise LocalProtocolError("GENURLAUTH needs a URL")
    return b"* GENURLAUTH %b\r\n" % b" ".join(map(_url, response.urls))


# urlfetch-data   =  "*" SP "URLFETCH" 1*(SP (url-full SP nstring / url-full url-metadata))
def encode_url_fetch(response: r.UrlFetchResponse) -> bytes:
    """Write a URLFETCH response."""
    if not response.urls:
        raise LocalProtocolError("URLFETCH needs a URL")
    return b"* URLFETCH %b\r\n" % b" ".join(map(_fetched, response.urls))


def encode_url_fetch_end(response: r.UrlFetchEnd) -> bytes:
    """Write what follows octets that have streamed."""
    return b"".join(b" " + _fetched(one) for one in response.urls) + b"\r\n"


# url-metadata    =  1*(SP "(" url-metadata-el ")")
# url-metadata-el =  "BODYPARTSTRUCTURE" SP body / "BINARY" SP (nstring / literal8) /
#                    "BODY" SP nstring
def _fetched(one: r.FetchedUrl) -> bytes:
    words = [_url(one.url), *_structure(one)]
    if one.item:
        words.append(b"(%b %b)" % (_item(one.item), _octets(one.data)))
    elif one.structure is None:
        words.append(_octets(one.data))
    return b" ".join(words)


def _octets(data: bytes | None) -> bytes:
    if data is None:
        return b"NIL"
    return b"~" * (b"\0" in data) + literal(data)


def _structure(one: r.FetchedUrl | r.UrlFetchBegin) -> list[bytes]:
    if one.structure is None:
        return []
    return [b"(%b %b)" % (_STRUCTURE.encode(), encode_body(one.structure, extended=True))]


def _item(item: str) -> bytes:
    if item not in _OCTETS:
        raise LocalProtocolError(f"not an item of a URL: {item!r}")
    return item.encode("ascii")


def _url(url: str) -> bytes:
    return astring(url.encode())


def encode_url_fetch_begin(response: r.UrlFetchBegin) -> bytes:
    """Write a URLFETCH response up to its octets."""
    words = [_url(response.url), *_structure(response)]
    size = b"~" * response.has_nul + b"{%b}" % number(response.size)
    words.append(b"(%b %b" % (_item(response.item), size) if response.item else size)
    return b"* URLFETCH %b\r\n" % b" ".join(words)


# ---------------------------------------------------------------------------- responses, read


def generated(cursor: Cursor) -> r.GenUrlAuthResponse:
    """Return a GENURLAUTH response."""
    urls = []
    while cursor.skip(b" "):
        urls.append(text_astring(cursor))
    return r.GenUrlAuthResponse(tuple(urls))


def fetched(cursor: Cursor) -> r.UrlFetchResponse:
    """Return a URLFETCH response."""
    return r.UrlFetchResponse(_rest(cursor))


def _rest(cursor: Cursor) -> tuple[r.FetchedUrl, ...]:
    urls = []
    while cursor.skip(b" "):
        urls.append(_fetched_url(cursor)[0])
    return tuple(urls)


def _fetched_url(cursor: Cursor, *, streams: bool = False) -> tuple[r.FetchedUrl, bool]:
    """Return what is told of a URL, and whether its octets are what comes behind the cursor.

    Arguments:
        streams: whether the octets of a URL follow where the cursor ends.
    """
    url = text_astring(cursor)
    cursor.space()
    if streams and cursor.pos == len(cursor.buf):
        return r.FetchedUrl(url), True
    if not cursor.at(b"("):
        return r.FetchedUrl(url, _message_octets(cursor)), False
    structure, item, data = None, "", None
    while True:
        cursor.expect(b"(", "what is told of a URL")
        word = cursor.word("what is told of a URL")
        cursor.space()
        if word == _STRUCTURE:
            structure = parse_body(cursor)
        elif word in _OCTETS:
            item = word
            if streams and cursor.pos == len(cursor.buf):
                return r.FetchedUrl(url, None, item, structure), True
            data = _message_octets(cursor)
        else:
            raise ParseError("Unknown item of a URL")
        cursor.expect(b")", "a closing bracket")
        if not (cursor.at(b" (") and cursor.skip(b" ")):
            return r.FetchedUrl(url, data, item, structure), False


def _message_octets(cursor: Cursor) -> bytes | None:
    found = cursor.match(_LITERAL)
    if found is None:
        return nstring(cursor)
    start = cursor.pos
    cursor.pos += int(found[1])
    return cursor.buf[start : cursor.pos]


def begin_url_fetch(
    data: bytes, size: int, bounds: ResponseBounds
) -> tuple[tuple[r.FetchedUrl, ...], r.UrlFetchBegin]:
    """Parse a URLFETCH response as far as octets that stream.

    Arguments:
        data: what stands before their literal; from the second on, behind those before.
        size: of it.
        bounds: how deep and how much.

    Returns:
        what is told of other URLs before, and the one whose octets follow.

    Raises:
        ParseError: it is not in the grammar.
    """
    cursor = Cursor(data, 0, bounds.nesting, ranges=bounds.ranges)
    if cursor.match(_HEAD) is None:
        _close(cursor)
    others: list[r.FetchedUrl] = []
    while True:
        cursor.space()
        one, streams = _fetched_url(cursor, streams=True)
        if streams:
            return tuple(others), r.UrlFetchBegin(one.url, size, one.item, one.structure)
        others.append(one)


def end_url_fetch(data: bytes, bounds: ResponseBounds) -> r.UrlFetchEnd:
    """Parse from behind octets that have streamed to the end of the response.

    Raises:
        ParseError: it is not in the grammar.
    """
    cursor = Cursor(data, 0, bounds.nesting, ranges=bounds.ranges)
    _close(cursor)
    end = r.UrlFetchEnd(_rest(cursor))
    cursor.end()
    return end


def _close(cursor: Cursor) -> None:
    """Move behind what is told of a URL after its octets."""
    if cursor.skip(b")"):
        while cursor.at(b" (") and cursor.skip(b" "):
            any_value(cursor)
