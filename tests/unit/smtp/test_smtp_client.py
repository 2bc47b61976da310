"""The client's side of a connection: what may be said when, and what servers get away with."""

from __future__ import annotations

import pytest

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.limits import Limits
from mailcore.smtp import (
    NEED_DATA,
    Answer,
    Auth,
    AuthResponse,
    Bdat,
    CancelAuth,
    ClientConnection,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    ForwardPath,
    Helo,
    MailFrom,
    MailParameters,
    Noop,
    Quit,
    RcptParameters,
    RcptTo,
    Reply,
    ReversePath,
    Rset,
    StartTls,
    State,
    with_crlf,
)

ANNA = ReversePath("anna", "example.org")
BERT = RcptTo(ForwardPath("bert", "example.net"))
CARL = RcptTo(ForwardPath("carl", "example.net"))
OFFERS = (
    b"250-mx.example.net\r\n250-PIPELINING\r\n250-SIZE 1000\r\n250-STARTTLS\r\n250-CHUNKING\r\n"
    b"250-AUTH PLAIN LOGIN\r\n250-AUTH=LOGIN\r\n250-8BITMIME\r\n250 DSN\r\n"
)


def hear(client: ClientConnection, data: bytes) -> list[Answer]:
    client.receive_data(data)
    answers = []
    while isinstance(event := client.next_event(), Answer):
        answers.append(event)
    return answers


def connected(offers: bytes = OFFERS, *, lmtp: bool = False) -> ClientConnection:
    client = ClientConnection(lmtp=lmtp)
    hear(client, b"220 mx.example.net ESMTP\r\n")
    client.send(Ehlo("client.example.org"))
    assert client.data_to_send() == (b"LHLO" if lmtp else b"EHLO") + b" client.example.org\r\n"
    hear(client, offers)
    assert client.state is State.READY
    return client


def in_message(*replies: bytes, lmtp: bool = False) -> ClientConnection:
    client = connected(lmtp=lmtp)
    for command in (MailFrom(ANNA), BERT, CARL, Data()):
        client.send(command)
    hear(client, b"".join(replies or (b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n")))
    client.data_to_send()
    return client


def test_a_message_goes_through_in_one_group() -> None:
    client = connected()
    for command in (MailFrom(ANNA, MailParameters(size=12, body="8BITMIME")), BERT, CARL, Data()):
        client.send(command)
    assert client.data_to_send() == (
        b"MAIL FROM:<anna@example.org> SIZE=12 BODY=8BITMIME\r\n"
        b"RCPT TO:<bert@example.net>\r\nRCPT TO:<carl@example.net>\r\nDATA\r\n"
    )
    answers = hear(client, b"250 2.1.0 ok\r\n550 5.1.1 no\r\n250 2.1.5 ok\r\n354 go\r\n")
    assert [(answer.to, answer.reply.code) for answer in answers][1:3] == [(BERT, 550), (CARL, 250)]
    assert answers[1].reply == Reply.of(550, "5.1.1", "no")
    assert client.recipients == (CARL,)
    client.send(DataChunk(b".dot\r\nmore"))
    client.send(EndOfData())
    assert client.data_to_send() == b"..dot\r\nmore\r\n.\r\n"
    assert hear(client, b"250 2.0.0 queued\r\n")[0].to == EndOfData()
    assert client.state is State.READY
    client.send(Quit())
    hear(client, b"221 bye\r\n")
    assert client.closed
    assert client.next_event() == ConnectionClosed()


def test_without_pipelining_each_command_waits() -> None:
    client = connected(b"250 mx.example.net\r\n")
    client.send(MailFrom(ANNA))
    with pytest.raises(LocalProtocolError, match="MailFrom has no answer yet"):
        client.send(BERT)
    hear(client, b"250 ok\r\n")
    client.send(BERT)
    assert client.data_to_send().endswith(b"RCPT TO:<bert@example.net>\r\n")


@pytest.mark.parametrize("last", [Noop(), Auth("PLAIN", b""), StartTls(), Ehlo("x")])
def test_nothing_is_said_behind_the_end_of_a_group(last: Noop | Auth | StartTls | Ehlo) -> None:
    client = connected()
    client.send(last)
    with pytest.raises(LocalProtocolError, match="no answer yet"):
        client.send(Rset())


def test_a_354_with_no_recipient_gets_a_single_dot() -> None:
    client = in_message(b"250 ok\r\n", b"550 no\r\n", b"550 no\r\n", b"354 go\r\n")
    with pytest.raises(LocalProtocolError, match="nobody"):
        client.send(DataChunk(b"x\r\n"))
    client.send(EndOfData())
    assert client.data_to_send() == b".\r\n"
    hear(client, b"554 no valid recipients\r\n")
    assert client.state is State.READY


def test_a_refused_mail_refuses_the_group() -> None:
    client = in_message(b"450 later\r\n", b"503 no\r\n", b"503 no\r\n", b"503 no\r\n")
    assert client.state is State.READY
    client.send(MailFrom(ANNA))
    assert client.data_to_send().startswith(b"MAIL")


def test_a_recipient_is_not_accepted_without_a_sender() -> None:
    client = connected()
    client.send(MailFrom(ANNA))
    client.send(BERT)
    client.receive_data(b"450 later\r\n250 ok\r\n")
    client.next_event()
    with pytest.raises(RemoteProtocolError, match="250 does not answer RcptTo"):
        client.next_event()
    assert client.closed


def test_lmtp_answers_for_each_recipient() -> None:
    client = in_message(lmtp=True)
    client.send(DataChunk(b"x\r\n"))
    client.send(EndOfData())
    client.send(MailFrom(ANNA))
    answers = hear(client, b"250 2.0.0 ok\r\n452 4.2.2 full\r\n250 2.1.0 next\r\n")
    assert [(answer.recipient, answer.reply.code) for answer in answers] == [
        (BERT, 250),
        (CARL, 452),
        (None, 250),
    ]
    assert client.state is State.MAIL
    assert client.recipients == ()


def test_lmtp_answers_a_last_chunk_for_those_who_were_accepted() -> None:
    client = connected(lmtp=True)
    for command in (MailFrom(ANNA), BERT, CARL, Bdat(3, last=True)):
        client.send(command)
    client.send(DataChunk(b"x\r\n"))
    assert client.data_to_send().endswith(b"BDAT 3 LAST\r\nx\r\n")
    answers = hear(client, b"250 ok\r\n550 no\r\n250 ok\r\n250 done\r\n")
    assert [answer.recipient for answer in answers] == [None, None, None, CARL]
    assert client.unanswered == ()
    with pytest.raises(LocalProtocolError, match="LMTP has no HELO"):
        client.send(Helo("x"))


def test_recipients_of_the_last_message_have_no_part_in_one_that_is_refused() -> None:
    client = in_message(lmtp=True)
    client.send(EndOfData())
    hear(client, b"250 bert has it\r\n250 carl has it\r\n")
    for command in (MailFrom(ANNA), BERT, Bdat(0, last=True)):
        client.send(command)
    answers = hear(client, b"450 later\r\n503 no\r\n503 no\r\n")
    assert [answer.recipient for answer in answers] == [None] * 3
    assert client.unanswered == ()
    client.send(MailFrom(ANNA))


def test_nothing_of_a_message_goes_to_a_server_that_has_taken_nobody_for_it() -> None:
    client = in_message()
    client.send(EndOfData())
    hear(client, b"250 queued\r\n")
    for command in (MailFrom(ANNA), BERT, Data()):
        client.send(command)
    hear(client, b"450 later\r\n503 no\r\n354 go\r\n")
    with pytest.raises(LocalProtocolError, match="nobody"):
        client.send(DataChunk(b"x\r\n"))


def test_chunks_are_counted() -> None:
    client = connected()
    for command in (MailFrom(ANNA), BERT, Bdat(4)):
        client.send(command)
    with pytest.raises(LocalProtocolError, match="4 octets left"):
        client.send(DataChunk(b"12345"))
    with pytest.raises(LocalProtocolError, match="4 octets of the chunk are missing"):
        client.send(Bdat(1, last=True))
    client.send(DataChunk(b"\n.\r\0"))
    client.send(Bdat(0, last=True))
    assert client.data_to_send().endswith(b"BDAT 4\r\n\n.\r\0BDAT 0 LAST\r\n")
    hear(client, b"250 ok\r\n250 ok\r\n250 ok\r\n")
    assert client.state is State.CHUNKS
    hear(client, b"250 ok\r\n")
    assert client.state is State.READY


def test_no_octet_of_a_chunk_is_taken_after_the_end() -> None:
    client = connected()
    for command in (MailFrom(ANNA), BERT, Bdat(3)):
        client.send(command)
    client.data_to_send()
    hear(client, b"421 bye\r\n")
    with pytest.raises(LocalProtocolError, match="closed"):
        client.send(DataChunk(b"abc"))
    assert client.data_to_send() == b""


def test_a_refused_chunk_ends_the_transaction() -> None:
    client = connected()
    for command in (MailFrom(ANNA), BERT, Bdat(0), Bdat(0, last=True)):
        client.send(command)
    hear(client, b"250 ok\r\n250 ok\r\n552 too big\r\n503 no\r\n")
    assert client.state is State.READY


def test_starttls_forgets_everything() -> None:
    client = connected()
    client.send(StartTls())
    hear(client, b"220 go\r\n")
    assert client.state is State.HANDSHAKE
    with pytest.raises(LocalProtocolError):
        client.send(Ehlo("x"))
    client.tls_started()
    assert "PIPELINING" not in client.extensions
    with pytest.raises(LocalProtocolError, match="no place in GREETED"):
        client.send(MailFrom(ANNA))
    client.send(Ehlo("x"))


def test_data_behind_the_answer_to_starttls_is_an_attack() -> None:
    """limits-and-attacks: "Client role ... data after the 2xx to STARTTLS"."""
    client = connected()
    client.send(StartTls())
    client.receive_data(b"220 go\r\n250-evil\r\n")
    with pytest.raises(RemoteProtocolError, match="behind the answer to STARTTLS"):
        client.next_event()
    assert client.closed

    client = connected()
    client.send(StartTls())
    hear(client, b"220 go\r\n")
    with pytest.raises(RemoteProtocolError, match="behind the answer to STARTTLS"):
        client.receive_data(b"2")


def test_a_refused_starttls_leaves_all_as_it_was() -> None:
    client = connected()
    client.send(StartTls())
    hear(client, b"454 4.7.0 not now\r\n")
    assert client.state is State.READY
    with pytest.raises(LocalProtocolError, match="no TLS handshake was due"):
        client.tls_started()


def test_auth_goes_on_by_challenges() -> None:
    client = connected()
    client.send(Auth("LOGIN"))
    assert client.data_to_send() == b"AUTH LOGIN\r\n"
    assert hear(client, b"334 VXNlcm5hbWU6\r\n")[0].challenge == b"Username:"
    client.send(AuthResponse(b"anna"))
    assert client.data_to_send() == b"YW5uYQ==\r\n"
    assert hear(client, b"334\r\n")[0].challenge == b""
    client.send(AuthResponse(b""))
    assert client.data_to_send() == b"\r\n"
    hear(client, b"235 2.7.0 welcome\r\n")
    assert client.authenticated
    with pytest.raises(LocalProtocolError, match="one AUTH"):
        client.send(Auth("PLAIN", b"x"))


def test_a_challenge_is_a_334_and_no_other_code() -> None:
    client = connected()
    client.send(Auth("LOGIN"))
    client.receive_data(b"354 eA==\r\n")
    with pytest.raises(RemoteProtocolError, match="354 is no challenge"):
        client.next_event()
    assert client.closed
    client = in_message(b"250 ok\r\n", b"250 ok\r\n", b"250 ok\r\n", b"334 go on\r\n")
    assert client.state is State.MESSAGE  # the first digit counts (RFC 5321 §4.2.1)


def test_auth_is_given_up_with_a_star() -> None:
    client = connected()
    client.send(Auth("LOGIN"))
    hear(client, b"334 VXNlcm5hbWU6\r\n")
    client.send(CancelAuth())
    assert client.data_to_send().endswith(b"*\r\n")
    hear(client, b"501 5.7.0 cancelled\r\n")
    assert (client.state, client.authenticated) == (State.READY, False)


def test_an_empty_initial_response_is_an_equals_sign() -> None:
    client = connected()
    client.send(Auth("EXTERNAL", b""))
    assert client.data_to_send() == b"AUTH EXTERNAL =\r\n"


def test_extensions_are_read() -> None:
    offers = connected().extensions
    assert offers.host == "mx.example.net"
    assert offers.size == 1000
    assert offers.mechanisms == ("PLAIN", "LOGIN")
    assert "DSN" in offers
    assert "SMTPUTF8" not in offers
    assert connected(b"250-x\r\n250-SIZE 0\r\n250 *\r\n").extensions.size is None


@pytest.mark.parametrize(
    ("command", "keyword"),
    [
        (MailFrom(ANNA, MailParameters(size=1)), "SIZE"),
        (MailFrom(ANNA, MailParameters(body="8BITMIME")), "8BITMIME"),
        (MailFrom(ANNA, MailParameters(body="BINARYMIME")), "BINARYMIME"),
        (MailFrom(ReversePath("ä", "x.org"), MailParameters(smtputf8=True)), "SMTPUTF8"),
        (MailFrom(ReversePath("ä", "x.org")), "SMTPUTF8"),
        (MailFrom(ANNA, MailParameters(envid="x")), "DSN"),
        (MailFrom(ANNA, MailParameters(auth="<>")), "AUTH"),
        (StartTls(), "STARTTLS"),
        (Auth("PLAIN"), "AUTH"),
    ],
)
def test_nothing_is_used_that_was_not_offered(
    command: MailFrom | StartTls | Auth, keyword: str
) -> None:
    client = connected(b"250 plain.example.net\r\n")
    with pytest.raises(LocalProtocolError, match=keyword):
        client.send(command)
    assert client.data_to_send() == b""
    client.send(MailFrom(ANNA))


def test_recipients_are_bound_by_what_the_sender_asked_for() -> None:
    client = connected(b"250-x\r\n250-SMTPUTF8\r\n250 PIPELINING\r\n")
    client.send(MailFrom(ANNA))
    with pytest.raises(LocalProtocolError, match="SMTPUTF8"):
        client.send(RcptTo(ForwardPath("ä", "x.org")))
    with pytest.raises(LocalProtocolError, match="DSN"):
        client.send(RcptTo(BERT.path, RcptParameters(notify=("NEVER",))))


def test_dsn_parameters_are_written() -> None:
    client = connected()
    client.send(MailFrom(ANNA, MailParameters(ret="HDRS", envid="a+b =c")))
    client.send(RcptTo(BERT.path, RcptParameters(("SUCCESS", "DELAY"), "rfc822;a+b@x.org")))
    assert client.data_to_send() == (
        b"MAIL FROM:<anna@example.org> RET=HDRS ENVID=a+2Bb+20+3Dc\r\n"
        b"RCPT TO:<bert@example.net> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;a+2Bb@x.org\r\n"
    )


@pytest.mark.parametrize(
    "command",
    [
        Ehlo("x\r\nMAIL FROM:<>"),
        MailFrom(ReversePath("a\r\nb", "x.org")),
        MailFrom(ReversePath("a", "x.org>\r\nRCPT TO:<b@x.org")),
        MailFrom(ReversePath("a", "x.org> SIZE=1")),
        MailFrom(ANNA, MailParameters(other={"X": "a\r\nb"})),
        MailFrom(ANNA, MailParameters(other={"X Y": None})),
        MailFrom(ANNA, MailParameters(body="X\r\nY")),
        MailFrom(ANNA, MailParameters(envid="\r\n")),
    ],
)
def test_nothing_can_end_a_line(command: Ehlo | MailFrom) -> None:
    client = connected(OFFERS.replace(b"8BITMIME", b"SMTPUTF8"))
    with pytest.raises(LocalProtocolError):
        client.send(command)
    assert client.data_to_send() == b""


@pytest.mark.parametrize("message", [b"a\nb\r\n", b"a\rb\r\n", b"a\0\r\n", b"a\r\r\n"])
def test_a_message_with_stray_octets_is_not_sent(message: bytes) -> None:
    """limits-and-attacks: "the writer refuses stray CR/LF ... never passes them"."""
    client = in_message()
    with pytest.raises(LocalProtocolError, match="a bare CR, a bare LF or a NUL"):
        client.send(DataChunk(message))
    assert client.data_to_send() == b""


def test_a_message_does_not_end_in_half_a_line_end() -> None:
    client = in_message()
    client.send(DataChunk(b"a\r"))
    with pytest.raises(LocalProtocolError, match="bare CR at the end"):
        client.send(EndOfData())


def test_a_message_can_be_mended() -> None:
    assert with_crlf(b"a\rb\nc\r\nd") == b"a\r\nb\r\nc\r\nd\r\n"
    assert with_crlf(b"a\r\r\n\n") == b"a\r\n\r\n\r\n"
    assert with_crlf(b"") == b""


@pytest.mark.parametrize(
    ("data", "complaint"),
    [
        (b"220" + b"x" * 5000, "too long"),
        (b"220-" + b"x" * 5000 + b"\r\n", "too long"),
        (b"220-x\r\n" * 10_000, "too many lines"),
        (b"199 x\r\n", "not a reply line"),
        (b"600 x\r\n", "not a reply line"),
        (b"22 x\r\n", "not a reply line"),
        (b"2200 x\r\n", "not a reply line"),
        (b"HTTP/1.1 400 Bad Request\r\n", "not a reply line"),
        (b"220-x\r\n250 y\r\n", "began as 220 goes on as 250"),
        (b"220 x\n", "bare CR or LF"),
        (b"\xb2\xb2\xb0 x\r\n", "not a reply line"),
        (b"354 go\r\n", "354 does not answer Connected"),
        (b"220 x\r\n250 y\r\n", "250 answers nothing"),
    ],
)
def test_a_server_that_breaks_the_protocol(data: bytes, complaint: str) -> None:
    """limits-and-attacks: the row "Client role"."""
    client = ClientConnection()
    client.receive_data(data)
    with pytest.raises(RemoteProtocolError, match=complaint):
        [client.next_event() for _ in range(2)]
    assert client.closed
    assert client.next_event() == ConnectionClosed()
    client.receive_data(b"x" * 10_000)
    assert len(client.trailing_data) < 100_000


def test_an_endless_reply_line_is_not_held() -> None:
    client = ClientConnection(Limits(smtp_reply_line=512))
    client.receive_data(b"220 " + b"x" * 500)
    assert client.next_event() is NEED_DATA
    client.receive_data(b"x" * 1_000_000)
    with pytest.raises(RemoteProtocolError, match="too long"):
        client.next_event()
    assert client.trailing_data == b""


def test_a_challenge_may_be_as_long_as_a_token() -> None:
    client = connected()
    client.send(Auth("GSSAPI"))
    assert hear(client, b"334 " + b"YWJj" * 2500 + b"\r\n")[0].challenge == b"abc" * 2500
    client = connected()
    client.send(Auth("GSSAPI"))
    client.receive_data(b"334 not base64!\r\n")
    with pytest.raises(RemoteProtocolError, match="not base64"):
        client.next_event()


def test_a_text_holds_nothing_that_a_terminal_obeys() -> None:
    client = ClientConnection()
    answer = hear(client, "220 5.1.1 a\x1b[2J\0\u0085ü\r\n".encode() + b"")[0]
    assert answer.reply == Reply.of(220, None, "5.1.1 a?[2J??ü")
    assert answer.to == Connected()


def test_a_421_ends_it() -> None:
    client = connected()
    client.send(MailFrom(ANNA))
    client.send(BERT)
    answers = hear(client, b"421 4.3.0 going down\r\n")
    assert [answer.reply.code for answer in answers] == [421]
    assert client.closed
    assert client.unanswered == (BERT,)

    client = connected()
    client.receive_data(b"421 4.4.2 idle too long\r\n")
    assert client.next_event() == ConnectionClosed()
    assert client.farewell == Reply.of(421, "4.4.2", "idle too long")
    assert client.closed


def test_a_break_leaves_what_has_no_answer() -> None:
    client = in_message()
    client.send(DataChunk(b"x\r\n"))
    client.send(EndOfData())
    client.receive_data(b"250-half a re")
    client.receive_eof()
    assert client.next_event() == ConnectionClosed()
    assert client.unanswered == (EndOfData(),)


def test_a_server_may_refuse_everybody() -> None:
    client = ClientConnection()
    assert hear(client, b"554 5.3.2 no mail here\r\n")[0].to == Connected()
    assert client.closed
    with pytest.raises(LocalProtocolError, match="closed"):
        client.send(Ehlo("x"))


def test_hello_falls_back() -> None:
    client = ClientConnection()
    hear(client, b"220 old\r\n")
    client.send(Ehlo("x.org"))
    hear(client, b"502 what?\r\n")
    assert client.state is State.GREETED
    client.send(Helo("x.org"))
    hear(client, b"250 old.example\r\n")
    assert client.state is State.READY
    assert client.extensions.keywords == {}


def test_the_server_speaks_first() -> None:
    client = ClientConnection()
    with pytest.raises(LocalProtocolError, match="Connected has no answer yet"):
        client.send(Ehlo("x.org"))
