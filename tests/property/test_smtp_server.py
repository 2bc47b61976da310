"""Every state × every command, and the same events for every way to cut a conversation."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.limits import Limits
from mailcore.smtp import (
    NEED_DATA,
    PAUSED,
    BadCommand,
    Bdat,
    Burl,
    Command,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    EndOfChunk,
    EndOfData,
    Event,
    RcptTo,
    Reply,
    ServerConnection,
    StartTls,
    State,
    Violation,
)
from mailcore.smtp.state import SYNCHRONIZING, TRANSITIONS
from mailcore.smtp.wire.encode_commands import encode_command
from mailcore.testing.strategies import smtp

OK = Reply.of(250, None, "OK")
# The strategies speak of sizes that nobody sends here.
COMMANDS = smtp.commands.filter(lambda command: not isinstance(command, Bdat))
#: How to get to each state in which commands are taken.
WAYS: dict[State, list[bytes]] = {
    State.GREETED: [],
    State.READY: [b"EHLO x\r\n"],
    State.MAIL: [b"EHLO x\r\n", b"MAIL FROM:<a@b> SMTPUTF8\r\n"],
    State.RCPT: [b"EHLO x\r\n", b"MAIL FROM:<a@b> SMTPUTF8\r\n", b"RCPT TO:<c@d>\r\n"],
    State.CHUNKS: [
        b"EHLO x\r\n",
        b"MAIL FROM:<a@b> SMTPUTF8\r\n",
        b"RCPT TO:<c@d>\r\n",
        b"BDAT 0\r\n",
    ],
}

ASCII_STATES = (State.GREETED, State.READY)


def answer(connection: ServerConnection, event: Event) -> None:
    """Say yes to whatever can be said yes to."""
    if isinstance(event, (BadCommand, Violation)):
        connection.send(event.reply)
    elif isinstance(event, Data):
        connection.send(Reply.of(354, None))
    elif isinstance(event, (EndOfData, EndOfChunk)) and event.fault is not None:
        connection.send(event.fault)
    elif not isinstance(event, DataChunk):
        connection.send(OK)


def events_of(connection: ServerConnection, pieces: list[bytes]) -> list[Event]:
    events: list[Event] = []
    for piece in pieces:
        connection.receive_data(piece)
        while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
            if isinstance(event, ConnectionClosed):
                break
            answer(connection, event)
            if isinstance(event, DataChunk) and events and isinstance(events[-1], DataChunk):
                event = DataChunk(events.pop().data + event.data)  # type: ignore[union-attr]
            events.append(event)
    return events


def at(state: State) -> ServerConnection:
    connection = ServerConnection(chunking=True)
    events_of(connection, [b"", *WAYS[state]])
    assert connection.state is state
    connection.data_to_send()
    return connection


@given(st.sampled_from(sorted(WAYS, key=lambda state: state.name)), COMMANDS)
def test_every_state_takes_or_refuses_every_command(state: State, command: Command) -> None:
    connection = at(state)
    (event,) = events_of(connection, [encode_command(command, smtputf8=True)])
    kind = type(command)
    if (state, kind) in TRANSITIONS:
        assert event == command
        done = TRANSITIONS[state, kind].after(Reply.of(354, None) if kind is Data else OK)
        if isinstance(command, Burl) and command.last:
            done = State.READY
        assert connection.state is done
    else:
        assert isinstance(event, BadCommand)
        # A Unicode recipient is refused for what it is where no MAIL asked for SMTPUTF8.
        wide = isinstance(command, RcptTo) and not encode_command(command, smtputf8=True).isascii()
        assert event.reply.code == (553 if wide and state in ASCII_STATES else 503)
        assert connection.state is state
    assert connection.data_to_send().endswith(b"\r\n")


@given(st.sampled_from(sorted(WAYS, key=lambda state: state.name)), st.booleans())
def test_every_state_takes_or_swallows_every_chunk(state: State, last: bool) -> None:
    connection = at(state)
    events = events_of(connection, [encode_command(Bdat(6, last)) + b"QUIT\r\nNOOP\r\n"])
    if (state, Bdat) in TRANSITIONS:
        assert events[:-1] == [DataChunk(b"QUIT\r\n"), EndOfData() if last else EndOfChunk(6)]
    else:
        assert [type(event) for event in events[:-1]] == [BadCommand]
    assert not connection.closed


_TEXT = st.lists(
    st.sampled_from([b"a\r\n", b".", b"\r\n", b"\n", b"\r", b"\0", b"x" * 30, b"\xff"]), max_size=6
).map(b"".join)
_TURNS = st.one_of(
    COMMANDS.filter(
        lambda command: type(command) not in SYNCHRONIZING and not isinstance(command, StartTls)
    ).map(lambda command: encode_command(command, smtputf8=True)),
    st.builds(
        lambda text, last: encode_command(Bdat(len(text), last)) + text, _TEXT, st.booleans()
    ),
    st.just(b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"),
    st.just(b"NONSENSE\r\n"),
)
_CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=30)


@settings(max_examples=200)
@given(st.lists(_TURNS, max_size=8), _CUTS)
def test_the_same_events_for_every_cut(turns: list[bytes], sizes: list[int]) -> None:
    data = b"".join(turns)
    limits = Limits(smtp_text_line=40, bad_commands=4)
    pieces, rest, index = [], data, 0
    while rest:
        size = sizes[index % len(sizes)]
        pieces.append(rest[:size])
        rest, index = rest[size:], index + 1
    results = []
    for way in ([data], pieces, [bytes([octet]) for octet in data]):
        connection = ServerConnection(limits, chunking=True)
        events_of(connection, [b"", b"EHLO x\r\n"])
        connection.data_to_send()
        events = events_of(connection, way)
        # Chunks that came before a fault are void: how many came is all that may differ.
        kept = [event for event in events if not isinstance(event, DataChunk)]
        results.append((kept, connection.state, connection.data_to_send()))
    assert results[0] == results[1] == results[2]


@given(st.binary())
def test_octets_before_the_greeting_close(data: bytes) -> None:
    connection = ServerConnection()
    connection.receive_data(data + b"E")
    assert connection.next_event() == Connected()
    connection.send(Reply.of(220, None, "ready"))
    assert connection.closed
