"""APPEND: messages that stream in, are refused, or break off (RFC 9051 §6.3.12, RFC 3502)."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ServerConnection, Status
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.limits import DEFAULT_LIMITS, Limits


def connect(limits: Limits = DEFAULT_LIMITS) -> ServerConnection:
    connection = ServerConnection(limits)
    connection.send(r.Untagged(Status.PREAUTH, "hello"))
    connection.data_to_send()
    return connection


def say(connection: ServerConnection, data: bytes) -> object:
    connection.receive_data(data)
    return connection.next_event()


def test_a_message_waits_for_plus_and_streams() -> None:
    connection = connect()
    begin = say(connection, b'a APPEND "Sent" (\\Seen $x) " 1-Jan-2024 00:00:00 +0000" {10}\r\n')
    moment = datetime(2024, 1, 1, tzinfo=UTC)
    assert begin == c.AppendBegin("a", "Sent", ("\\Seen", "$x"), moment, 10, True)
    assert connection.next_event() is PAUSED
    assert connection.data_to_send() == b""
    connection.accept_literal()
    assert connection.data_to_send() == b"+ Ready\r\n"
    assert say(connection, b"12345") == c.AppendChunk(b"12345")
    assert connection.next_event() is NEED_DATA
    assert say(connection, b"67890\r\n") == c.AppendChunk(b"67890")
    assert connection.next_event() == c.AppendEnd("a")
    assert connection.next_event() is PAUSED
    connection.send(r.Tagged("a", Status.OK, "done"))
    assert connection.current is None


def test_the_mailbox_may_be_a_literal() -> None:
    connection = connect()
    begin = say(connection, b"a append {4+}\r\n{3}\r {2+}\r\nab\r\n")
    assert isinstance(begin, c.BadCommand)
    assert say(connection, b"a append {5+}\r\ninbox {2+}\r\nab\r\n") == c.AppendBegin(
        "a", "INBOX", (), None, 2, False
    )


def test_a_refused_synchronizing_message_never_comes() -> None:
    connection = connect()
    say(connection, b"a APPEND x {10}\r\n")
    connection.send(r.Tagged("a", Status.NO, "no such mailbox"))
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")
    assert connection.data_to_send() == b"a NO no such mailbox\r\n"


def test_a_refused_message_that_comes_all_the_same_is_swallowed_with_all_its_parts() -> None:
    connection = connect()
    say(
        connection, b"a APPEND x {10+}\r\nb LOGOUT\r\n (\\Seen) {10+}\r\nc LOGOUT\r\n\r\nd NOOP\r\n"
    )
    connection.send(r.Tagged("a", Status.NO, "no such mailbox"))
    assert connection.next_event() == c.Noop("d")


def test_a_message_can_be_refused_half_way() -> None:
    connection = connect()
    say(connection, b"a APPEND x {10}\r\n")
    connection.accept_literal()
    assert say(connection, b"12345") == c.AppendChunk(b"12345")
    with pytest.raises(LocalProtocolError):
        connection.send(r.Tagged("a", Status.OK, "done"))
    connection.send(r.Tagged("a", Status.NO, "disk full"))
    assert say(connection, b"67890 {5}\r\nb NOOP\r\n") == c.Noop("b")


def test_message_size_is_limited() -> None:
    connection = connect(Limits(message_size=10))
    event = say(connection, b"a APPEND x {11}\r\n")
    assert isinstance(event, c.BadCommand)
    assert connection.data_to_send() == b"a NO [TOOBIG] Message too big\r\n"
    event = say(connection, b"b APPEND x {11+}\r\nc LOGOUT\r\n.\r\nd NOOP\r\n")
    assert isinstance(event, c.BadCommand)
    assert connection.next_event() == c.Noop("d")


def test_a_second_message_that_is_too_big_aborts_the_first() -> None:
    connection = connect(Limits(message_size=10))
    say(connection, b"a APPEND x {1+}\r\ny {11}\r\n")
    connection.accept_literal()
    connection.next_event()
    assert connection.next_event() == c.AppendAborted("a")
    assert isinstance(connection.next_event(), c.BadCommand)
    assert connection.data_to_send() == b"a NO [TOOBIG] Message too big\r\n"
    assert say(connection, b"b NOOP\r\n") == c.Noop("b")


@pytest.mark.parametrize("behind", [b"x\r\n", b" \r\n", b"\n", b" (\\Seen {5+}\r\nhello\r\n"])
def test_bad_syntax_behind_a_message_aborts(behind: bytes) -> None:
    connection = connect()
    say(connection, b"a APPEND x {1+}\r\ny" + behind + b"b NOOP\r\n")
    connection.accept_literal()
    connection.next_event()
    assert connection.next_event() == c.AppendAborted("a")
    assert isinstance(connection.next_event(), c.BadCommand)
    assert connection.data_to_send().startswith(b"a BAD ")
    assert connection.next_event() == c.Noop("b")


def test_several_messages_have_an_index() -> None:
    connection = connect()
    say(connection, b"a APPEND x {1+}\r\n1 (\\Draft) {1}\r\n2\r\n")
    connection.accept_literal()
    assert connection.next_event() == c.AppendChunk(b"1")
    assert connection.next_event() == c.AppendBegin("a", "x", ("\\Draft",), None, 1, True, 1)
    connection.accept_literal()
    assert connection.next_event() == c.AppendChunk(b"2")
    assert connection.next_event() == c.AppendEnd("a")


@pytest.mark.parametrize("sent", [b"", b"12345"])
def test_the_end_of_the_transport_in_a_message_aborts(sent: bytes) -> None:
    connection = connect()
    say(connection, b"a APPEND x {10+}\r\n" + sent)
    connection.accept_literal()
    connection.receive_eof()
    events = [connection.next_event() for _ in range(4)]
    assert events[-3:] == [c.AppendAborted("a"), c.ConnectionClosed(), c.ConnectionClosed()] or (
        events[:2] == [c.AppendAborted("a"), c.ConnectionClosed()]
    )
    assert connection.closed


def test_utf8_messages_once_enabled() -> None:
    line = b"a APPEND x (\\Seen) UTF8 (~{2+}\r\nab)\r\n"
    assert isinstance(say(connect(), line), c.BadCommand)
    connection = connect()
    connection.enabled.add("UTF8=ACCEPT")
    assert isinstance(say(connection, line), c.AppendBegin)
    connection.accept_literal()
    assert connection.next_event() == c.AppendChunk(b"ab")
    assert connection.next_event() == c.AppendEnd("a")


def test_accept_literal_needs_a_message() -> None:
    with pytest.raises(LocalProtocolError):
        connect().accept_literal()


CATENATE = (
    b'a APPEND x (\\Seen) CATENATE (URL "/a/;UID=1" TEXT {2+}\r\nhi URL {9+}\r\n/b/;UID=2)'
    b" {1+}\r\n.\r\n"
)


def heard(connection: ServerConnection) -> list[object]:
    events: list[object] = []
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        events.append(event)
        if isinstance(event, c.AppendBegin | c.CatenateText):
            connection.accept_literal()
    return events


def test_a_message_in_parts() -> None:
    connection = connect()
    connection.receive_data(CATENATE)
    assert heard(connection) == [
        c.AppendBegin("a", "x", ("\\Seen",), None, 0, False, catenate=True),
        c.CatenateUrl("/a/;UID=1"),
        c.CatenateText(2, False),
        c.AppendChunk(b"hi"),
        c.CatenateUrl("/b/;UID=2"),
        c.AppendBegin("a", "x", (), None, 1, False, 1),
        c.AppendChunk(b"."),
        c.AppendEnd("a"),
    ]


def test_a_part_waits_for_plus_only_once_it_is_accepted() -> None:
    connection = connect()
    begin = say(connection, b"a APPEND x CATENATE (URL /a TEXT {2}\r\n")
    assert isinstance(begin, c.AppendBegin)
    assert connection.next_event() is PAUSED
    connection.accept_literal()
    assert connection.next_event() == c.CatenateUrl("/a")
    assert connection.next_event() == c.CatenateText(2, True)
    assert connection.next_event() is PAUSED
    assert connection.data_to_send() == b""
    connection.accept_literal()
    assert connection.data_to_send() == b"+ Ready\r\n"
    assert say(connection, b"hi)\r\n") == c.AppendChunk(b"hi")
    assert connection.next_event() == c.AppendEnd("a")


@pytest.mark.parametrize("refused_at", range(5))
def test_parts_are_refused_wherever_the_session_likes(refused_at: int) -> None:
    connection = connect()
    connection.receive_data(CATENATE + b"b NOOP\r\n")
    seen = 0
    while True:
        event = connection.next_event()
        if seen == refused_at:
            break
        seen += 1
        if isinstance(event, c.AppendBegin | c.CatenateText):
            connection.accept_literal()
    connection.send(r.Tagged("a", Status.NO, "no"))
    assert connection.next_event() == c.Noop("b")
    assert connection.data_to_send().endswith(b"a NO no\r\n")


@pytest.mark.parametrize(
    "line",
    [
        b"a APPEND x CATENATE ()\r\n",
        b"a APPEND x CATENATE\r\n",
        b"a APPEND x CATENATE (URL /a\r\n",
        b"a APPEND x CATENATE (URL /a ) \r\n",
        b"a APPEND x CATENATE (/a)\r\n",
        b"a APPEND x CATENATE (TEXT hi)\r\n",
        b"a APPEND x CATENATE ({2+}\r\nhi)\r\n",
        b"a APPEND x CATENATE (TEXT ~{2+}\r\nhi)\r\n",
        b"a APPEND x CATENATE (TEXT {2+}\r\nhi\r\n",
        b"a APPEND x CATENATE (TEXT {2+}\r\nhi) URL {2+}\r\n/a\r\n",
        b"a APPEND x CATENATE (URL {2+}\r\n\0a)\r\n",
        b"a APPEND x URL {2+}\r\nhi TEXT {2+}\r\nhi\r\n",
        b"a APPEND x\r\n",
    ],
)
def test_parts_that_are_not_in_the_grammar(line: bytes) -> None:
    connection = connect()
    connection.receive_data(line + b"b NOOP\r\n")
    events = heard(connection)
    assert c.AppendEnd("a") not in events
    assert events[-1] == c.Noop("b")
    assert isinstance(events[-2], c.BadCommand)
    assert b"a BAD " in connection.data_to_send()


def test_a_mailbox_called_url_takes_messages() -> None:
    for line in (b"a APPEND URL {2+}\r\nhi\r\n", b"a APPEND {3+}\r\nURL {2+}\r\nhi\r\n"):
        connection = connect()
        connection.receive_data(line)
        assert heard(connection) == [
            c.AppendBegin("a", "URL", (), None, 2, False),
            c.AppendChunk(b"hi"),
            c.AppendEnd("a"),
        ]


def test_a_part_that_is_too_big() -> None:
    connection = connect(Limits(message_size=10))
    connection.receive_data(b"a APPEND x CATENATE (URL /a TEXT {11}\r\nb NOOP\r\n")
    assert isinstance(connection.next_event(), c.BadCommand)
    assert connection.data_to_send() == b"a NO [TOOBIG] Message too big\r\n"
    assert connection.next_event() == c.Noop("b")
