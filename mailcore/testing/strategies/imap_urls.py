"""Hypothesis strategies for IMAP URLs, and for messages that are put together of them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from mailcore.imap import commands as c
from mailcore.imap.url import ImapUrl, UrlAuthorization
from mailcore.testing.strategies.imap import (
    flag_tuples,
    internal_dates,
    mailbox_names,
    sections,
    tags,
)

_NUMBERS = st.integers(1, (1 << 32) - 1)
_TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
_HOSTS = st.sampled_from(
    ["mail.example.org", "[2001:db8::1]", "192.0.2.1", "xn--bcher-kva.example"]
)
# What no relative resolution may take for something else (RFC 5092 §7).
_NAMES = mailbox_names.filter(bool) | st.sampled_from(["..", "./a", "/x", "a/../b", "x/", ";UID=1"])

url_authorizations = st.builds(
    UrlAuthorization,
    st.just("authuser") | st.just("anonymous"),
    expire=st.none() | internal_dates,
    mechanism=st.just("INTERNAL"),
    token=st.from_regex(r"[0-9a-fA-F]{32,66}", fullmatch=True),
) | st.builds(UrlAuthorization, st.sampled_from(["submit+", "user+"]), _TEXTS, st.none())

_SERVERS = st.builds(
    ImapUrl,
    _HOSTS,
    st.none() | st.integers(0, 65535),
    st.none() | _TEXTS,
    st.none() | st.sampled_from(["*", "PLAIN"]),
)


def _below(server: ImapUrl, changes: dict[str, Any]) -> ImapUrl:
    return replace(server, **changes)


#: URLs that name a message or a part of one.
message_urls = st.builds(
    _below,
    _SERVERS,
    st.fixed_dictionaries(
        {
            "mailbox": _NAMES,
            "uid_validity": st.none() | _NUMBERS,
            "uid": _NUMBERS,
            "section": sections,
            "partial": st.none() | st.tuples(st.integers(0, 1 << 62), st.none() | _NUMBERS),
            "authorization": st.none() | url_authorizations,
        }
    ),
)
#: Any URL.
urls = st.one_of(
    _SERVERS,
    st.builds(
        _below,
        _SERVERS,
        st.fixed_dictionaries(
            {
                "mailbox": _NAMES,
                "uid_validity": st.none() | _NUMBERS,
                "search": st.none() | _TEXTS,
            }
        ),
    ),
    message_urls,
)

_BODIES = st.binary(max_size=20)
_PARTS = st.one_of(
    message_urls.map(lambda url: (c.CatenateUrl(str(url)), b"")),
    st.sampled_from(["/INBOX/;UID=1", 'no "URL" at all', "b\\s", "", "é"]).map(
        lambda text: (c.CatenateUrl(text), b"")
    ),
    st.builds(lambda data, waits: (c.CatenateText(len(data), waits), data), _BODIES, st.booleans()),
)


def _begin(tag: str, name: str, flags: tuple[str, ...], index: int, data: bytes | None) -> object:
    size = 0 if data is None else len(data)
    return c.AppendBegin(tag, name, flags, None, size, False, index, catenate=data is None)


@st.composite
def appends(draw: st.DrawFn) -> list[object]:
    """Draw an APPEND as a client says it: messages whole or in parts, and the end.

    Octets follow what announces them, as one AppendChunk, unless there are none.
    """
    tag, name = draw(tags), draw(mailbox_names)
    said: list[object] = []
    for index in range(draw(st.integers(1, 3))):
        flags = draw(flag_tuples)
        data = draw(st.none() | _BODIES)
        said.append(_begin(tag, name, flags, index, data))
        if data is not None:
            said += [c.AppendChunk(data)] * bool(data)
            continue
        for part, octets in draw(st.lists(_PARTS, min_size=1, max_size=4)):
            said += [part] + [c.AppendChunk(octets)] * bool(octets)
    return [*said, c.AppendEnd(tag)]
