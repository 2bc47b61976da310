"""What holds for every way in which a server's octets can arrive."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ClientConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.state import ALLOWED
from mailcore.imap.types import State
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.limits import Limits
from mailcore.testing.strategies import imap as commands
from mailcore.testing.strategies import imap_responses as strategies

LIMITS = Limits(imap_response_streamed=40)
SMALL = Limits(
    imap_response_line=300,
    imap_response_line_before_login=300,
    imap_response_literal=60,
    imap_response=400,
    imap_response_streamed=20,
)


def hear(*pieces: bytes, limits: Limits = LIMITS, eof: bool = False) -> list[object]:
    """Feed a client that has logged in; return its events, chunks joined, an error last."""
    client = ClientConnection(limits)
    client.receive_data(b"* PREAUTH hello\r\n")
    client.next_event()
    client.send(c.Noop("t"))
    events: list[object] = []
    for piece in pieces:
        client.receive_data(piece)
        take(client, events)
    if eof:
        client.receive_eof()
        take(client, events)
    return events


def take(client: ClientConnection, events: list[object]) -> None:
    while True:
        try:
            event = client.next_event()
        except RemoteProtocolError as error:
            events.append(str(error))
            continue
        if event is NEED_DATA or event == (events[-1:] or [None])[0] == c.ConnectionClosed():
            return
        assert event is not PAUSED
        if isinstance(event, r.LiteralChunk) and isinstance(events[-1], r.LiteralChunk):
            events[-1] = r.LiteralChunk(events[-1].data + event.data)
        else:
            events.append(event)
        if isinstance(event, c.ConnectionClosed):
            return


def written(responses: list[r.Response]) -> bytes:
    encoder = ResponseEncoder()
    return b"".join(map(encoder.encode, responses))


@settings(max_examples=60, deadline=None)
@given(strategies.streamed_fetches(LIMITS.imap_response_streamed))
def test_a_streamed_fetch_survives_the_wire(pieces: list[r.Response]) -> None:
    data = written(pieces)
    assert hear(data) == pieces
    assert hear(*(data[at : at + 1] for at in range(len(data)))) == pieces


@settings(max_examples=60, deadline=None)
@given(strategies.streamed_url_fetches(2000))
def test_a_streamed_url_fetch_survives_the_wire(pieces: list[r.Response]) -> None:
    data, limits = written(pieces), Limits(imap_response_streamed=2000)
    assert hear(data, limits=limits) == pieces
    assert hear(*(data[at : at + 1] for at in range(len(data))), limits=limits) == pieces


SCRIPT = (
    b"* 23 EXISTS\r\n"
    b'* LIST (\\HasNoChildren) "/" {5}\r\na "b"\r\n'
    b"* 1 FETCH (FLAGS (\\Seen) BODY[1.2]<5> {50}\r\n" + b"}\r\n{3}\r\n\r\n" * 5 + b" UID 3 "
    b"BODY[HEADER.FIELDS ({2}\r\nA] X)] {41}\r\n" + b"y" * 41 + b' RFC822.TEXT "a b")\r\n'
    b"* 2 FETCH (X-GM-LABELS (a {3}\r\n)\r\n b) RFC822 {2}\r\n\r\n)\r\n"
    b"* XLIST (nothing {4}\r\n(((( known)\r\n"
    b"* OK [UIDNEXT 5] {text}\r\n"
    b"t OK [X-OWN {6}\r\n12345\r x] done\r\n"
    b"* BYE\r\n"
)


def test_no_cut_makes_a_difference() -> None:
    whole = hear(SCRIPT, eof=True)
    assert len(whole) == 14
    assert not [event for event in whole if isinstance(event, str)]
    for at in range(len(SCRIPT)):
        assert hear(SCRIPT[:at], SCRIPT[at:], eof=True) == whole, at
    assert hear(*(SCRIPT[at : at + 1] for at in range(len(SCRIPT))), eof=True) == whole


_NOISE = st.lists(
    st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [
                b"* OK hi\r\n",
                b"* 1 FETCH (",
                b"BODY[] {30}\r\n",
                b"BODY[] {3}\r\n",
                b"UID 1",
                b")\r\n",
                b"* ",
                b"\r\n",
                b"\r",
                b"t OK done\r\n",
                b"* BYE\r\n",
                b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 90 + b"\r\n",
                b"{99999999999999999999}\r\n",
                b"x" * 200,
                b"* 0 EXPUNGE\r\n",
                b"* ESEARCH (TAG {1}\r\n",
                b"* 99999999999 EXISTS\r\n",
            ]
        ),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(_NOISE)
def test_no_octets_crash_or_pile_up(pieces: list[bytes]) -> None:
    """limits-and-attacks, client role: nothing crashes on garbage."""
    together = hear(b"".join(pieces), limits=SMALL, eof=True)
    assert hear(*pieces, limits=SMALL, eof=True) == together
    assert together[-1] == c.ConnectionClosed()


@pytest.mark.parametrize("state", [State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED])
@pytest.mark.parametrize("kind", commands.COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_in_every_state(kind: type[c.Command], state: State) -> None:
    @settings(max_examples=3, deadline=None)
    @given(commands.COMMANDS[kind])
    def check(command: c.Command) -> None:
        client = ClientConnection()
        client.receive_data(
            b"* OK hi\r\n" if state is State.NOT_AUTHENTICATED else b"* PREAUTH hi\r\n"
        )
        client.receive_data(b"* CAPABILITY LITERAL+\r\n")
        if state is State.SELECTED:
            client.next_event()
            client.send(c.Select("s0", "INBOX"))
            client.receive_data(b"s0 OK done\r\n")
        while client.next_event() is not NEED_DATA:
            pass
        assert client.state is state
        client.data_to_send()
        if kind in ALLOWED[state]:
            client.send(command)
            assert client.data_to_send().startswith(command.tag.encode() + b" ")
            assert client.commands == (command,)
        else:
            with pytest.raises(LocalProtocolError):
                client.send(command)
            assert client.data_to_send() == b""

    check()
