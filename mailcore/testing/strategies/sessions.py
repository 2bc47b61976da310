"""Hypothesis strategies for fuzzing a client: how a server behaves until something breaks.

::

    @given(sessions("imap", breakage=["cut", "garbage"]))
    def test_my_client(session):
        with session.serving() as address:
            ...
"""

from __future__ import annotations

from collections.abc import Collection

from hypothesis import strategies as st

from mailcore.imap.responses import FetchResponse
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.testing.misbehaving import BREAKAGES, Breakage, BrokenSession, Protocol
from mailcore.testing.strategies.imap_responses import RESPONSES

#: Responses that a server may send at any time, with nothing that a client waits for.
_UNASKED = st.one_of(
    [
        RESPONSES[kind]
        for kind in RESPONSES
        if kind.__name__ in ("Exists", "Recent", "FlagsResponse")
    ]
    + [RESPONSES[FetchResponse]]
)


def sessions(
    protocol: Protocol = "imap", *, breakage: Collection[Breakage] = BREAKAGES, unasked: bool = True
) -> st.SearchStrategy[BrokenSession]:
    """Sessions in which at most one thing breaks.

    Arguments:
        protocol: that the server speaks.
        breakage: what may break; none for a server that is just odd.
        unasked: it may send data that nobody asked for, as IMAP allows (RFC 9051 §7).
    """
    encoded = _UNASKED.map(lambda response: ResponseEncoder().encode(response))
    imap = protocol == "imap" and unasked
    return st.builds(
        BrokenSession,
        protocol=st.just(protocol),
        breakage=st.sampled_from([None, *breakage]),
        at=st.integers(0, 8),
        extra=st.lists(encoded, max_size=3).map(tuple) if imap else st.just(()),
        refused=st.frozensets(st.integers(1, 8), max_size=2),
        noise=st.binary(max_size=200),
        share=st.floats(0, 1),
    )
