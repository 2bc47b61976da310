"""What real clients do, at the level of the protocol."""

from __future__ import annotations

import pytest

from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import (
    FetchAtt,
    FetchBody,
    Section,
    SequenceSet,
    ServerConnection,
    State,
    Status,
    searchkeys,
)
from mailcore.imap import commands as c
from mailcore.imap import responses as r


def connect(select: bool = True) -> ServerConnection:
    connection = ServerConnection()
    connection.send(r.Untagged(Status.PREAUTH, "hello"))
    if select:
        connection.receive_data(b"s SELECT inBOX\r\n")
        assert connection.next_event() == c.Select("s", "INBOX")
        connection.send(r.Tagged("s", Status.OK, "selected"))
    connection.data_to_send()
    return connection


def say(connection: ServerConnection, data: bytes) -> object:
    connection.receive_data(data)
    return connection.next_event()


def idle(connection: ServerConnection) -> None:
    assert say(connection, b"i IDLE\r\n") == c.Idle("i")
    connection.send(r.Continuation("idling"))
    assert connection.data_to_send() == b"+ idling\r\n"


def test_the_next_command_right_behind_done_runs() -> None:
    connection = connect()
    idle(connection)
    assert say(connection, b"done\r\nb NOOP\r\n") == c.IdleDone("i")
    assert connection.next_event() is PAUSED
    connection.send(r.Tagged("i", Status.OK, "done"))
    assert connection.next_event() == c.Noop("b")


def test_a_second_idle_while_idling_is_bad_and_idling_goes_on() -> None:
    connection = connect()
    idle(connection)
    for _ in range(50):
        assert isinstance(say(connection, b"j IDLE\r\n"), c.BadCommand)
    assert connection.data_to_send() == b"j BAD Idling: say DONE first\r\n" * 50
    connection.send(r.Exists(3))
    assert connection.data_to_send() == b"* 3 EXISTS\r\n"
    with pytest.raises(LocalProtocolError):
        connection.send(r.Tagged("i", Status.OK, "done"))
    assert say(connection, b"DONE\r\n") == c.IdleDone("i")


def test_a_command_while_idling_is_bad_with_its_literals() -> None:
    connection = connect()
    idle(connection)
    assert isinstance(say(connection, b"j LOGIN {6+}\r\nDONE\r\n x\r\n"), c.BadCommand)
    assert connection.next_event() is NEED_DATA


@pytest.mark.parametrize(
    ("text", "ranges"),
    [
        (b"*:3", ((0, 3),)),
        (b"1,*", ((1, 1), (0, 0))),
        (b"5:*", ((5, 0),)),
        (b"*", ((0, 0),)),
        (b"4294967295", ((4294967295, 4294967295),)),
    ],
)
def test_sequence_sets_as_clients_write_them(
    text: bytes, ranges: tuple[tuple[int, int], ...]
) -> None:
    event = say(connect(), b"a UID FETCH " + text + b" uid\r\n")
    assert event == c.Fetch("a", SequenceSet(ranges), (FetchAtt("UID"),), uid=True)


def test_new_outlook_logs_in_with_literals() -> None:
    connection = ServerConnection()
    event = say(connection, b'a LOGIN {5+}\r\nalice {8+}\r\np\xc3\xa4ss "x\r\n')
    assert event == c.Login("a", "alice", 'päss "x')


@pytest.mark.parametrize(
    ("spelled", "name"),
    [
        (b"iNbOx", "INBOX"),
        (b"R&-D", "R&D"),
        (b"Entw&APw-rfe", "Entwürfe"),
        (b"&2D3eAA-", "😀"),
        (b"Entw\xc3\xbcrfe", None),
        (b'"Entw\xc3\xbcrfe"', "Entwürfe"),
        (b"~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
        (b'"a \\"b\\" \\\\ "', 'a "b" \\ '),
        (b"a]b", "a]b"),
        (b"{3+}\r\na%*", "a%*"),
    ],
)
def test_mailbox_names(spelled: bytes, name: str | None) -> None:
    event = say(connect(), b"a SELECT " + spelled + b"\r\n")
    if name is None:
        assert isinstance(event, c.BadCommand)
    else:
        assert event == c.Select("a", name)


@pytest.mark.parametrize(
    ("spelled", "item"),
    [
        (b"BODY[1.MIME]", FetchBody(Section((1,), "MIME"))),
        (b"BODY[2.1.HEADER]", FetchBody(Section((2, 1), "HEADER"))),
        (b"BODY[]<0.10>", FetchBody(Section(), partial=(0, 10))),
        (b"body.peek[text]", FetchBody(Section((), "TEXT"), peek=True)),
        (
            b'BODY.PEEK[HEADER.FIELDS (From "To" {2+}\r\nCc)]',
            FetchBody(Section((), "HEADER.FIELDS", ("From", "To", "Cc")), peek=True),
        ),
        (b"rfc822.header", FetchAtt("RFC822.HEADER")),
        (b"BODY", FetchAtt("BODY")),
    ],
)
def test_fetch_items(spelled: bytes, item: object) -> None:
    event = say(connect(), b"a FETCH 1 " + spelled + b"\r\n")
    assert event == c.Fetch("a", SequenceSet(((1, 1),)), (item,))


@pytest.mark.parametrize(
    ("macro", "names"),
    [
        (b"FAST", "FLAGS INTERNALDATE RFC822.SIZE"),
        (b"all", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE"),
        (b"FULL", "FLAGS INTERNALDATE RFC822.SIZE ENVELOPE BODY"),
    ],
)
def test_fetch_macros(macro: bytes, names: str) -> None:
    event = say(connect(), b"a FETCH 1 " + macro + b"\r\n")
    assert isinstance(event, c.Fetch)
    assert event.items == tuple(map(FetchAtt, names.split()))


@pytest.mark.parametrize(
    ("spelled", "key"),
    [
        (b"NOT DELETED", searchkeys.Not(searchkeys.HasFlag("\\Deleted"))),
        (b"UNDELETED", searchkeys.Not(searchkeys.HasFlag("\\Deleted"))),
        (b"UID *", searchkeys.InSet(SequenceSet(((0, 0),)), uid=True)),
        (b"CHARSET UTF-8 TEXT {2+}\r\n\xc3\xa4", searchkeys.Text("ä")),
        (b'CHARSET iso-8859-1 SUBJECT "\xe4"', searchkeys.Header("Subject", "ä")),
        (b'MODSEQ "/flags/\\\\draft" all 7', searchkeys.ModSeq(7)),
        (b"MODSEQ 7", searchkeys.ModSeq(7)),
        (
            b"NEW",
            searchkeys.And(
                (
                    searchkeys.HasFlag("\\Recent"),
                    searchkeys.Not(searchkeys.HasFlag("\\Seen")),
                )
            ),
        ),
    ],
)
def test_searches(spelled: bytes, key: object) -> None:
    event = say(connect(), b"a SEARCH " + spelled + b"\r\n")
    assert isinstance(event, c.Search)
    assert event.key == key


def test_search_return() -> None:
    connection = connect()
    event = say(connection, b"a UID SEARCH RETURN () ALL\r\n")
    assert event == c.Search("a", searchkeys.All(), uid=True, returns=("ALL",))


def test_an_unknown_charset_is_no_with_badcharset() -> None:
    connection = connect()
    assert isinstance(say(connection, b"a SEARCH CHARSET x-klingon ALL\r\n"), c.BadCommand)
    assert connection.data_to_send().startswith(b"a NO [BADCHARSET (US-ASCII UTF-8 ")


def test_text_that_is_not_in_its_charset_is_bad() -> None:
    connection = connect()
    say(connection, b'a SEARCH CHARSET US-ASCII TEXT "\xc3\xa4"\r\n')
    assert connection.data_to_send() == b"a BAD Text is not in its character set\r\n"


@pytest.mark.parametrize(
    ("line", "command"),
    [
        (
            b'LIST (SPECIAL-USE) "" ("%" "a*") RETURN (CHILDREN)',
            c.List("a", "", ("%", "a*"), ("SPECIAL-USE",), ("CHILDREN",)),
        ),
        (b'LIST "" ""', c.List("a", "", ("",))),
        (b"LIST INBOX/ %", c.List("a", "INBOX/", ("%",))),
        (b"CREATE x/", c.Create("a", "x")),
        (b"SELECT x (CONDSTORE)", c.Select("a", "x", condstore=True)),
        (b"EXAMINE x", c.Select("a", "x", read_only=True)),
        (b"STATUS x (messages SIZE)", c.StatusCommand("a", "x", ("MESSAGES", "SIZE"))),
        (b'ID ("name" "x" "os" nil)', c.Id("a", {"name": "x", "os": None})),
        (b"ID NIL", c.Id("a", None)),
        (b"ENABLE condstore UTF8=Accept", c.Enable("a", ("CONDSTORE", "UTF8=ACCEPT"))),
        (b"uid EXPUNGE 3:5", c.Expunge("a", SequenceSet(((3, 5),)))),
        (b"UID MOVE 3 Trash", c.Move("a", SequenceSet(((3, 3),)), "Trash", uid=True)),
        (
            b"UID STORE 1 (UNCHANGEDSINCE 5) +FLAGS.SILENT \\seen $x",
            c.Store("a", SequenceSet(((1, 1),)), "+FLAGS", ("\\Seen", "$x"), True, True, 5),
        ),
        (b"STORE 1 flags ()", c.Store("a", SequenceSet(((1, 1),)), "FLAGS", ())),
    ],
)
def test_commands(line: bytes, command: c.Command) -> None:
    assert say(connect(), b"a " + line + b"\r\n") == command


def test_what_was_seen_of_select_close_and_logout() -> None:
    connection = connect()
    assert connection.state is State.SELECTED
    for line, status, state in (
        (b"a SELECT x\r\n", Status.NO, State.AUTHENTICATED),
        (b"a SELECT x\r\n", Status.OK, State.SELECTED),
        (b"a SELECT x\r\n", Status.BAD, State.SELECTED),
        (b"a CLOSE\r\n", Status.OK, State.AUTHENTICATED),
        (b"a EXAMINE x\r\n", Status.OK, State.SELECTED),
        (b"a UNSELECT\r\n", Status.OK, State.AUTHENTICATED),
    ):
        say(connection, line)
        connection.send(r.Tagged("a", status, "x"))
        assert connection.state is state
    say(connection, b"a LOGOUT\r\n")
    connection.send(r.Untagged(Status.BYE, "bye"))
    assert not connection.closed
    connection.send(r.Tagged("a", Status.OK, "done"))
    assert connection.closed
    assert connection.state is State.LOGOUT
    assert connection.next_event() == c.ConnectionClosed()
    with pytest.raises(LocalProtocolError):
        connection.send(r.Exists(1))


def test_login_and_sasl_lead_to_authenticated() -> None:
    for lines in ((b"a LOGIN x y\r\n",), (b"a AUTHENTICATE PLAIN\r\n", b"AAAA\r\n")):
        connection = ServerConnection()
        say(connection, lines[0])
        if len(lines) == 2:
            connection.send(r.Continuation(data=b""))
            assert say(connection, lines[1]) == c.SaslResponse(b"\0\0\0")
        connection.send(r.Tagged("a", Status.NO, "wrong"))
        assert connection.state is State.NOT_AUTHENTICATED
        say(connection, b"b LOGIN x y\r\n")
        connection.send(r.Tagged("b", Status.OK, "welcome"))
        assert connection.state is State.AUTHENTICATED
        assert isinstance(say(connection, b"c LOGIN x y\r\n"), c.BadCommand)


@pytest.mark.parametrize(
    "response",
    [
        r.Tagged("other", Status.OK, "done"),
        r.Tagged("a", Status.BYE, "done"),
        r.Continuation("go on"),
        r.Untagged(Status.PREAUTH, "hello"),
    ],
)
def test_what_does_not_fit_is_not_sent(response: r.Response) -> None:
    connection = connect()
    say(connection, b"a NOOP\r\n")
    with pytest.raises(LocalProtocolError):
        connection.send(response)
    assert connection.pending_output == 0
    assert connection.current == c.Noop("a")


def test_enabled_follows_what_is_sent() -> None:
    connection = connect()
    connection.send(r.ListResponse("ä"))
    connection.send(r.Enabled(("utf8=accept",)))
    connection.send(r.ListResponse("ä"))
    assert connection.enabled == {"UTF8=ACCEPT"}
    assert connection.pending_output == len(connection.data_to_send())


def test_the_peer_hangs_up() -> None:
    connection = connect()
    connection.receive_data(b"a NOOP\r\nb NO")
    connection.receive_eof()
    assert connection.next_event() == c.Noop("a")
    connection.send(r.Tagged("a", Status.OK, "done"))
    assert connection.next_event() == c.ConnectionClosed()
    connection.close("again")
    assert connection.data_to_send() == b"a OK done\r\n"
