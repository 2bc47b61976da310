"""Hypothesis strategies for what IMAP servers say: responses of all kinds, and what is in them.

Everything is in the one form that the parser makes, so ``parse(encode(response)) == response``.
"""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mailcore.imap import responses as r
from mailcore.imap.types import ResponseCode, Status
from mailcore.message import Address, Envelope, Part
from mailcore.testing.strategies.imap import (
    annotation_values,
    atoms,
    binary_parts,
    entry_names,
    flag_tuples,
    gmail_labels,
    internal_dates,
    mailbox_names,
    partial_ranges,
    sections,
    sequence_sets,
    tags,
    texts,
)

_NUMBERS = st.integers(1, (1 << 32) - 1)
_COUNTS = st.integers(0, (1 << 32) - 1)
_SIZES = st.integers(0, (1 << 63) - 1)
# What a line can hold for people to read, without what looks like a response code or a literal.
_LINE_TEXTS = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=30).filter(
    lambda text: not text.startswith("[") and not text.endswith("}")
)
_CODE_ARGUMENTS = st.text(
    st.characters(min_codepoint=0x20, max_codepoint=0x7E, exclude_characters="]"), max_size=20
)
codes = st.none() | st.builds(ResponseCode, atoms.map(str.upper), _CODE_ARGUMENTS)
_CAPABILITIES = st.lists(atoms, max_size=5).map(tuple)

#: Octets as headers hold them: anything but NUL, and now and then what needs a literal.
_OCTETS = st.binary(max_size=20).map(lambda data: data.replace(b"\0", b""))
_NSTRINGS = st.none() | _OCTETS
addresses = st.builds(Address, _NSTRINGS, _NSTRINGS, _NSTRINGS, _NSTRINGS)
_ADDRESS_LISTS = st.lists(addresses, max_size=3).map(tuple)
envelopes = st.builds(
    Envelope,
    _NSTRINGS,
    _NSTRINGS,
    *[_ADDRESS_LISTS] * 6,
    _NSTRINGS,
    _NSTRINGS,
)

_WORDS = st.from_regex(r"[a-z][a-z0-9-]{0,8}", fullmatch=True)
_PARAMETERS = st.lists(st.tuples(_WORDS, texts), max_size=3).map(tuple)
_EXTENSIONS = {
    "disposition": st.none() | st.tuples(_WORDS, _PARAMETERS),
    "language": st.lists(_WORDS, max_size=2).map(tuple),
    "location": _NSTRINGS,
}
_COMMON = {
    "parameters": _PARAMETERS,
    "content_id": _NSTRINGS,
    "description": _NSTRINGS,
    "encoding": _WORDS,
    "md5": _NSTRINGS,
    **_EXTENSIONS,
}
# Of a tuple every field is inferred that is not given.
_DEFAULTS = {name: st.just(value) for name, value in Part._field_defaults.items()}


def _built(
    *places: st.SearchStrategy[int], **fields: st.SearchStrategy[Any]
) -> st.SearchStrategy[Part]:
    return st.builds(Part, *places, **(_DEFAULTS | fields))


_LEAVES = st.one_of(
    _built(*[st.just(0)] * 2, _SIZES, _SIZES, type=st.just("text"), subtype=_WORDS, **_COMMON),
    _built(
        *[st.just(0)] * 2,
        _SIZES,
        st.just(0),
        type=st.sampled_from(["image", "application", "x-own"]),
        subtype=_WORDS,
        **_COMMON,
    ),
)


def _branches(children: st.SearchStrategy[Part]) -> st.SearchStrategy[Part]:
    return st.one_of(
        _built(
            *[st.just(0)] * 4,
            type=st.just("multipart"),
            subtype=_WORDS,
            parameters=_PARAMETERS,
            children=st.lists(children, min_size=1, max_size=3).map(tuple),
            **_EXTENSIONS,
        ),
        _built(
            *[st.just(0)] * 2,
            _SIZES,
            _SIZES,
            type=st.just("message"),
            subtype=st.sampled_from(["rfc822", "global"]),
            children=st.tuples(children),
            envelope=envelopes,
            **_COMMON,
        ),
    )


#: Body structures as a client learns them: sizes, but no places.
parts = st.recursive(_LEAVES, _branches, max_leaves=4)

_OBJECT_IDS = st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True)
_BODIES = st.binary(max_size=40)
fetch_attributes: st.SearchStrategy[r.FetchAttribute] = st.one_of(
    st.builds(r.Uid, _NUMBERS),
    st.builds(r.Flags, flag_tuples),
    st.builds(r.InternalDate, internal_dates),
    st.builds(r.Rfc822Size, _SIZES),
    st.builds(r.ModSequence, _SIZES),
    st.builds(r.EmailId, _OBJECT_IDS),
    st.builds(r.ThreadId, st.none() | _OBJECT_IDS),
    st.builds(r.SaveDate, st.none() | internal_dates),
    st.builds(r.GmailMessageId, _SIZES),
    st.builds(r.GmailThreadId, _SIZES),
    st.builds(r.GmailLabels, st.lists(gmail_labels, max_size=3).map(tuple)),
    st.builds(r.Preview, st.none() | texts),
    st.builds(r.EnvelopeAttribute, envelopes),
    st.builds(r.BodyAttribute, parts),
    st.builds(r.BodySection, sections, st.none() | _BODIES, st.none() | _SIZES),
    st.builds(r.BinarySection, binary_parts, st.none() | _BODIES, st.none() | _SIZES),
    st.builds(r.BinarySize, binary_parts, _SIZES),
    st.builds(r.Rfc822, st.sampled_from(["RFC822", "RFC822.HEADER", "RFC822.TEXT"]), _BODIES),
    st.builds(
        r.UnknownAttribute,
        st.sampled_from(["X-OWN-ID", "X-OWN[1.2]", "X-OWN[TEXT]<5>"]),
        st.sampled_from(
            [b"1278455344230334865", b'"a ) \\" b"', b'(a (b {3}\r\n( ) "" (())) NIL)']
        ),
    ),
)
_ATTRIBUTES = st.lists(fetch_attributes, max_size=4).map(tuple)
_SETS = sequence_sets.filter(lambda known: all(0 not in pair for pair in known.ranges))
_NAMESPACES = st.none() | st.lists(
    st.tuples(
        mailbox_names.filter(lambda name: name != "INBOX"), st.sampled_from(["/", ".", None])
    ),
    min_size=1,
    max_size=2,
).map(tuple)

#: Threads: a message that is not here has at least two that answer it.
threads = st.recursive(
    st.builds(r.ThreadNode, _NUMBERS),
    lambda inner: st.one_of(
        st.builds(r.ThreadNode, _NUMBERS, st.lists(inner, max_size=3).map(tuple)).filter(
            # Alone below a message it could not be told from that message.
            lambda node: len(node.children) != 1 or node.children[0].number is not None
        ),
        st.builds(r.ThreadNode, st.none(), st.lists(inner, min_size=2, max_size=3).map(tuple)),
    ),
    max_leaves=6,
)

_RIGHTS = st.text("lrswipkxteacd019", max_size=8)
_URLS = texts.filter(lambda text: text.isprintable())
#: What URLFETCH tells of a URL.
fetched_urls = st.one_of(
    st.builds(r.FetchedUrl, _URLS, st.none() | st.binary(max_size=20)),
    st.builds(
        r.FetchedUrl,
        _URLS,
        st.none() | st.binary(max_size=20),
        st.sampled_from(["BODY", "BINARY"]),
        st.none() | parts,
    ),
    st.builds(r.FetchedUrl, _URLS, structure=parts),
)
_FETCHED_URLS = st.lists(fetched_urls, max_size=3).map(tuple)

#: One strategy a kind of response, but for the pieces of a streamed FETCH or URLFETCH.
RESPONSES: dict[type[r.Response], st.SearchStrategy[r.Response]] = {
    r.Tagged: st.builds(
        r.Tagged, tags, st.sampled_from([Status.OK, Status.NO, Status.BAD]), _LINE_TEXTS, codes
    ),
    r.Untagged: st.builds(r.Untagged, st.sampled_from(Status), _LINE_TEXTS, codes),
    r.Continuation: st.builds(r.Continuation, _LINE_TEXTS),
    r.CapabilityResponse: st.builds(r.CapabilityResponse, _CAPABILITIES),
    r.Enabled: st.builds(r.Enabled, _CAPABILITIES),
    r.ListResponse: st.builds(
        r.ListResponse,
        mailbox_names,
        flag_tuples,
        st.sampled_from(["/", ".", "\\", '"', None]),
        st.booleans(),
        st.sampled_from([(), ("SUBSCRIBED",), ("SUBSCRIBED", "SPECIAL-USE")]),
        st.none() | mailbox_names,
    ),
    r.NamespaceResponse: st.builds(r.NamespaceResponse, _NAMESPACES, _NAMESPACES, _NAMESPACES),
    r.MetadataResponse: st.builds(
        r.MetadataResponse,
        mailbox_names,
        annotation_values.map(lambda values: tuple(values.items())),
    ),
    r.MetadataEntries: st.builds(
        r.MetadataEntries,
        mailbox_names,
        st.lists(entry_names, min_size=1, max_size=3).map(tuple),
    ),
    r.StatusResponse: st.builds(
        r.StatusResponse,
        mailbox_names,
        st.dictionaries(
            st.sampled_from(["MESSAGES", "UIDNEXT", "UNSEEN", "SIZE", "X-OWN"]),
            _SIZES | _OBJECT_IDS,
        ),
    ),
    r.SearchResponse: st.builds(
        r.SearchResponse, st.lists(_NUMBERS, max_size=5).map(tuple), st.none() | _SIZES
    ),
    r.SortResponse: st.builds(
        r.SortResponse, st.lists(_NUMBERS, max_size=5).map(tuple), st.none() | _SIZES
    ),
    r.ThreadResponse: st.builds(r.ThreadResponse, st.lists(threads, max_size=3).map(tuple)),
    r.EsearchResponse: st.builds(
        r.EsearchResponse,
        tags,
        st.booleans(),
        st.none() | _NUMBERS,
        st.none() | _NUMBERS,
        st.none() | _COUNTS,
        st.none() | _SETS,
        st.none() | _SIZES,
        st.none() | st.tuples(partial_ranges, st.none() | _SETS),
        st.lists(
            st.builds(
                r.ContextUpdate,
                st.sampled_from(["ADDTO", "REMOVEFROM"]),
                st.lists(st.tuples(_COUNTS, _SETS), min_size=1, max_size=3).map(tuple),
            ),
            max_size=2,
        ).map(tuple),
        st.none() | st.lists(st.integers(1, 100), max_size=3).map(tuple),
        st.none() | mailbox_names,
        st.none() | _COUNTS,
    ),
    r.FlagsResponse: st.builds(r.FlagsResponse, flag_tuples),
    r.Exists: st.builds(r.Exists, _COUNTS),
    r.Recent: st.builds(r.Recent, _COUNTS),
    r.Expunged: st.builds(r.Expunged, _NUMBERS),
    r.Vanished: st.builds(r.Vanished, _SETS, st.booleans()),
    r.LanguageResponse: st.builds(
        r.LanguageResponse, st.lists(texts, min_size=1, max_size=3).map(tuple)
    ),
    r.ComparatorResponse: st.builds(
        r.ComparatorResponse, texts, st.lists(texts, max_size=3).map(tuple)
    ),
    r.QuotaResponse: st.builds(
        r.QuotaResponse,
        texts,
        st.lists(st.tuples(atoms.map(str.upper), _SIZES, _SIZES), max_size=3).map(tuple),
    ),
    r.QuotaRootResponse: st.builds(
        r.QuotaRootResponse, mailbox_names, st.lists(texts, max_size=3).map(tuple)
    ),
    r.IdResponse: st.builds(
        r.IdResponse, st.none() | st.dictionaries(texts, st.none() | texts, max_size=3)
    ),
    r.AclResponse: st.builds(
        r.AclResponse, mailbox_names, st.lists(st.tuples(texts, _RIGHTS), max_size=3).map(tuple)
    ),
    r.ListRightsResponse: st.builds(
        r.ListRightsResponse,
        mailbox_names,
        texts,
        _RIGHTS,
        st.lists(_RIGHTS, max_size=3).map(tuple),
    ),
    r.MyRightsResponse: st.builds(r.MyRightsResponse, mailbox_names, _RIGHTS),
    r.GenUrlAuthResponse: st.builds(
        r.GenUrlAuthResponse, st.lists(texts, min_size=1, max_size=3).map(tuple)
    ),
    r.UrlFetchResponse: st.builds(r.UrlFetchResponse, _FETCHED_URLS.filter(bool)),
    r.FetchResponse: st.builds(r.FetchResponse, _NUMBERS, _ATTRIBUTES, st.booleans()),
    r.UnknownResponse: st.builds(
        r.UnknownResponse,
        st.sampled_from(
            [b'XLIST (\\Inbox) "/" {5}\r\n(a\r\nb', b"4 X-COUNT", b"X-EMPTY", b"5 SEARCH 1"]
        ),
    ),
}

#: Any complete response.
responses: st.SearchStrategy[r.Response] = st.one_of(list(RESPONSES.values()))


@st.composite
def streamed_fetches(draw: st.DrawFn, streamed: int) -> list[r.Response]:
    """Pieces of one FETCH response whose bodies have more than ``streamed`` octets."""
    begin = draw(st.builds(r.FetchBegin, _NUMBERS, _ATTRIBUTES, st.booleans()))
    pieces: list[r.Response] = [begin]
    # A name that is a literal of that size could not be told from a body.
    named = sections.filter(lambda one: all(len(name.encode()) <= streamed for name in one.fields))
    items = st.tuples(named, st.none() | _SIZES) | st.tuples(
        st.sampled_from(["RFC822", "RFC822.HEADER", "RFC822.TEXT"]), st.none()
    )
    for item, origin in draw(st.lists(items, min_size=1, max_size=3)):
        data = draw(st.binary(min_size=streamed + 1, max_size=streamed + 50))
        pieces += [r.LiteralBegin(item, len(data), origin), r.LiteralChunk(data)]
    pieces.append(r.FetchEnd(draw(_ATTRIBUTES)))
    return pieces


@st.composite
def streamed_url_fetches(draw: st.DrawFn, streamed: int) -> list[r.Response]:
    """Pieces of one URLFETCH response that streams more than ``streamed`` octets.

    URLs, and what is told of others, are short enough not to stream.
    """
    data = draw(st.binary(min_size=streamed + 1, max_size=streamed + 50))
    item = draw(st.sampled_from(["", "BODY", "BINARY"]))
    structure = draw(st.none() | parts) if item else None
    return [
        r.UrlFetchBegin("imap://h/x/;UID=1", len(data), item, structure),
        r.LiteralChunk(data),
        r.UrlFetchEnd(draw(_FETCHED_URLS)),
    ]
