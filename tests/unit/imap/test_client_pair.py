"""Our client and our session, joined in memory."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailcore.backend import Peer
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.session import Session
from mailcore.imap.types import FetchAtt, FetchBody, Section, SequenceSet, State, Status
from mailcore.testing import MemoryBackend, Pair

USER, PASSWORD = "alice@example.test", "secret"
ALL = SequenceSet(((1, 0),))


@pytest.fixture
def pair() -> Iterator[Pair]:
    session = Session(MemoryBackend({USER: PASSWORD}), Peer("imap", host="127.0.0.1", tls=True))
    pair = Pair(session)
    [greeting] = pair.talk()
    assert isinstance(greeting, r.Untagged)
    yield pair
    pair.close()


def ok(events: list[object]) -> list[object]:
    *rest, tagged = events
    assert isinstance(tagged, r.Tagged)
    assert tagged.status is Status.OK, tagged
    return rest


def test_a_whole_session(pair):
    ok(pair.do(c.Login("a", USER, PASSWORD)))
    assert "IDLE" in (pair.client.capabilities or ())
    message = b"Subject: hi\r\n\r\n" + b"x" * 100_000 + b"\r\n"
    begin = c.AppendBegin("b", "INBOX", ("\\Flagged",), None, len(message), True)
    ok(pair.append(begin, message))
    told = ok(pair.do(c.Select("c", "INBOX")))
    assert r.Exists(1) in told
    assert pair.client.state is State.SELECTED
    items = (FetchAtt("UID"), FetchAtt("FLAGS"), FetchAtt("ENVELOPE"), FetchAtt("BODYSTRUCTURE"))
    fetched = ok(pair.do(c.Fetch("d", ALL, items)))
    assert isinstance(fetched[0], r.FetchResponse)
    uid, flags, envelope, structure = fetched[0].attributes
    assert (uid, flags) == (r.Uid(1), r.Flags(("\\Flagged",))) or "\\Recent" in str(flags)
    assert isinstance(envelope, r.EnvelopeAttribute)
    assert envelope.envelope.subject == b"hi"
    assert isinstance(structure, r.BodyAttribute)
    assert structure.part.size == 100_002
    pieces = ok(pair.do(c.Fetch("e", ALL, (FetchBody(Section()),))))
    assert b"".join(p.data for p in pieces if isinstance(p, r.LiteralChunk)) == message
    found = ok(pair.do(c.Search("f", keys.Text("HI"), uid=True)))
    assert found == [r.SearchResponse((1,))]
    assert r.Untagged in map(type, pair.do(c.Logout("g")))
    assert pair.client.closed


def test_idle_tells_what_another_does(pair):
    ok(pair.do(c.Login("a", USER, PASSWORD)))
    ok(pair.do(c.Select("b", "INBOX")))
    pair.client.send(c.Idle("c"))
    assert [type(event) for event in pair.talk()] == [r.Continuation]
    pair.client.send(c.IdleDone("c"))
    [tagged] = pair.talk()
    assert tagged == r.Tagged("c", Status.OK, tagged.text, None)


def test_compressed_and_plain_again(pair):
    ok(pair.do(c.Login("a", USER, PASSWORD)))
    ok(pair.do(c.Compress("b", "DEFLATE")))
    assert r.Exists(0) in ok(pair.do(c.Select("c", "INBOX")))
    ok(pair.do(c.Unauthenticate("d")))
    ok(pair.do(c.Login("e", USER, PASSWORD)))


def test_commands_pipelined(pair):
    pair.client.send(c.Login("a", USER, PASSWORD))
    pair.client.send(c.Select("b", "INBOX"))
    pair.client.send(c.Fetch("c", ALL, (FetchAtt("FLAGS"),), uid=True))
    pair.client.send(c.Logout("d"))
    tagged = [event.tag for event in pair.talk() if isinstance(event, r.Tagged)]
    assert tagged == ["a", "b", "c", "d"]
