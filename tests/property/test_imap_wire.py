"""What holds for every IMAP command, and for every way in which octets can arrive."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ServerConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.state import ALLOWED
from mailcore.imap.types import State, Status
from mailcore.imap.wire.bounds import Bounds
from mailcore.imap.wire.commands import VERBS, parse_command, read_head
from mailcore.imap.wire.encode import encode_command
from mailcore.imap.wire.mutf7 import decode_mutf7, encode_mutf7
from mailcore.limits import Limits
from mailcore.testing.strategies import imap as strategies

LIMITS = Limits(
    imap_line_before_login=200,
    imap_line=400,
    imap_literals_before_login=40,
    imap_literal=60,
    imap_literals_total=100,
    imap_literals_count=5,
    imap_swallow=300,
    message_size=100,
    bad_commands=6,
)
BOUNDS = Bounds.after_login(Limits())


class Peer:
    """A session that says yes to everything, and keeps what it saw."""

    def __init__(self, connection: ServerConnection) -> None:
        self.connection = connection
        self.events: list[object] = []
        self.output = b""

    def run(self, *pieces: bytes, eof: bool = False) -> None:
        for piece in pieces:
            self.connection.receive_data(piece)
            self.work()
        if eof:
            self.connection.receive_eof()
            self.work()

    def work(self) -> None:
        while True:
            event = self.connection.next_event()
            assert event is not PAUSED
            if event is NEED_DATA:
                break
            self.note(event)
            if isinstance(event, c.ConnectionClosed):
                break
            self.answer(event)
        self.output += self.connection.data_to_send()

    def note(self, event: object) -> None:
        last = self.events[-1] if self.events else None
        if isinstance(event, c.AppendChunk) and isinstance(last, c.AppendChunk):
            self.events[-1] = c.AppendChunk(last.data + event.data)
        elif not isinstance(event, c.ConnectionClosed) or event != last:
            self.events.append(event)

    def answer(self, event: object) -> None:
        connection = self.connection
        command = connection.current
        if isinstance(event, c.AppendBegin):
            connection.accept_literal()
        elif isinstance(event, c.Idle) or (isinstance(event, c.Authenticate) and not event.initial):
            connection.send(r.Continuation("go"))
        elif command is not None and not isinstance(event, (c.AppendChunk, c.BadCommand)):
            no = isinstance(command, c.StartTls | c.Compress)
            connection.send(r.Tagged(command.tag, Status.NO if no else Status.OK, "done"))


def serve(*pieces: bytes, state: State = State.NOT_AUTHENTICATED, eof: bool = False) -> Peer:
    peer = Peer(ServerConnection(LIMITS, tls_available=True))
    if state is not State.NOT_AUTHENTICATED:
        peer.connection.send(r.Untagged(Status.PREAUTH, "hello"))
    if state is State.SELECTED:
        peer.run(b"s SELECT INBOX\r\n")
    peer.run(*pieces, eof=eof)
    return peer


@pytest.mark.parametrize("kind", strategies.COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_survives_the_wire(kind: type[c.Command]) -> None:
    @settings(max_examples=40, deadline=None)
    @given(strategies.COMMANDS[kind], st.booleans(), st.sampled_from([0, 8, 4096]))
    def check(command: c.Command, utf8: bool, literal_plus: int) -> None:
        fragments = encode_command(command, utf8=utf8, literal_plus=literal_plus)
        if isinstance(command, c.AppendBegin):
            assert through_connection(command, fragments, utf8) == command
            return
        data = b"".join(fragments).removesuffix(b"\r\n")
        head = read_head(data)
        assert parse_command(head, head.cursor(data, BOUNDS, utf8=utf8)) == command

    check()


def through_connection(command: c.Command, fragments: list[bytes], utf8: bool) -> object:
    connection = ServerConnection()
    connection.send(r.Untagged(Status.PREAUTH, "hello"))
    connection.receive_data(b"s SELECT x\r\n")
    connection.next_event()
    connection.send(r.Tagged("s", Status.OK, "done"))
    if utf8:
        connection.enabled.add("UTF8=ACCEPT")
    connection.receive_data(b"".join(fragments))
    return connection.next_event()


def test_there_is_a_strategy_for_every_command() -> None:
    assert set(strategies.COMMANDS) == {kind for kind, _ in VERBS.values()}


@settings(deadline=None)
@given(strategies.mailbox_names)
def test_mailbox_names_survive_modified_utf7(name: str) -> None:
    encoded = encode_mutf7(name)
    assert encoded.isascii()
    assert decode_mutf7(encoded.decode("ascii")) == name


SCRIPT = (
    b"a NOOP\r\n"
    b"a SELECT &AOQ {4+}\r\nb NO\r\n"
    b"c AUTHENTICATE PLAIN\r\n"
    b"AGFsaWNlAHNlY3JldA==\r\n"
    b"d SELECT {5+}\r\ninbox\r\n"
    b'e UID FETCH 1:*,*:3 (FLAGS BODY.PEEK[HEADER.FIELDS ("A B")]<0.9>) (CHANGEDSINCE 5)\r\n'
    b"f SEARCH CHARSET UTF-8 TEXT {4}\r\n{3}\r\r\n"
    b'g APPEND x (\\Seen) "17-Jul-1996 02:44:25 -0700" {6+}\r\nabc\r\n\n {0+}\r\n {3+}\r\nxyz\r\n'
    b"h APPEND x {101+}\r\n" + b"i" * 101 + b"\r\n"
    b"j IDLE\r\nk IDLE\r\ndone\r\n"
    b"l LOGIN x {70+}\r\n" + b"x" * 70 + b" {5+}\r\nhello\r\n"
    b"m NOOP\n"
    b"n " + b"N" * 500 + b"{6+}\r\nn NOOP\r\n"
    b"o APPEND x {3}\r\nabc {200}\r\n"
    b"p SEARCH CHARSET nope ALL\r\n"
    b"q LOGOUT\r\n"
)


def test_the_script_meets_what_it_should() -> None:
    peer = serve(SCRIPT)
    kinds = [type(event).__name__ for event in peer.events]
    assert kinds == [
        "Noop",
        "BadCommand",
        "Authenticate",
        "SaslResponse",
        "Select",
        "Fetch",
        "Search",
        "AppendBegin",
        "AppendChunk",
        "AppendBegin",
        "AppendBegin",
        "AppendChunk",
        "AppendEnd",
        "BadCommand",
        "Idle",
        "BadCommand",
        "IdleDone",
        "BadCommand",
        "BadCommand",
        "BadCommand",
        "AppendBegin",
        "AppendChunk",
        "AppendAborted",
        "BadCommand",
        "BadCommand",
        "Logout",
        "ConnectionClosed",
    ]


def test_octet_by_octet_makes_no_difference() -> None:
    whole = serve(SCRIPT)
    pieces = serve(*(SCRIPT[at : at + 1] for at in range(len(SCRIPT))))
    assert (pieces.events, pieces.output) == (whole.events, whole.output)


def test_no_cut_makes_a_difference() -> None:
    whole = serve(SCRIPT)
    for at in range(len(SCRIPT)):
        cut = serve(SCRIPT[:at], SCRIPT[at:])
        assert (cut.events, cut.output) == (whole.events, whole.output), at


@pytest.mark.parametrize("state", [State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED])
@pytest.mark.parametrize("kind", strategies.COMMANDS, ids=lambda kind: kind.__name__)
def test_every_command_in_every_state(kind: type[c.Command], state: State) -> None:
    @settings(max_examples=5, deadline=None)
    @given(strategies.COMMANDS[kind])
    def check(command: c.Command) -> None:
        command = replace(command, tag="t")
        connection = ServerConnection(tls_available=True)
        if state is not State.NOT_AUTHENTICATED:
            connection.send(r.Untagged(Status.PREAUTH, "hello"))
        if state is State.SELECTED:
            connection.receive_data(b"s SELECT INBOX\r\n")
            connection.next_event()
            connection.send(r.Tagged("s", Status.OK, "selected"))
        connection.data_to_send()
        connection.receive_data(b"".join(encode_command(command, literal_plus=4096)))
        event = connection.next_event()
        if kind in ALLOWED[state]:
            assert event == command
            assert connection.current == command
        else:
            assert isinstance(event, c.BadCommand)
            assert connection.data_to_send().startswith(b"t BAD ")
        assert connection.state is state

    check()


_NOISE = st.lists(
    st.one_of(
        st.binary(max_size=80),
        st.sampled_from(
            [
                b"a NOOP\r\n",
                b"a LOGIN x y\r\n",
                b"b APPEND x {5}\r\n",
                b"b APPEND x {50+}\r\n",
                b"c SELECT {5+}\r\n",
                b"d IDLE\r\n",
                b"DONE\r\n",
                b"{99999999999999999999+}\r\n",
                b"e AUTHENTICATE PLAIN\r\n",
                b"\r\n",
                b"\r",
                b"\n",
                b"x" * 300,
                b"f SEARCH " + b"(" * 90 + b"\r\n",
            ]
        ),
    ),
    max_size=12,
)


@settings(max_examples=300, deadline=None)
@given(_NOISE, st.sampled_from([State.NOT_AUTHENTICATED, State.AUTHENTICATED, State.SELECTED]))
def test_no_octets_raise_or_pile_up(pieces: list[bytes], state: State) -> None:
    together = serve(b"".join(pieces), state=state, eof=True)
    apart = serve(*pieces, state=state, eof=True)
    assert (apart.events, apart.output) == (together.events, together.output)
    assert isinstance(together.events[-1], c.ConnectionClosed)


@settings(max_examples=50, deadline=None)
@given(st.binary(min_size=1, max_size=30))
def test_an_endless_line_is_not_kept(piece: bytes) -> None:
    peer = serve(state=State.AUTHENTICATED)
    for _ in range(200):
        peer.run(piece)
        # Line and literals of one command, and no more.
        assert len(peer.connection._framer) <= LIMITS.imap_line + LIMITS.imap_literals_total
