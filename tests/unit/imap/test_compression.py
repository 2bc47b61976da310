"""COMPRESS=DEFLATE: the layer by itself, and under a connection (RFC 4978)."""

from __future__ import annotations

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.flow import NEED_DATA
from mailcore.imap import ServerConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.compression import BadCompression, Deflate
from mailcore.imap.types import State, Status
from mailcore.limits import Limits


def expand_all(layer: Deflate, limit: int = 64) -> bytes:
    data = b""
    while piece := layer.expand(limit):
        assert len(piece) <= limit
        data += piece
    return data


@given(st.lists(st.binary(max_size=300)), st.integers(1, 100))
def test_what_one_end_compresses_the_other_expands(pieces: list[bytes], limit: int) -> None:
    ours, theirs = Deflate(), Deflate()
    for piece in pieces:
        theirs.receive(ours.compress(piece))
        # All of it, at once: a client waits for the end of an answer.
        assert expand_all(theirs, limit) == piece


@given(st.binary(max_size=2000), st.integers(1, 7))
def test_no_cut_makes_a_difference(data: bytes, size: int) -> None:
    ours, theirs = Deflate(), Deflate()
    sent = ours.compress(data)
    found = b""
    for at in range(0, len(sent), size):
        theirs.receive(sent[at : at + size])
        found += expand_all(theirs)
    assert found == data


def test_nothing_costs_nothing() -> None:
    assert Deflate().compress(b"") == b""
    assert Deflate().expand(10) == b""


@pytest.mark.parametrize("octets", [b"a NOOP\r\n", b"\xff\xff\xff", b"\x06"])
def test_octets_that_are_not_compressed(octets: bytes) -> None:
    layer = Deflate()
    layer.receive(octets)
    with pytest.raises(BadCompression):
        expand_all(layer)


def test_a_bomb_waits_unexpanded() -> None:
    """limits-and-attacks: inflated bytes per COMPRESS read are bounded."""
    bomb = zlib.compressobj(9, zlib.DEFLATED, -15)
    octets = bomb.compress(b"x" * 50_000_000) + bomb.flush(zlib.Z_SYNC_FLUSH)
    layer = Deflate()
    layer.receive(octets)
    assert len(layer.expand(1000)) == 1000
    assert len(layer.take_plain()) > len(octets) - 1000


# --------------------------------------------------------------------------- in a connection


class Client:
    """The other end of a connection, which compresses once it may."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.connection = ServerConnection(limits or Limits())
        self.connection.send(r.Untagged(Status.PREAUTH, "hello"))
        self.connection.data_to_send()
        self.layer: Deflate | None = None

    def compress(self) -> None:
        assert self.say(b"z COMPRESS DEFLATE\r\n") == c.Compress("z", "DEFLATE")
        assert self.answer("z") == b"z OK done\r\n"
        self.layer = Deflate()

    def say(self, data: bytes) -> object:
        self.connection.receive_data(self.layer.compress(data) if self.layer else data)
        return self.connection.next_event()

    def answer(self, tag: str) -> bytes:
        self.connection.send(r.Tagged(tag, Status.OK, "done"))
        return self.hear()

    def hear(self) -> bytes:
        sent = self.connection.data_to_send()
        if self.layer is None:
            return sent
        self.layer.receive(sent)
        return expand_all(self.layer)


def test_all_is_compressed_from_the_answer_on() -> None:
    client = Client()
    client.compress()
    assert client.connection.compressed
    assert client.say(b"a NOOP\r\n") == c.Noop("a")
    client.connection.send(r.Exists(3))
    assert client.answer("a") == b"* 3 EXISTS\r\na OK done\r\n"


def test_what_was_said_before_the_answer_is_not_compressed() -> None:
    client = Client()
    client.say(b"z COMPRESS DEFLATE\r\n")
    connection = client.connection
    connection.send(r.Exists(3))
    connection.send(r.Tagged("z", Status.OK, "done"))
    connection.send(r.Exists(4))
    sent = connection.data_to_send()
    assert sent.startswith(b"* 3 EXISTS\r\nz OK done\r\n")
    client.layer = Deflate()
    client.layer.receive(sent.removeprefix(b"* 3 EXISTS\r\nz OK done\r\n"))
    assert expand_all(client.layer) == b"* 4 EXISTS\r\n"


def test_a_refused_compress_changes_nothing() -> None:
    client = Client()
    client.say(b"z COMPRESS DEFLATE\r\n")
    client.connection.send(r.Tagged("z", Status.NO, "no"))
    assert client.hear() == b"z NO no\r\n"
    assert client.say(b"a NOOP\r\n") == c.Noop("a")


def test_twice_is_refused() -> None:
    client = Client()
    client.compress()
    assert isinstance(client.say(b"y COMPRESS DEFLATE\r\n"), c.BadCommand)
    assert client.hear() == b"y NO [COMPRESSIONACTIVE] Compressed already\r\n"
    assert client.say(b"a NOOP\r\n") == c.Noop("a")


def test_plain_octets_behind_the_command_are_an_injection() -> None:
    client = Client()
    client.say(b"z COMPRESS DEFLATE\r\na NOOP\r\n")
    client.connection.send(r.Tagged("z", Status.OK, "done"))
    assert client.connection.closed
    assert client.hear() == b"* BYE Plaintext behind COMPRESS\r\n"


def test_plain_octets_afterwards_end_the_connection() -> None:
    client = Client()
    client.compress()
    client.connection.receive_data(b"a NOOP\r\n")
    assert isinstance(client.connection.next_event(), c.ConnectionClosed)
    assert client.hear().startswith(b"* BYE ")


def test_before_login_there_is_no_compression() -> None:
    connection = ServerConnection()
    connection.receive_data(b"z COMPRESS DEFLATE\r\n")
    assert isinstance(connection.next_event(), c.BadCommand)


def test_octet_by_octet_makes_no_difference() -> None:
    client = Client()
    client.compress()
    assert client.layer is not None
    script = b"a NOOP\r\nb APPEND x {3+}\r\nabc\r\nc IDLE\r\nDONE\r\n"
    events: list[object] = []
    for octet in client.layer.compress(script):
        client.connection.receive_data(bytes([octet]))
        while (event := client.connection.next_event()) is not NEED_DATA:
            events.append(event)
            if isinstance(event, c.AppendBegin):
                client.connection.accept_literal()
            elif isinstance(event, c.Idle):
                client.connection.send(r.Continuation("go"))
            elif not isinstance(event, c.AppendChunk):
                tag = event.tag  # type: ignore[attr-defined]
                client.connection.send(r.Tagged(tag, Status.OK, "done"))
    kinds = [type(event).__name__ for event in events]
    assert [kind for kind in kinds if kind != "AppendChunk"] == [
        "Noop", "AppendBegin", "AppendEnd", "Idle", "IdleDone",
    ]  # fmt: skip
    assert b"".join(one.data for one in events if isinstance(one, c.AppendChunk)) == b"abc"
    answers = b"a OK done\r\nb OK done\r\n+ go\r\nc OK done\r\n"
    assert client.hear() == answers


def test_a_bomb_of_one_line_is_dropped_as_it_expands() -> None:
    limits = Limits(imap_inflate=1000, imap_line=500)
    client = Client(limits)
    client.compress()
    assert isinstance(client.say(b"a NOOP " + b"x" * 2_000_000 + b"\r\nb NOOP\r\n"), c.BadCommand)
    while not isinstance(event := client.connection.next_event(), c.Noop):
        assert isinstance(event, c.BadCommand)
        assert len(client.connection._framer) <= 2000
    assert event.tag == "b"


def test_commands_wait_compressed_until_the_last_one_is_answered() -> None:
    client = Client(Limits(imap_inflate=64))
    client.compress()
    many = b"".join(b"t%d NOOP\r\n" % number for number in range(1000))
    event = client.say(many)
    for number in range(1000):
        assert event == c.Noop(f"t{number}")
        assert len(client.connection._framer) <= 128
        client.connection.send(r.Tagged(f"t{number}", Status.OK, "done"))
        event = client.connection.next_event()
    assert event is NEED_DATA


# ---------------------------------------------------------------------------- UNAUTHENTICATE


def test_unauthenticate_begins_again_without_the_layer() -> None:
    """RFC 8437 §4.1: the layer ends with the command, and with its answer."""
    client = Client()
    client.compress()
    client.connection.enabled.add("CONDSTORE")
    assert client.say(b"a UNAUTHENTICATE\r\n") == c.Unauthenticate("a")
    assert client.answer("a") == b"a OK done\r\n"
    client.layer = None
    assert client.connection.state is State.NOT_AUTHENTICATED
    assert not client.connection.compressed
    assert not client.connection.enabled
    assert client.say(b"b LOGIN x y\r\n") == c.Login("b", "x", "y")
    assert client.answer("b") == b"b OK done\r\n"
    client.compress()
    assert client.say(b"c NOOP\r\n") == c.Noop("c")


def test_what_a_client_sends_behind_the_end_of_its_layer_is_plain() -> None:
    client = Client()
    client.compress()
    layer = client.layer
    assert layer is not None
    ended = layer.compress(b"a UNAUTHENTICATE\r\n") + layer.finish()
    client.connection.receive_data(ended + b"b LOGIN x y\r\n")
    assert client.connection.next_event() == c.Unauthenticate("a")
    assert client.answer("a") == b"a OK done\r\n"
    assert client.connection.next_event() == c.Login("b", "x", "y")


def test_before_login_the_bounds_are_tight_again() -> None:
    client = Client(Limits(imap_line_before_login=50))
    client.say(b"a UNAUTHENTICATE\r\n")
    client.answer("a")
    assert isinstance(client.say(b"b LOGIN x " + b"y" * 60 + b"\r\n"), c.BadCommand)


def test_nothing_follows_the_end_of_what_is_compressed() -> None:
    deflate = Deflate()
    peer = Deflate()
    deflate.receive(peer.compress(b"all") + peer.finish())
    assert deflate.expand(100) == b"all"
    assert deflate.ended
    assert deflate.expand(100) == b""
    deflate.receive(b"more")
    with pytest.raises(BadCompression):
        deflate.expand(100)
