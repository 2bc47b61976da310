"""What holds for every command, reply and message that a SMTP client sends or gets."""

from __future__ import annotations

from collections import Counter

from hypothesis import assume, given
from hypothesis import strategies as st

from mailcore.backend import Peer
from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.smtp import (
    NEED_DATA,
    Answer,
    Auth,
    AuthResponse,
    Bdat,
    CancelAuth,
    ClientConnection,
    Command,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    ForwardPath,
    Helo,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Reply,
    ReversePath,
    Rset,
    StartTls,
    State,
    with_crlf,
)
from mailcore.smtp.session import Session
from mailcore.smtp.wire.data import DataDecoder
from mailcore.smtp.wire.data_writer import DataEncoder
from mailcore.smtp.wire.replies import encode_reply
from mailcore.smtp.wire.reply_reader import ReplyReader
from mailcore.testing.link import Link, converse
from mailcore.testing.memory import MemoryBackend
from mailcore.testing.strategies import smtp as strategies

MESSAGES = st.lists(
    st.sampled_from([b"", b".", b"..", b".a", b"a", b"Subject: x", b"\xc3\xbc", b" .", b"a.\t"])
).map(lambda lines: b"".join(line + b"\r\n" for line in lines))
ANNA = "anna@example.test"


# What begins as an enhanced code does is taken for one, and a long line is written as two.
REPLIES_READ = strategies.replies.filter(
    lambda reply: reply.enhanced is not None or not reply.lines[0][:1].isdigit()
)


def read(reader: ReplyReader) -> list[Reply]:
    replies = []
    while (reply := reader.next_reply()) is not None:
        replies.append(reply)
    return replies


@given(st.lists(REPLIES_READ, max_size=4), st.data())
def test_replies_that_are_written_are_read_again_however_they_are_cut(
    replies: list[Reply], data: st.DataObject
) -> None:
    encoded = b"".join(map(encode_reply, replies))
    at = data.draw(st.integers(0, len(encoded)))
    whole, cut, bytewise = ReplyReader(), ReplyReader(), ReplyReader()
    whole.receive(encoded)
    assert read(whole) == replies
    cut.receive(encoded[:at])
    first = read(cut)
    cut.receive(encoded[at:])
    assert first + read(cut) == replies
    heard = []
    for octet in encoded:
        bytewise.receive(bytes([octet]))
        heard += read(bytewise)
    assert heard == replies
    assert [reader.mid_reply for reader in (whole, cut, bytewise)] == [False] * 3


@given(MESSAGES, st.lists(st.integers(1, 4), min_size=1, max_size=8))
def test_a_message_survives_the_dots(message: bytes, sizes: list[int]) -> None:
    encoder, wire, at = DataEncoder(), b"", 0
    while at < len(message):
        for size in sizes:
            wire += encoder.feed(message[at : at + size])
            at += size
    wire += encoder.end()
    assert wire == (
        b"".join(
            (b"." if line.startswith(b".") else b"") + line for line in message.splitlines(True)
        )
        + b".\r\n"
    )
    decoder = DataDecoder()
    assert decoder.feed(wire) == (message, b"")
    assert (decoder.ended, decoder.fault) == (True, None)


@given(st.lists(st.sampled_from([b"\r", b"\n", b"\0", b".", b"a", b"\r\n"])).map(b"".join))
def test_the_writer_passes_no_stray_octet(message: bytes) -> None:
    encoder = DataEncoder()
    try:
        wire = b"".join(encoder.feed(bytes([octet])) for octet in message) + encoder.end()
    except LocalProtocolError:
        assert Counter(with_crlf(message)) != Counter(message) or b"\0" in message
    else:
        decoder = DataDecoder()
        decoder.feed(wire)
        assert (decoder.ended, decoder.fault) == (True, None)
    mended = with_crlf(message)
    assert with_crlf(mended) == mended
    assert not mended.replace(b"\r\n", b"").strip(b".a\0")


SENT = st.sampled_from(
    [
        Ehlo("x"),
        Helo("x"),
        MailFrom(ReversePath("anna", "example.test")),
        RcptTo(ForwardPath("anna", "example.test")),
        Data(),
        DataChunk(b"x\r\n"),
        EndOfData(),
        Bdat(0),
        Bdat(3, last=True),
        Rset(),
        Noop(),
        Quit(),
        Auth("LOGIN"),
        AuthResponse(b"x"),
        CancelAuth(),
        StartTls(),
        None,
    ]
)
REPLIES = st.sampled_from(
    [
        b"220 hi\r\n",
        b"250 ok\r\n",
        b"250-x\r\n250-PIPELINING\r\n250-CHUNKING\r\n250-STARTTLS\r\n250 AUTH LOGIN\r\n",
        b"334 \r\n",
        b"354 go\r\n",
        b"421 bye\r\n",
        b"450 later\r\n",
        b"550 no\r\n",
    ]
)


@given(st.lists(st.tuples(SENT, REPLIES), max_size=30), st.booleans())
def test_no_order_of_words_breaks_the_client(
    walk: list[tuple[Command | DataChunk | None, bytes]], lmtp: bool
) -> None:
    """Each answer belongs to what was said, in order; errors are of the two kinds, and clean."""
    client = ClientConnection(lmtp=lmtp)
    for sent, reply in walk:
        if sent is not None:
            waiting = client.unanswered
            try:
                client.send(sent)  # type: ignore[arg-type]
            except LocalProtocolError:
                assert client.unanswered == waiting
                assert client.data_to_send() == b""
        client.data_to_send()
        waiting = client.unanswered
        try:
            client.receive_data(reply)
            event = client.next_event()
        except RemoteProtocolError:
            assert client.closed
            return
        assert event is not NEED_DATA
        if isinstance(event, Answer):
            assert event.to == waiting[0]
        else:
            assert event == ConnectionClosed()
            return
        if client.state is State.HANDSHAKE:
            client.tls_started()


@given(MESSAGES, st.lists(st.sampled_from(["anna", "bert", "nobody"]), min_size=1))
def test_a_client_and_a_server_understand_each_other(message: bytes, names: list[str]) -> None:
    assume(message)
    backend = MemoryBackend({ANNA: "x", "bert@example.test": "x"})
    session = Session(backend, Peer("lmtp"), hostname="mx.example.test", mode="lmtp")
    link, client = Link(session), ClientConnection(lmtp=True)
    converse(client, link)
    client.send(Ehlo("client.example.test"))
    converse(client, link)
    client.send(MailFrom(ReversePath()))
    for name in names:
        client.send(RcptTo(ForwardPath(name, "example.test")))
    client.send(Data())
    converse(client, link)
    known = [name for name in names if name != "nobody"]
    assert [rcpt.path.local_part for rcpt in client.recipients] == known
    if known:
        client.send(DataChunk(message))
        client.send(EndOfData())
        answers = converse(client, link)
        assert [answer.recipient for answer in answers] == list(client.recipients)
        assert all(answer.reply.code == 250 for answer in answers)
    stored = backend.users[ANNA].inbox.messages
    assert len(stored) == known.count("anna")
    client.send(Quit())
    converse(client, link)
    assert client.closed
    assert link.closed
    link.close()
