"""The sans-IO connection: what each input gets, for every split of it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.limits import Limits
from mailcore.smtp import (
    NEED_DATA,
    PAUSED,
    Auth,
    AuthResponse,
    BadCommand,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    Event,
    MailFrom,
    MailParameters,
    Noop,
    Quirk,
    Quit,
    RcptTo,
    Reply,
    ReversePath,
    Rset,
    ServerConnection,
    StartTls,
    State,
    Violation,
)
from mailcore.smtp.types import ForwardPath
from mailcore.smtp.wire.data import STRAY_OCTETS

OK = Reply.of(250, None, "OK")
ANSWERS = {
    Connected: Reply.of(220, None, "ready"),
    Data: Reply.of(354, None, "go on"),
    Quit: Reply.of(221, None, "bye"),
    Auth: Reply.of(334, None),
    AuthResponse: Reply.of(235, None, "in"),
    StartTls: Reply.of(220, None, "tls"),
}
SENDER = MailFrom(ReversePath("a", "b"))
RECIPIENT = RcptTo(ForwardPath("c", "d"))
ENVELOPE = b"MAIL FROM:<a@b>\r\nRCPT TO:<c@d>\r\n"


def cuts(data: bytes) -> Iterator[list[bytes]]:
    """Whole, byte by byte, and cut at each position."""
    yield [data]
    yield [bytes([octet]) for octet in data]
    for at in range(1, len(data)):
        yield [data[:at], data[at:]]


def run(connection: ServerConnection, pieces: list[bytes]) -> list[Event]:
    """Feed the pieces; answer each event as a friendly server does; join the chunks."""
    events: list[Event] = []
    for piece in pieces:
        connection.receive_data(piece)
        while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
            if isinstance(event, ConnectionClosed):
                break
            if isinstance(event, DataChunk):
                if events and isinstance(events[-1], DataChunk):
                    event = DataChunk(events.pop().data + event.data)  # type: ignore[union-attr]
                events.append(event)
                continue
            events.append(event)
            if isinstance(event, (BadCommand, Violation)):
                connection.send(event.reply)
            else:
                connection.send(ANSWERS.get(type(event), OK))
    return events


def greeted(limits: Limits | None = None, **options: object) -> ServerConnection:
    connection = ServerConnection(limits or Limits(), **options)  # type: ignore[arg-type]
    assert run(connection, [b""]) == [Connected()]
    assert connection.data_to_send() == b"220 ready\r\n"
    return connection


def ready(limits: Limits | None = None, **options: object) -> ServerConnection:
    connection = greeted(limits, **options)
    assert run(connection, [b"EHLO x\r\n"]) == [Ehlo("x")]
    connection.data_to_send()
    return connection


def codes(events: list[Event]) -> list[int | str]:
    """Events as the code of the refusal, or their name."""
    return [
        event.reply.code if isinstance(event, (BadCommand, Violation)) else type(event).__name__
        for event in events
    ]


def test_a_message_for_every_split() -> None:
    for pieces in cuts(b".\r\n" + ENVELOPE):
        connection = ready()
        assert run(connection, [ENVELOPE + b"DATA\r\n"]) == [SENDER, RECIPIENT, Data()]
        assert connection.state is State.MESSAGE
        assert run(connection, [b"..a\r\n", *pieces]) == [
            DataChunk(b".a\r\n"),
            EndOfData(),
            SENDER,
            RECIPIENT,
        ]


def test_the_next_command_waits_for_the_answer() -> None:
    connection = ready()
    connection.receive_data(b"NOOP\r\nRSET\r\n")
    assert connection.next_event() == Noop()
    assert connection.paused
    assert connection.next_event() is PAUSED
    assert connection.trailing_data == b"RSET\r\n"
    connection.send(OK)
    assert connection.next_event() == Rset()


def test_a_poisoned_message_ends_with_its_fault() -> None:
    for pieces in cuts(b"a\n.\r\nb\r\n.\r\nNOOP\r\n"):
        connection = ready()
        run(connection, [ENVELOPE + b"DATA\r\n"])
        events = [event for event in run(connection, pieces) if not isinstance(event, DataChunk)]
        assert events == [EndOfData(STRAY_OCTETS), Noop()]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"a" * 3000 + b"\r\nNOOP\r\n", [500, "Noop"]),
        (b"NOOP\nNOOP\r\n", [500, "Noop"]),
        (b"RCPT TO:<\xff@b>\r\nNOOP\r\n", [500, "Noop"]),
        (b"MAIL FROM:<a\x01@b>\r\nNOOP\r\n", [501, "Noop"]),
        (b"MAIL FROM:<a@b> SIZE=1 SIZE=1\r\nNOOP\r\n", [501, "Noop"]),
        (b"MAIL FROM:<a@b> X=1\r\nNOOP\r\n", [555, "Noop"]),
        ("MAIL FROM:<ä@b>\r\nNOOP\r\n".encode(), [553, "Noop"]),
        ("MAIL FROM:<a@b>\r\nRCPT TO:<ä@b>\r\nNOOP\r\n".encode(), ["MailFrom", 553, "Noop"]),
        ("MAIL FROM:<a@b> SMTPUTF8\r\nRCPT TO:<ä@b>\r\n".encode(), ["MailFrom", "RcptTo"]),
        (b"RCPT TO:<a@b>\r\nNOOP\r\n", [503, "Noop"]),
        (b"MAIL FROM:<a@b>\r\nMAIL FROM:<a@b>\r\n", ["MailFrom", 503]),
        (b"MAIL FROM:<a@b>\r\nAUTH PLAIN\r\n", ["MailFrom", 503]),
        (b"MAIL FROM:<a@b>\r\nDATA\r\n", ["MailFrom", 503]),
        (b"BDAT 20 LAST\r\nMAIL FROM:<x@y>\r\n..\r\nNOOP\r\n", [502, 500, "Noop"]),
        (b"BDAT 0 LAST\r\nNOOP\r\n", [502, "Noop"]),
        (b"BDAT x\r\nNOOP\r\n", [501, "Noop"]),
        (b"BDAT 99999999999\r\nNOOP\r\n", [552]),
        (b"GET / HTTP/1.1\r\nHost: x\r\nNOOP\r\n", [421]),
        (b"\x16\x03\x01\x02\x00\x01\r\nNOOP\r\n", [421]),
        (b"QUIT\r\nNOOP\r\n", ["Quit"]),
    ],
)
def test_what_each_input_gets(data: bytes, expected: list[int | str]) -> None:
    for pieces in cuts(data) if len(data) < 200 else ([data], [data[:2500], data[2500:]]):
        assert codes(run(ready(), pieces)) == expected, pieces


@pytest.mark.parametrize(
    "data",
    [b"EHLO x\r\nNOOP\r\n", b"HELO x\r\nN", b"AUTH PLAIN\r\nYQ==\r\n", b"STARTTLS\r\nE"],
)
def test_talking_past_a_point_of_synchronization_closes(data: bytes) -> None:
    connection = ready()
    assert codes(run(connection, [data])) == [554]
    assert connection.data_to_send().startswith(b"554 5.5.0 ")
    assert connection.next_event() == ConnectionClosed()
    assert connection.trailing_data == b""


def test_a_message_sent_before_354_closes() -> None:
    connection = ready()
    events = run(connection, [ENVELOPE + b"DATA\r\nMAIL FROM:<smuggled@b>\r\n.\r\n"])
    assert codes(events) == ["MailFrom", "RcptTo", 554]
    assert connection.closed


@pytest.mark.parametrize("line", [b"EHLO x\r\n", b"AUTH PLAIN\r\n", b"STARTTLS\r\n"])
def test_what_comes_while_the_answer_is_made_was_too_soon_as_well(line: bytes) -> None:
    connection = ready()
    connection.receive_data(line)
    event = connection.next_event()
    connection.receive_data(b"N")
    connection.send(ANSWERS.get(type(event), OK))
    assert connection.data_to_send().startswith(b"554 5.5.0 ")
    assert connection.closed


def test_talking_before_the_greeting_closes() -> None:
    connection = ServerConnection()
    connection.receive_data(b"EHLO x\r\n")
    assert connection.next_event() == Connected()
    assert connection.next_event() is PAUSED
    connection.send(ANSWERS[Connected])
    assert connection.data_to_send().startswith(b"554 5.5.0 ")
    assert connection.next_event() == ConnectionClosed()


def test_a_server_may_refuse_to_greet() -> None:
    connection = ServerConnection()
    assert connection.next_event() == Connected()
    connection.send(Reply.of(554, None, "go away"))
    assert connection.next_event() == ConnectionClosed()


def test_tls_forgets_everything() -> None:
    connection = ready()
    assert run(connection, [b"STARTTLS\r\n"]) == [StartTls()]
    assert connection.state is State.HANDSHAKE
    assert connection.next_event() is PAUSED
    with pytest.raises(LocalProtocolError):
        connection.send(Reply.of(421, None))
    connection.tls_started()
    assert codes(run(connection, [b"MAIL FROM:<a@b>\r\n"])) == [503]
    assert run(connection, [b"EHLO x\r\n"]) == [Ehlo("x")]


def test_tls_must_have_been_granted() -> None:
    with pytest.raises(LocalProtocolError):
        ready().tls_started()


def test_an_exchange_of_auth() -> None:
    for pieces in cuts(b"auth LOGIN\r\n"):
        connection = ready()
        assert run(connection, pieces) == [Auth("LOGIN")]
        assert connection.state is State.AUTHENTICATING
        assert run(connection, [b"YQ==\r\n"]) == [AuthResponse(b"a")]
        assert connection.authenticated
        assert codes(run(connection, [b"AUTH PLAIN\r\n"])) == [503]
        assert run(connection, [b"MAIL FROM:<a@b>\r\n"]) == [SENDER]


@pytest.mark.parametrize("line", [b"*\r\n", b"!\r\n", b"NOOP\n", b"Q" * 13_000 + b"\r\n"])
def test_a_bad_response_ends_the_exchange(line: bytes) -> None:
    connection = ready()
    run(connection, [b"AUTH PLAIN\r\n"])
    assert codes(run(connection, [line]))[0] in (500, 501)
    assert connection.state is State.READY
    assert not connection.authenticated
    assert run(connection, [b"NOOP\r\n"]) == [Noop()]


def test_auth_lines_may_be_longer() -> None:
    token = b"QUFB" * 2500
    events = run(ready(), [b"AUTH PLAIN " + token + b"\r\n"])
    assert events == [Auth("PLAIN", b"AAA" * 2500)]
    connection = ready()
    run(connection, [b"AUTH PLAIN\r\n"])
    assert run(connection, [token[:5000], token[5000:] + b"\r\n"]) == [AuthResponse(b"AAA" * 2500)]


def test_bad_commands_are_counted() -> None:
    limits = Limits(bad_commands_before_login=2, bad_commands=4)
    connection = ready(limits, logs_in=True)
    assert codes(run(connection, [b"X\r\nX\r\nX\r\nNOOP\r\n"])) == [500, 500, 421]
    assert connection.closed
    assert codes(run(ready(limits), [b"X\r\n" * 6])) == [500] * 4 + [421]
    connection = ready(limits, logs_in=True)
    run(connection, [b"X\r\nX\r\n"])
    run(connection, [b"AUTH PLAIN\r\n"])
    run(connection, [b"YQ==\r\n"])
    assert codes(run(connection, [b"X\r\n" * 6])) == [500] * 4 + [421]


def test_what_pipelining_makes_wrong_is_not_counted() -> None:
    connection = ready(Limits(bad_commands=2))
    refused = Reply.of(550, "5.7.1", "no")
    connection.receive_data(b"MAIL FROM:<a@b>\r\n" + b"RCPT TO:<c@d>\r\n" * 100 + b"DATA\r\n")
    assert connection.next_event() == SENDER
    connection.send(refused)
    assert codes(run(connection, [b""])) == [503] * 101
    assert not connection.closed


def test_eof_between_commands_and_within() -> None:
    for data in (b"", b"NOO", b"BDAT 10\r\n123"):
        connection = ready()
        connection.receive_data(data)
        connection.receive_eof()
        assert connection.next_event() == ConnectionClosed()
        assert connection.closed
    connection = ready()
    connection.receive_data(b"NOOP\r\n")
    connection.receive_eof()
    assert connection.next_event() == Noop()
    connection.send(OK)
    assert connection.next_event() == ConnectionClosed()


def test_eof_within_a_message_is_no_end_of_data() -> None:
    connection = ready()
    run(connection, [ENVELOPE + b"DATA\r\n", b"text\r\n.\r"])
    connection.receive_eof()
    assert connection.next_event() == ConnectionClosed()


def test_421_may_be_said_unasked_and_nothing_else() -> None:
    connection = ready()
    with pytest.raises(LocalProtocolError):
        connection.send(OK)
    connection.send(Reply.of(421, "4.4.2", "bye"))
    assert connection.data_to_send() == b"421 4.4.2 bye\r\n"
    connection.receive_data(b"NOOP\r\n")
    assert connection.next_event() == ConnectionClosed()
    with pytest.raises(LocalProtocolError):
        connection.send(Reply.of(421, "4.4.2", "bye"))


def test_a_reply_that_does_not_answer_changes_nothing() -> None:
    connection = ready()
    connection.receive_data(ENVELOPE + b"DATA\r\n")
    for _ in range(2):
        connection.next_event()
        connection.send(OK)
    assert connection.next_event() == Data()
    connection.data_to_send()
    for replies in ((OK,), (Reply.of(354, "3.0.0"),), (Reply.of(354, None), OK)):
        with pytest.raises(LocalProtocolError):
            connection.send(*replies)
        assert connection.next_event() is PAUSED
        assert connection.data_to_send() == b""
    connection.send(ANSWERS[Data])
    assert connection.state is State.MESSAGE


def test_lmtp_answers_for_each_recipient() -> None:
    connection = greeted(lmtp=True)
    assert codes(run(connection, [b"EHLO x\r\n", b"LHLO x\r\n"])) == [500, "Ehlo"]
    run(connection, [ENVELOPE + b"DATA\r\n"])
    connection.data_to_send()
    connection.receive_data(b".\r\n")
    assert connection.next_event() == EndOfData()
    connection.send(OK, Reply.of(550, "5.1.1", "no"))
    assert connection.data_to_send() == b"250 OK\r\n550 5.1.1 no\r\n"
    assert connection.state is State.READY


def test_the_quirk_of_bare_lf() -> None:
    connection = greeted(quirks=Quirk.BARE_LF_COMMANDS)
    assert run(connection, [b"EHLO x\n", b"MAIL FROM:<a@b> SIZE=1\nNOOP\n"]) == [
        Ehlo("x"),
        MailFrom(ReversePath("a", "b"), MailParameters(size=1)),
        Noop(),
    ]
