"""What each hostile input must get, row by row of the list of attacks."""

from __future__ import annotations

import tracemalloc

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ServerConnection, State, Status
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.limits import DEFAULT_LIMITS, KIB, Limits


def connect(
    state: State = State.NOT_AUTHENTICATED,
    limits: Limits = DEFAULT_LIMITS,
    *,
    tls_available: bool = False,
) -> ServerConnection:
    connection = ServerConnection(limits, tls_available=tls_available)
    if state is State.NOT_AUTHENTICATED:
        connection.send(r.Untagged(Status.OK, "hello"))
    else:
        connection.send(r.Untagged(Status.PREAUTH, "hello"))
    if state is State.SELECTED:
        connection.receive_data(b"s SELECT INBOX\r\n")
        connection.next_event()
        connection.send(r.Tagged("s", Status.OK, "selected"))
    connection.data_to_send()
    return connection


def say(connection: ServerConnection, data: bytes) -> object:
    connection.receive_data(data)
    return connection.next_event()


def test_non_synchronizing_literal_too_large_is_consumed_and_never_run() -> None:
    connection = connect()
    inner = b"x LOGIN evil evil\r\n" * 300
    assert isinstance(say(connection, b"a LOGIN {%d+}\r\n" % len(inner)), c.BadCommand)
    assert connection.data_to_send() == b"a BAD [TOOBIG] Literal too big\r\n"
    assert say(connection, inner) is NEED_DATA
    assert say(connection, b" {9+}\r\nz LOGOUT\r more {3+}\r\nabc\r\n") is NEED_DATA
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")
    assert connection.data_to_send() == b""


def test_non_synchronizing_literal_above_the_second_cap_is_the_end() -> None:
    connection = connect(State.AUTHENTICATED)
    size = DEFAULT_LIMITS.imap_swallow + 1
    assert isinstance(say(connection, b"a SELECT {%d+}\r\nb NOOP\r\n" % size), c.BadCommand)
    assert connection.data_to_send() == b"* BYE [TOOBIG] Literal too big\r\n"
    assert connection.closed
    assert connection.next_event() == c.ConnectionClosed()


def test_refused_literals_are_added_up_before_the_second_cap() -> None:
    connection = connect(limits=Limits(imap_swallow=100))
    say(connection, b"a X {60+}\r\n" + b"x" * 60 + b" {60+}\r\n")
    connection.next_event()
    assert connection.data_to_send().endswith(b"* BYE [TOOBIG] Literal too big\r\n")


def test_synchronizing_literal_too_large_is_refused_at_once() -> None:
    connection = connect(State.AUTHENTICATED)
    assert isinstance(say(connection, b"a SELECT {200000}\r\n"), c.BadCommand)
    assert connection.data_to_send() == b"a BAD [TOOBIG] Literal too big\r\n"
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")


def test_literal_sum_and_count_are_capped() -> None:
    connection = connect(limits=Limits(imap_literals_before_login=10, imap_literals_count=3))
    say(connection, b"a LOGIN {6+}\r\nabcdef {6+}\r\nabcdef\r\n")
    assert connection.data_to_send() == b"a BAD [TOOBIG] Literal too big\r\n"
    say(connection, b"b LOGIN {0+}\r\n {0+}\r\n {0+}\r\n {0+}\r\n\r\n")
    assert connection.data_to_send() == b"b BAD [TOOBIG] Literal too big\r\n"
    assert say(connection, b"c NOOP\r\n") == c.Noop("c")


def test_literal_minus_before_login_and_literal_plus_after() -> None:
    limits = Limits(imap_literals_before_login=10_000)
    connection = connect(limits=limits)
    assert isinstance(
        say(connection, b"a LOGIN {4097+}\r\n" + b"x" * 4097 + b" y\r\n"), c.BadCommand
    )
    assert isinstance(say(connection, b"b LOGIN {4096+}\r\n" + b"x" * 4096 + b" y\r\n"), c.Login)
    connection = connect(State.AUTHENTICATED)
    assert isinstance(say(connection, b"c SELECT {4097+}\r\n" + b"x" * 4097 + b"\r\n"), c.Select)


@pytest.mark.parametrize(
    "size", [b"{-1}", b"{+5}", b"{1e3}", b"{ 5}", b"{}", b"{5", b"{" + b"9" * 40 + b"}"]
)
def test_sizes_that_are_none_are_bad_and_never_a_hang(size: bytes) -> None:
    connection = connect()
    assert isinstance(say(connection, b"a LOGIN " + size + b"\r\n"), c.BadCommand)
    assert connection.data_to_send().startswith(b"a BAD ")
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")


def test_a_size_of_thousands_of_digits_is_no_number() -> None:
    connection = connect(State.AUTHENTICATED)
    say(connection, b"a SELECT {" + b"9" * 6000 + b"+}\r\n")
    assert connection.data_to_send() == b"* BYE [TOOBIG] Literal too big\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"a SEARCH " + b"(" * 3000,
        b"a SEARCH " + b"NOT " * 3000 + b"ALL",
        b"a SEARCH " + b"OR ALL " * 3000 + b"ALL",
        b"a FETCH 1 (" + b"(" * 3000,
        b"a FETCH 1 BODY[" + b"1." * 3000 + b"1]",
    ],
)
def test_deep_nesting_is_bad(line: bytes) -> None:
    connection = connect(State.SELECTED)
    assert isinstance(say(connection, line + b"\r\n"), c.BadCommand)
    assert connection.data_to_send().startswith(b"a BAD ")
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")


def test_nesting_up_to_the_limit_is_fine() -> None:
    connection = connect(State.SELECTED)
    depth = DEFAULT_LIMITS.nesting - 1
    assert isinstance(say(connection, b"a SEARCH " + b"NOT " * depth + b"ALL\r\n"), c.Search)


def test_the_state_is_checked_before_the_arguments() -> None:
    connection = connect()
    event = say(connection, b"a SELECT &AOQ\r\n")
    text = "SELECT is not allowed in the not authenticated state"
    assert event == c.BadCommand("a", text)
    assert connection.data_to_send() == f"a BAD {text}\r\n".encode()


def test_literals_of_a_command_that_is_not_allowed_are_refused() -> None:
    connection = connect()
    assert isinstance(say(connection, b"a APPEND INBOX {5}\r\n"), c.BadCommand)
    assert b"+" not in connection.data_to_send()
    assert isinstance(say(connection, b"b APPEND INBOX {10+}\r\nc LOGOUT\r\n\r\n"), c.BadCommand)
    assert say(connection, b"d NOOP\r\n") == c.Noop("d")


@pytest.mark.parametrize(
    "first",
    [
        b"GET / HTTP/1.1\r\n",
        b"POST /a LOGIN x y HTTP/1.1\r\n",
        b"get http://x/ HTTP/1.0\r\n",
        b"OPTIONS * HTTP/1.1\r\n",
        b"CONNECT x:25 HTTP/1.1\r\n",
        b"\x16\x03\x01\x02\x00\x01",
    ],
)
@pytest.mark.parametrize("piecewise", [False, True])
def test_other_protocols_are_closed_at_once(first: bytes, piecewise: bool) -> None:
    connection = connect()
    pieces = [first[at : at + 1] for at in range(len(first))] if piecewise else [first]
    events = [say(connection, piece) for piece in pieces]
    assert next(event for event in events if event is not NEED_DATA) == c.BadCommand(
        None, "This is not IMAP"
    )
    assert connection.closed
    assert connection.data_to_send() == b""
    assert say(connection, b"a LOGIN x y\r\n") == c.ConnectionClosed()


def test_a_tag_may_look_like_a_method() -> None:
    assert say(connect(), b"GET NOOP\r\n") == c.Noop("GET")


@pytest.mark.parametrize("behind", [b"b NOOP\r\n", b"b NO", b"\0"])
def test_octets_behind_starttls_close(behind: bytes) -> None:
    connection = connect(tls_available=True)
    assert say(connection, b"a STARTTLS\r\n" + behind) == c.StartTls("a")
    connection.send(r.Tagged("a", Status.OK, "begin"))
    assert connection.data_to_send() == b"* BYE Plaintext behind STARTTLS\r\n"
    assert connection.closed
    assert connection.next_event() == c.ConnectionClosed()


def test_octets_between_the_ok_and_the_handshake_close() -> None:
    connection = connect(tls_available=True)
    say(connection, b"a STARTTLS\r\n")
    connection.send(r.Tagged("a", Status.OK, "begin"))
    assert say(connection, b"b") is PAUSED
    connection.start_tls()
    assert connection.closed


def test_after_starttls_the_state_is_new() -> None:
    connection = connect(tls_available=True)
    say(connection, b"x BAD\r\n")
    say(connection, b"a STARTTLS\r\n")
    connection.send(r.Tagged("a", Status.OK, "begin"))
    connection.enabled.add("CONDSTORE")
    connection.start_tls()
    assert connection.enabled == set()
    assert connection.state is State.NOT_AUTHENTICATED
    assert isinstance(say(connection, b"b STARTTLS\r\n"), c.BadCommand)
    assert say(connection, b"c LOGIN x y\r\n") == c.Login("c", "x", "y")
    with pytest.raises(LocalProtocolError):
        connection.start_tls()


def test_starttls_that_is_not_available_or_refused() -> None:
    assert isinstance(say(connect(), b"a STARTTLS\r\n"), c.BadCommand)
    connection = connect(tls_available=True)
    say(connection, b"a STARTTLS\r\nb NOOP\r\n")
    connection.send(r.Tagged("a", Status.NO, "not now"))
    assert connection.next_event() == c.Noop("b")


@pytest.mark.parametrize(
    ("line", "text"),
    [(b"!!!\r\n", "Bad base64"), (b"x" * 9000 + b"\r\n", "Line too long"), (b"AA==\n", "CRLF")],
)
def test_a_bad_sasl_line_ends_the_exchange(line: bytes, text: str) -> None:
    connection = connect(limits=Limits(bad_commands_before_login=2))
    say(connection, b"a AUTHENTICATE PLAIN\r\n")
    connection.send(r.Continuation(data=b""))
    connection.data_to_send()
    event = say(connection, line)
    assert isinstance(event, c.BadCommand)
    assert text in event.text
    assert connection.data_to_send().startswith(b"a BAD ")
    assert connection.state is State.NOT_AUTHENTICATED
    assert connection.current is None
    say(connection, b"b BAD\r\n")
    assert connection.data_to_send().endswith(b"* BYE Too many bad commands\r\n")


def test_a_cancelled_exchange_is_counted() -> None:
    connection = connect(limits=Limits(bad_commands_before_login=1))
    say(connection, b"a AUTHENTICATE PLAIN\r\n")
    connection.send(r.Continuation(data=b"challenge"))
    assert connection.data_to_send() == b"+ Y2hhbGxlbmdl\r\n"
    assert say(connection, b"*\r\n") == c.SaslResponse(None)
    connection.send(r.Tagged("a", Status.BAD, "cancelled"))
    assert connection.data_to_send() == b"a BAD cancelled\r\n* BYE Too many bad commands\r\n"
    assert connection.closed


def test_a_bad_initial_response_is_bad() -> None:
    assert isinstance(say(connect(), b"a AUTHENTICATE PLAIN A\r\n"), c.BadCommand)
    empty = say(connect(), b"a AUTHENTICATE external =\r\n")
    assert isinstance(empty, c.Authenticate)
    assert (empty.mechanism, empty.initial) == ("EXTERNAL", b"")


@pytest.mark.parametrize(
    ("state", "allowed"),
    [
        (State.NOT_AUTHENTICATED, DEFAULT_LIMITS.bad_commands_before_login),
        (State.SELECTED, DEFAULT_LIMITS.bad_commands),
    ],
)
def test_bad_commands_are_counted(state: State, allowed: int) -> None:
    connection = connect(state)
    for index in range(allowed):
        assert not connection.closed, index
        say(connection, b"a XYZZY\r\n")
    assert connection.data_to_send().endswith(
        b"a BAD Unknown command\r\n* BYE Too many bad commands\r\n"
    )
    assert connection.closed


@pytest.mark.parametrize("line", [b"a NOOP\n", b"a NOOP\rb NOOP\r\n", b"a NO\nOP\r\n"])
def test_a_bare_cr_or_lf_is_bad(line: bytes) -> None:
    connection = connect()
    assert isinstance(say(connection, line), c.BadCommand)
    assert connection.data_to_send().startswith(b"a BAD Lines end in CRLF")


@pytest.mark.parametrize("line", [b"\r\n", b"* NOOP\r\n", b"+ NOOP\r\n", b" a NOOP\r\n", b"{5\r\n"])
def test_without_a_tag_the_bad_is_untagged(line: bytes) -> None:
    connection = connect()
    event = say(connection, line)
    assert isinstance(event, c.BadCommand)
    assert event.tag is None
    assert connection.data_to_send() == b"* BAD Expected a tag\r\n"


def test_a_line_too_long_is_skipped_to_its_end() -> None:
    connection = connect()
    assert isinstance(say(connection, b"a LOGIN " + b"x" * 9000), c.BadCommand)
    assert connection.data_to_send() == b"a BAD Line too long\r\n"
    assert say(connection, b"y" * 100_000) is NEED_DATA
    assert len(connection._framer) < 100
    assert say(connection, b"z {8+}\r\nb NOOP\r\n\r\nc NOOP\r\n") == c.Noop("c")


def test_lines_between_literals_are_added_up() -> None:
    connection = connect()
    part = b"x" * 5000
    assert isinstance(say(connection, b"a LOGIN " + part + b" {1+}\r\ny" + part), c.BadCommand)
    assert connection.data_to_send() == b"a BAD Line too long\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"a FETCH 4294967296 FLAGS",
        b"a FETCH 99999999999 FLAGS",
        b"a FETCH 0 FLAGS",
        b"a FETCH 1:0 FLAGS",
        b"a FETCH 01 FLAGS",
        b"a FETCH 1: FLAGS",
        b"a FETCH 1,,2 FLAGS",
        b"a FETCH -1 FLAGS",
        b"a FETCH 1 BODY[0]",
        b"a FETCH 1 BODY[MIME]",
        b"a FETCH 1 (FLAGS",
        b"a FETCH 1 FLAGS (CHANGEDSINCE 9223372036854775808)",
        b"a SEARCH LARGER 99999999999999999999",
        b"a SEARCH ON 31-Feb-2020",
        b"a STORE 1 FLAGS (\\Recent)",
        b"a SELECT x ()",
        b"a NOOP x",
        b"a NOOP ",
        b'a SELECT "a\0b"',
        b'a SELECT "a',
        b"a SELECT &AOQ",
        b"a SELECT &AGE-",
        b"a SELECT &2D0-",
        b"a SELECT &AAo-",
        b'a SELECT "\xff"',
        b"a SELECT {1+}\r\n\0",
        b"a STATUS x (NOPE)",
        b'a LIST (NOPE) "" *',
        b'a LIST (RECURSIVEMATCH) "" *',
        b"a SEARCH RETURN (NOPE) ALL",
        b"a ID (" + b" ".join([b'"k%d" NIL' % n for n in range(31)]) + b")",
        b"a APPEND INBOX",
    ],
)
def test_what_is_not_in_the_grammar_is_bad(line: bytes) -> None:
    connection = connect(State.SELECTED)
    assert isinstance(say(connection, line + b"\r\n"), c.BadCommand)
    assert connection.data_to_send().startswith(b"a BAD ")
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")


def test_ranges_of_a_sequence_set_are_counted() -> None:
    connection = connect(State.SELECTED, Limits(sequence_ranges=3))
    assert isinstance(say(connection, b"a FETCH 1,2,3 FLAGS\r\n"), c.Fetch)
    connection.send(r.Tagged("a", Status.OK, "done"))
    assert isinstance(say(connection, b"b FETCH 1,2,3,4 FLAGS\r\n"), c.BadCommand)


def test_a_search_term_of_64_kib_and_regex_characters() -> None:
    connection = connect(State.SELECTED)
    term = b"(a+)+$" * 10_000
    event = say(connection, b"a SEARCH TEXT {%d+}\r\n%b\r\n" % (len(term), term))
    assert isinstance(event, c.Search)
    assert event.key.value == term.decode()


def test_nothing_is_read_before_the_answer() -> None:
    connection = connect()
    assert say(connection, b"a NOOP\r\nb XYZZY\r\n") == c.Noop("a")
    assert connection.next_event() is PAUSED
    assert connection.data_to_send() == b""
    connection.send(r.Tagged("a", Status.OK, "done"))
    assert isinstance(connection.next_event(), c.BadCommand)
    assert connection.data_to_send() == b"a OK done\r\nb BAD Unknown command\r\n"


@pytest.mark.parametrize(
    "line",
    [
        b"a APPEND INBOX {52428800+}\r\n",
        b"a APPEND INBOX {52428800}\r\n",
        b"a SELECT {131072+}\r\n",
        b"a SEARCH TEXT {131072+}\r\n",
        b"a SELECT {67108864+}\r\n",
    ],
)
def test_a_declared_size_allocates_nothing(line: bytes) -> None:
    connections = [connect(State.SELECTED) for _ in range(10)]
    tracemalloc.start()
    try:
        for connection in connections:
            say(connection, line)
        assert tracemalloc.get_traced_memory()[1] < 256 * KIB
    finally:
        tracemalloc.stop()
