"""The client's side of a connection, by hand: what it writes, and when."""

from __future__ import annotations

import pytest

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ClientConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap import searchkeys as keys
from mailcore.imap.compression import Deflate
from mailcore.imap.types import (
    FetchAtt,
    FetchBody,
    ResponseCode,
    Section,
    SequenceSet,
    State,
    Status,
)
from mailcore.limits import Limits

ONE = SequenceSet(((1, 1),))
FLAGS = (FetchAtt("FLAGS"),)


def hear(client: ClientConnection, data: bytes = b"") -> list[object]:
    """Give the client octets; return its events."""
    client.receive_data(data)
    events: list[object] = []
    while (event := client.next_event()) not in (NEED_DATA, PAUSED):
        events.append(event)
        if isinstance(event, c.ConnectionClosed):
            break
    return events


def connected(greeting: bytes = b"* PREAUTH hello\r\n", **options: object) -> ClientConnection:
    client = ClientConnection(**options)  # type: ignore[arg-type]
    hear(client, greeting)
    return client


@pytest.fixture
def selected() -> ClientConnection:
    client = connected()
    client.send(c.Select("s", "INBOX"))
    hear(client, b"* 3 EXISTS\r\ns OK [READ-WRITE] selected\r\n")
    client.data_to_send()
    assert client.state is State.SELECTED
    return client


# ------------------------------------------------------------------------- greeting and login


def test_nothing_is_said_before_the_greeting():
    client = ClientConnection()
    client.send(c.Capability("a"))
    assert client.data_to_send() == b""
    assert hear(client, b"* OK [CAPABILITY IMAP4rev1 SASL-IR] hello\r\n")
    assert client.data_to_send() == b"a CAPABILITY\r\n"
    assert client.capabilities == {"IMAP4REV1", "SASL-IR"}


@pytest.mark.parametrize(
    "greeting", [b"* 1 EXISTS\r\n", b"a OK\r\n", b"+ go\r\n", b"hi\r\n", b"* NO\r\n"]
)
def test_what_is_no_greeting_ends_the_connection(greeting):
    client = ClientConnection()
    with pytest.raises(RemoteProtocolError):
        hear(client, greeting + b"\r\n")
    assert client.closed
    assert isinstance(client.next_event(), c.ConnectionClosed)


def test_a_login_forgets_the_capabilities_unless_they_are_told_again():
    client = connected(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
    client.send(c.Login("a", "anna", "secret"))
    assert client.data_to_send() == b"a LOGIN anna secret\r\n"
    hear(client, b"a OK welcome\r\n")
    assert client.state is State.AUTHENTICATED
    assert client.capabilities is None
    client = connected(b"* OK [CAPABILITY IMAP4rev1] hello\r\n")
    client.send(c.Login("a", "anna", "secret"))
    hear(client, b"* CAPABILITY IMAP4rev1 IDLE\r\na OK welcome\r\n")
    assert client.capabilities == {"IMAP4REV1", "IDLE"}


def test_a_refused_login_changes_nothing():
    client = connected(b"* OK hello\r\n")
    client.send(c.Login("a", "anna", "wrong"))
    [answer] = hear(client, b"a NO [AUTHENTICATIONFAILED] wrong\r\n")
    assert isinstance(answer, r.Tagged)
    assert answer.code is not None
    assert client.state is State.NOT_AUTHENTICATED


def test_authenticate_goes_back_and_forth():
    client = connected(b"* OK hello\r\n")
    client.send(c.Authenticate("a", "LOGIN"))
    client.send(c.Noop("b"))
    assert client.data_to_send() == b"a AUTHENTICATE LOGIN\r\n"
    with pytest.raises(LocalProtocolError):
        client.send(c.SaslResponse(b"too early"))
    assert hear(client, b"+ VXNlcm5hbWU6\r\n") == [r.Continuation(data=b"Username:")]
    client.send(c.SaslResponse(b"anna"))
    assert client.data_to_send() == b"YW5uYQ==\r\n"
    hear(client, b"+ \r\n")
    client.send(c.SaslResponse(None))
    assert client.data_to_send() == b"*\r\n"
    hear(client, b"a BAD cancelled\r\n")
    assert client.state is State.NOT_AUTHENTICATED
    assert client.data_to_send() == b"b NOOP\r\n"


def test_a_challenge_that_is_not_base64_ends_the_connection():
    client = connected(b"* OK hello\r\n")
    client.send(c.Authenticate("a", "PLAIN"))
    with pytest.raises(RemoteProtocolError, match="base64"):
        hear(client, b"+ ???\r\n")


# ----------------------------------------------------------------------------------- states


@pytest.mark.parametrize(
    "command",
    [c.Select("a", "x"), c.Fetch("a", ONE, FLAGS), c.Enable("a", ("CONDSTORE",)), c.Idle("a")],
)
def test_what_the_state_does_not_allow_is_refused_here(command):
    client = connected(b"* OK hello\r\n")
    with pytest.raises(LocalProtocolError, match="not authenticated state"):
        client.send(command)
    assert client.data_to_send() == b""


def test_a_tag_is_used_for_one_command_at_a_time(selected):
    selected.send(c.Noop("a"))
    with pytest.raises(LocalProtocolError, match="is open"):
        selected.send(c.Noop("a"))
    hear(selected, b"a OK done\r\n")
    selected.send(c.Noop("a"))
    assert selected.new_tag() != selected.new_tag()


def test_commands_that_pile_up_are_refused():
    client = connected(limits=Limits(imap_open_commands=2))
    client.send(c.Noop("a"))
    client.send(c.Noop("b"))
    with pytest.raises(LocalProtocolError, match="too many"):
        client.send(c.Noop("c"))


def test_a_failed_select_leaves_no_mailbox(selected):
    selected.send(c.Select("a", "nowhere"))
    hear(selected, b"a NO [NONEXISTENT] no such mailbox\r\n")
    assert selected.state is State.AUTHENTICATED


def test_bye_and_logout(selected):
    selected.send(c.Logout("a"))
    with pytest.raises(LocalProtocolError):
        selected.send(c.Noop("b"))
    bye, tagged, closed = hear(selected, b"* BYE bye\r\na OK done\r\n")
    assert bye == r.Untagged(Status.BYE, "bye")
    assert isinstance(tagged, r.Tagged)
    assert isinstance(closed, c.ConnectionClosed)


def test_after_bye_nothing_can_be_said(selected):
    hear(selected, b"* BYE [UNAVAILABLE] restart\r\n")
    with pytest.raises(LocalProtocolError):
        selected.send(c.Noop("a"))
    selected.receive_eof()
    assert hear(selected) == [c.ConnectionClosed()]


def test_a_connection_that_breaks_off_within_a_response(selected):
    selected.receive_data(b"* 1 FETCH (BODY[] {10}\r\nabc")
    assert selected.next_event() is NEED_DATA
    selected.receive_eof()
    with pytest.raises(RemoteProtocolError, match="broke off"):
        selected.next_event()
    assert selected.next_event() == c.ConnectionClosed()


@pytest.mark.parametrize(
    "line", [b"x OK what\r\n", b"+ go\r\n", b"* OK\n", b"a\r\n", b"a FINE\r\n"]
)
def test_what_no_server_says_ends_the_connection(selected, line):
    selected.send(c.Noop("a"))
    with pytest.raises(RemoteProtocolError):
        hear(selected, line)
    assert selected.closed


# ------------------------------------------------------------------------------- pipelining


def test_commands_go_one_behind_the_other(selected):
    selected.send(c.Noop("a"))
    selected.send(c.Fetch("b", ONE, FLAGS, uid=True))
    assert selected.data_to_send() == b"a NOOP\r\nb UID FETCH 1 (FLAGS)\r\n"


@pytest.mark.parametrize(
    "command",
    [
        c.Fetch("b", ONE, FLAGS),
        c.Store("b", ONE, "FLAGS", ()),
        c.Search("b", keys.All()),
        c.Copy("b", ONE, "x"),
        c.Move("b", ONE, "x"),
    ],
)
def test_numbers_wait_for_what_may_change_them(selected, command):
    """RFC 9051 §5.5: after NOOP an EXPUNGE may be on its way."""
    selected.send(c.Noop("a"))
    selected.send(command)
    assert selected.data_to_send() == b"a NOOP\r\n"
    hear(selected, b"* 1 EXPUNGE\r\na OK done\r\n")
    assert selected.data_to_send().startswith(b"b ")


def test_numbers_behind_numbers_do_not_wait(selected):
    selected.send(c.Fetch("a", ONE, FLAGS))
    selected.send(c.Store("b", ONE, "+FLAGS", ("\\Seen",)))
    assert selected.data_to_send().count(b"\r\n") == 2


TEXT = c.Search("a", keys.Text("\u00fc"), uid=True, charset="UTF-8")


def test_a_literal_is_asked_for_and_others_wait(selected):
    selected.send(TEXT)
    selected.send(c.Noop("b"))
    assert selected.data_to_send() == b"a UID SEARCH CHARSET UTF-8 TEXT {2}\r\n"
    assert hear(selected, b"+ go on\r\n") == []
    assert selected.data_to_send() == b"\xc3\xbc\r\nb NOOP\r\n"


def test_a_refused_literal_ends_its_command(selected):
    selected.send(TEXT)
    selected.send(c.Noop("b"))
    selected.data_to_send()
    hear(selected, b"a BAD [TOOBIG] no\r\n")
    assert selected.data_to_send() == b"b NOOP\r\n"
    with pytest.raises(RemoteProtocolError):
        hear(selected, b"+ go on\r\n")


def test_ok_before_the_literal_is_an_error(selected):
    selected.send(TEXT)
    with pytest.raises(RemoteProtocolError, match="not complete"):
        hear(selected, b"a OK done\r\n")


@pytest.mark.parametrize("capability", ["LITERAL+", "LITERAL-", "IMAP4rev2"])
def test_a_literal_goes_at_once_where_the_server_allows_it(selected, capability):
    hear(selected, b"* CAPABILITY IMAP4rev1 %b\r\n" % capability.encode())
    selected.send(TEXT)
    assert selected.data_to_send().endswith(b"{2+}\r\n\xc3\xbc\r\n")


def test_names_are_utf8_once_that_is_enabled():
    client = connected()
    client.send(c.Enable("a", ("UTF8=ACCEPT",)))
    client.send(c.Create("b", "\u00fc"))
    assert client.data_to_send() == b"a ENABLE UTF8=ACCEPT\r\n"
    hear(client, b"* ENABLED UTF8=ACCEPT\r\na OK done\r\n")
    assert client.data_to_send() == 'b CREATE "\u00fc"\r\n'.encode()
    assert hear(client, '* LIST () "/" "\u00fc&"\r\n'.encode()) == [r.ListResponse("\u00fc&")]


# ----------------------------------------------------------------------------- APPEND, IDLE


def begin(size: int, *, waits: bool = True, index: int = 0) -> c.AppendBegin:
    return c.AppendBegin("a", "x", (), None, size, waits, index)


def test_append_waits_streams_and_ends():
    client = connected()
    client.send(begin(4))
    client.send(c.Noop("b"))
    assert client.data_to_send() == b"a APPEND x {4}\r\n"
    with pytest.raises(LocalProtocolError):
        client.send(c.AppendChunk(b"1234"))
    assert hear(client, b"+ go\r\n") == [r.Continuation("go")]
    client.send(c.AppendChunk(b"12"))
    with pytest.raises(LocalProtocolError, match="2 octets"):
        client.send(c.AppendEnd("a"))
    with pytest.raises(LocalProtocolError, match="more octets"):
        client.send(c.AppendChunk(b"345"))
    client.send(c.AppendChunk(b"34"))
    client.send(begin(0, index=1))
    assert client.data_to_send() == b"1234 {0}\r\n"
    assert hear(client, b"+\r\n") == [r.Continuation()]
    client.send(c.AppendEnd("a"))
    assert client.data_to_send() == b"\r\nb NOOP\r\n"


def test_a_message_in_parts_is_said_part_by_part():
    client = connected()
    client.send(c.AppendBegin("a", "x", ("\\Seen",), None, 0, False, catenate=True))
    client.send(c.CatenateUrl("/b c/;UID=1"))
    client.send(c.CatenateText(2, True))
    assert client.data_to_send() == b'a APPEND x (\\Seen) CATENATE (URL "/b c/;UID=1" TEXT {2}\r\n'
    with pytest.raises(LocalProtocolError):
        client.send(c.CatenateUrl("/too/;UID=1"))
    with pytest.raises(LocalProtocolError):
        client.send(c.AppendEnd("a"))
    assert hear(client, b"+ go\r\n") == [r.Continuation("go")]
    client.send(c.AppendChunk(b"hi"))
    client.send(c.AppendBegin("a", "x", (), None, 0, False, 1, catenate=True))
    with pytest.raises(LocalProtocolError):
        client.send(c.AppendEnd("a"))
    client.send(c.CatenateUrl("/d/;UID=1"))
    client.send(c.AppendEnd("a"))
    assert client.data_to_send() == b"hi) CATENATE (URL /d/;UID=1)\r\n"
    assert [type(one) for one in hear(client, b"a OK done\r\n")] == [r.Tagged]


def test_parts_that_can_not_be_said():
    client = connected()
    with pytest.raises(LocalProtocolError):
        client.send(c.CatenateUrl("/x"))
    client.send(c.AppendBegin("a", "x", (), None, 2, True))
    hear(client, b"+ go\r\n")
    client.send(c.AppendChunk(b"hi"))
    for part in (c.CatenateUrl("/x"), c.CatenateText(1, True), c.CatenateText(1, False)):
        with pytest.raises(LocalProtocolError):
            client.send(part)
    client.send(c.AppendEnd("a"))
    assert client.data_to_send().endswith(b"hi\r\n")


def test_parts_in_utf8_are_for_who_has_enabled_it():
    client = connected()
    client.send(c.AppendBegin("a", "x", (), None, 0, False, catenate=True))
    with pytest.raises(LocalProtocolError):
        client.send(c.CatenateText(2, True, utf8=True))
    client.enabled.add("UTF8=ACCEPT")
    client.send(c.CatenateText(2, True, utf8=True))
    hear(client, b"+ go\r\n")
    client.send(c.AppendChunk(b"hi"))
    client.send(c.AppendEnd("a"))
    assert client.data_to_send() == b"a APPEND x CATENATE (UTF8 (~{2}\r\nhi))\r\n"


def test_a_refused_message_in_parts_is_said_to_its_end():
    client = connected()
    client.send(c.AppendBegin("a", "x", (), None, 0, False, catenate=True))
    client.send(c.CatenateUrl("/x"))
    client.send(c.Noop("b"))
    assert [type(one) for one in hear(client, b"a NO [BADURL /x] no\r\n")] == [r.Tagged]
    client.send(c.AppendEnd("a"))
    assert client.data_to_send() == b"a APPEND x CATENATE (URL /x)\r\nb NOOP\r\n"
    client.send(c.AppendBegin("d", "x", (), None, 0, False, catenate=True))
    with pytest.raises(RemoteProtocolError):
        hear(client, b"d OK done\r\n")


def test_a_refused_append_that_was_not_begun_is_over():
    client = connected()
    client.send(begin(4))
    client.send(c.Noop("b"))
    hear(client, b"a NO [TRYCREATE] no\r\n")
    assert client.data_to_send() == b"a APPEND x {4}\r\nb NOOP\r\n"


def test_a_refused_append_that_was_begun_is_written_to_its_end():
    client = connected()
    client.send(begin(4))
    hear(client, b"+ go\r\n")
    client.send(c.AppendChunk(b"12"))
    client.send(c.Noop("b"))
    hear(client, b"a NO [OVERQUOTA] full\r\n")
    client.send(c.AppendChunk(b"34"))
    client.send(c.AppendEnd("a"))
    assert client.data_to_send().endswith(b"1234\r\nb NOOP\r\n")


def test_a_literal_that_nobody_asked_for_needs_the_capability():
    client = connected()
    with pytest.raises(LocalProtocolError, match="asked"):
        client.send(begin(4, waits=False))
    hear(client, b"* CAPABILITY IMAP4rev1 LITERAL-\r\n")
    with pytest.raises(LocalProtocolError, match="asked"):
        client.send(begin(4097, waits=False))
    client.send(begin(4, waits=False))
    client.send(c.AppendChunk(b"1234"))
    client.send(c.AppendEnd("a"))
    assert client.data_to_send() == b"a APPEND x {4+}\r\n1234\r\n"


def test_idle_and_done(selected):
    selected.send(c.Idle("a"))
    selected.send(c.Noop("b"))
    assert selected.data_to_send() == b"a IDLE\r\n"
    assert hear(selected, b"+ idling\r\n* 4 EXISTS\r\n") == [r.Continuation("idling"), r.Exists(4)]
    with pytest.raises(LocalProtocolError, match="in hand"):
        selected.send(c.IdleDone("b"))
    selected.send(c.IdleDone("a"))
    assert selected.data_to_send() == b"DONE\r\nb NOOP\r\n"


def test_done_waits_for_the_continuation(selected):
    selected.send(c.Idle("a"))
    selected.send(c.IdleDone("a"))
    assert selected.data_to_send() == b"a IDLE\r\n"
    hear(selected, b"+ idling\r\n")
    assert selected.data_to_send() == b"DONE\r\n"


def test_a_refused_idle(selected):
    selected.send(c.Idle("a"))
    selected.send(c.IdleDone("a"))
    hear(selected, b"a NO no\r\n")
    assert selected.data_to_send() == b"a IDLE\r\n"
    with pytest.raises(LocalProtocolError):
        selected.send(c.IdleDone("a"))


# --------------------------------------------------------------------------------- STARTTLS


def granted(*, behind: bytes = b"") -> ClientConnection:
    client = connected(b"* OK [CAPABILITY IMAP4rev1 STARTTLS LOGINDISABLED] hello\r\n")
    client.send(c.StartTls("a"))
    with pytest.raises(LocalProtocolError, match="under way"):
        client.send(c.Capability("b"))
    assert client.data_to_send() == b"a STARTTLS\r\n"
    [answer] = hear(client, b"a OK begin\r\n" + behind)
    assert isinstance(answer, r.Tagged)
    return client


def test_starttls_forgets_all_that_was_said_in_the_clear():
    """limits-and-attacks: data injected before TLS is dropped with the old state."""
    client = granted()
    assert client.next_event() is PAUSED
    with pytest.raises(LocalProtocolError, match="handshake"):
        client.send(c.Capability("b"))
    client.start_tls()
    assert client.capabilities is None
    assert client.state is State.NOT_AUTHENTICATED
    assert client.data_to_send() == b""
    client.send(c.Capability("c"))
    assert client.data_to_send() == b"c CAPABILITY\r\n"


@pytest.mark.parametrize(
    "behind", [b"* CAPABILITY IMAP4rev1 AUTH=PLAIN\r\n", b"*", b"b OK done\r\n"]
)
def test_octets_behind_starttls_close(behind):
    """limits-and-attacks: bytes buffered behind STARTTLS, whole or partial line."""
    client = granted(behind=behind)
    assert client.next_event() is PAUSED
    with pytest.raises(RemoteProtocolError, match="plaintext"):
        client.start_tls()
    assert client.next_event() == c.ConnectionClosed()


def test_a_handshake_that_nobody_asked_for():
    with pytest.raises(LocalProtocolError):
        connected().start_tls()


# ----------------------------------------------------------------------- what is too much


LIMITS = Limits(
    imap_response_line_before_login=60,
    imap_response_line=100,
    imap_response_literal=50,
    imap_response=150,
    imap_response_streamed=20,
    imap_responses=5,
)


@pytest.mark.parametrize(
    "data",
    [
        b"* OK " + b"x" * 100,
        b"* LIST () NIL {51}\r\n",
        b"* 1 FETCH (ENVELOPE ({51}\r\n",
        b"* ID (" + b"{50}\r\n" + b"x" * 50 + b" {50}\r\n" + b"x" * 50 + b" {50}\r\n",
        b"* LIST () NIL {99999999999999999999999999}\r\n",
        b"* 1 EXISTS\r\n" * 6,
    ],
)
def test_more_than_the_bounds_ends_the_connection(data):
    client = connected(limits=LIMITS)
    with pytest.raises(RemoteProtocolError):
        hear(client, data)
    assert client.closed


@pytest.mark.parametrize(
    "line", [b"* OK see {5}", b"* NO [ALERT] see {5+}", b"* BYE {5}", b"+ {5}", b"* bad {5}"]
)
def test_text_that_ends_like_a_literal_announces_none(selected, line):
    if line.startswith(b"+"):
        selected.send(c.Idle("i"))
    [event] = hear(selected, line + b"\r\n")
    assert event.text.rstrip("+}").endswith("{5")


def test_a_response_code_may_hold_a_literal(selected):
    selected.send(c.Noop("a"))
    [event] = hear(selected, b"a NO [BADCHARSET ({5}\r\nUTF-8)] no\r\n")
    assert event.code == ResponseCode("BADCHARSET", "({5}\r\nUTF-8)")


def test_before_login_there_is_less_room():
    client = connected(b"* OK hi\r\n", limits=LIMITS)
    with pytest.raises(RemoteProtocolError, match="too long"):
        hear(client, b"* OK " + b"x" * 60)


def test_brackets_do_not_pile_up():
    client = connected()
    [event] = hear(client, b"* 1 FETCH (BODYSTRUCTURE " + b"(" * 3000 + b"\r\n")
    assert isinstance(event, r.UnknownResponse)
    assert event.problem == "Nested too deeply"
    [event] = hear(client, b"* X-NEST " + b"(" * 3000 + b"\r\n")
    assert isinstance(event, r.UnknownResponse)


def test_a_body_beyond_the_cap_streams():
    client = connected(limits=LIMITS)
    section = Section((1,))
    data = b"* 7 FETCH (UID 5 BODY[1]<0> {25}\r\n" + b"x" * 25
    data += b" FLAGS () RFC822.TEXT ~{30}\r\n" + b"y" * 30 + b" RFC822.SIZE 9)\r\n"
    assert hear(client, data) == [
        r.FetchBegin(7, (r.Uid(5),)),
        r.LiteralBegin(section, 25, 0),
        r.LiteralChunk(b"x" * 25),
        r.LiteralBegin("RFC822.TEXT", 30),
        r.LiteralChunk(b"y" * 30),
        r.FetchEnd((r.Flags(()), r.Rfc822Size(9))),
    ]


def test_a_body_below_the_cap_comes_whole():
    client = connected(limits=LIMITS)
    assert hear(client, b"* 7 FETCH (BODY[] {3}\r\na\0b)\r\n") == [
        r.FetchResponse(7, (r.BodySection(Section(), b"a\0b"),))
    ]


def test_a_part_is_asked_for_with_its_own_words(selected):
    selected.send(c.Fetch("a", ONE, (FetchBody(Section((2,), "MIME"), True, (0, 5)),), uid=True))
    assert selected.data_to_send() == b"a UID FETCH 1 (BODY.PEEK[2.MIME]<0.5>)\r\n"


# --------------------------------------------------------------------------------- COMPRESS


def test_compress_begins_behind_its_ok(selected):
    server = Deflate()
    selected.send(c.Compress("a", "DEFLATE"))
    selected.send(c.Noop("b"))
    assert selected.data_to_send() == b"a COMPRESS DEFLATE\r\n"
    behind = server.compress(b"* 4 EXISTS\r\n")
    assert hear(selected, b"a OK go\r\n" + behind)[1:] == [r.Exists(4)]
    server.receive(selected.data_to_send())
    assert server.expand(100) == b"b NOOP\r\n"
    with pytest.raises(RemoteProtocolError, match="not compressed"):
        hear(selected, b"* 5 EXISTS\r\n")


# ----------------------------------------------------------------------------------- URLFETCH


def test_one_response_on_several_urls_streams_them_one_by_one():
    client = connected(limits=Limits(imap_response_streamed=5))
    heard = hear(
        client,
        b'* URLFETCH a NIL b {3}\r\nxyz "c d" {6}\r\n123456 e NIL f (BINARY ~{7}\r\n1234567)'
        b' (BODYPARTSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 1 1)) g "h"\r\n* 1 EXISTS\r\n',
    )
    assert heard == [
        r.UrlFetchResponse((r.FetchedUrl("a"), r.FetchedUrl("b", b"xyz"))),
        r.UrlFetchBegin("c d", 6),
        r.LiteralChunk(b"123456"),
        r.UrlFetchEnd((r.FetchedUrl("e"),)),
        r.UrlFetchBegin("f", 7, "BINARY"),
        r.LiteralChunk(b"1234567"),
        r.UrlFetchEnd((r.FetchedUrl("g", b"h"),)),
        r.Exists(1),
    ]


@pytest.mark.parametrize(
    "data", [b"* URLFETCH a (BODY\r\n", b"* URLFETCH a (SIZE 3)\r\n", b"* URLFETCH a\r\n"]
)
def test_what_is_said_of_urls_and_is_not_in_the_grammar(data):
    [event] = hear(connected(), data)
    assert isinstance(event, r.UnknownResponse)
    assert event.problem


@pytest.mark.parametrize(
    "command",
    [
        c.GenUrlAuth("a", ()),
        c.GenUrlAuth("a", (("url", "no atom"),)),
        c.ResetKey("a", None, ("INTERNAL",)),
        c.UrlFetch("a", ()),
        c.UrlFetch("a", (c.WantedUrl("url", ("no atom",)),)),
        c.SetAcl("a", "INBOX", "fred", "+lr"),
        c.SetAcl("a", "INBOX", "fred", "lr", "="),
    ],
)
def test_commands_on_urls_and_rights_that_can_not_be_said(command):
    with pytest.raises(LocalProtocolError):
        connected().send(command)
