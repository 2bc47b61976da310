"""What holds for every reply, path and message, and for every way to cut them."""

from __future__ import annotations

from hypothesis import assume, given
from hypothesis import strategies as st

from mailcore.limits import Limits
from mailcore.smtp import (
    NEED_DATA,
    PAUSED,
    BadCommand,
    ConnectionClosed,
    Data,
    DataChunk,
    ForwardPath,
    Reply,
    ReversePath,
    ServerConnection,
    Violation,
)
from mailcore.smtp.wire.data import DataDecoder
from mailcore.smtp.wire.path import (
    CONTROL,
    PathError,
    format_path,
    parse_forward_path,
    parse_reverse_path,
)
from mailcore.smtp.wire.replies import encode_reply

PIECES = st.lists(
    st.sampled_from([b"\r\n", b".", b"..", b"\r", b"\n", b"\0", b"a", b"\r\n.\r\n", b"\xff", b" "])
).map(b"".join)
SIZES = st.lists(st.integers(1, 5), min_size=1, max_size=20)


def cut(data: bytes, sizes: list[int]) -> list[bytes]:
    """Cut by these sizes, over and over."""
    pieces = []
    while data:
        for size in sizes:
            pieces.append(data[:size])
            data = data[size:]
    return [piece for piece in pieces if piece]


@given(
    st.integers(200, 599),
    st.sampled_from([None, "1.1", "7.11"]),
    st.lists(st.text(), min_size=1, max_size=5),
)
def test_a_reply_is_whole_lines_whatever_its_text(
    code: int, detail: str | None, lines: list[str]
) -> None:
    assume(detail is None or not 300 <= code < 400)
    reply = Reply(code, f"{code // 100}.{detail}" if detail else None, tuple(lines))
    encoded = encode_reply(reply)
    assert encoded.endswith(b"\r\n")
    body = encoded[:-2].split(b"\r\n")
    assert not any((octet < 32 and octet != 9) or octet > 126 for line in body for octet in line)
    assert [line[:4] for line in body] == [b"%d-" % code] * (len(body) - 1) + [b"%d " % code]
    assert len(body) >= len(lines)


NAMES = st.text(st.sampled_from("ab.\"\\ <>@ü+-'\u00a0"), max_size=12)
DOMAINS = st.sampled_from(["example.org", "a-b.c", "[192.0.2.1]", "[IPv6:::1]", "müller.example"])


@given(NAMES, DOMAINS)
def test_a_path_that_is_written_is_read_again(local_part: str, domain: str) -> None:
    sender = ReversePath(local_part, domain)
    written = format_path(sender)
    assert parse_reverse_path(written + " X", 0) == (sender, len(written))
    recipient = ForwardPath(local_part, domain)
    assert parse_forward_path(format_path(recipient)) == (recipient, len(written))


@given(st.text(max_size=30))
def test_what_is_read_as_a_path_can_be_written(text: str) -> None:
    try:
        path, end = parse_forward_path(f"<{text}>")
    except PathError:
        return
    assert not CONTROL.search(path.address)
    assert parse_forward_path(format_path(path))[0] == path
    assert end <= len(text) + 2


@given(PIECES, SIZES)
def test_decoding_is_the_inverse_of_stuffing_for_every_split(text: bytes, sizes: list[int]) -> None:
    lines = text.replace(b"\r", b"").replace(b"\0", b"").split(b"\n")
    message = b"".join(line + b"\r\n" for line in lines)
    stuffed = b"".join(b"." * line.startswith(b".") + line + b"\r\n" for line in lines)
    decoder = DataDecoder()
    decoded = b""
    for piece in cut(stuffed + b".\r\n", sizes):
        assert not decoder.ended
        chunk, rest = decoder.feed(piece)
        decoded += chunk
    assert decoder.ended
    assert decoder.fault is None
    assert decoded == message
    assert decoder.size == len(message)
    assert rest == piece[len(piece) - len(rest) :]


@given(PIECES, SIZES)
def test_any_octets_mean_the_same_for_every_split(data: bytes, sizes: list[int]) -> None:
    limits = Limits(message_size=20, smtp_text_line=10)
    results = []
    for pieces in ([data], cut(data, sizes)):
        decoder = DataDecoder(limits)
        decoded = rest = b""
        for piece in pieces:
            if decoder.ended:
                rest += piece
            else:
                chunk, rest = decoder.feed(piece)
                decoded += chunk
        results.append((decoder.fault, decoder.ended, rest if decoder.ended else b"", decoder.size))
        if decoder.ended and decoder.fault is None:
            results[-1] += (decoded,)  # type: ignore[assignment]
            assert (b"\r\n" + data).index(b"\r\n.\r\n") + 3 == len(data) - len(rest)
    assert results[0] == results[1]


WORDS = st.sampled_from(
    [
        b"EHLO x\r\n",
        b"MAIL FROM:<a@b>\r\n",
        b"RCPT TO:<c@d>\r\n",
        b"DATA\r\n",
        b".\r\n",
        b"RSET\r\n",
        b"AUTH PLAIN\r\n",
        b"AGEAYg==\r\n",
        b"*\r\n",
        b"BDAT 3\r\n",
        b"QUIT\r\n",
        b"\n",
        b"\r",
        b"\0",
    ]
)


@given(st.lists(WORDS | st.binary(max_size=20), max_size=40))
def test_no_input_breaks_a_connection(words: list[bytes]) -> None:
    connection = ServerConnection(Limits(bad_commands=30))
    for word in (b"", *words):
        connection.receive_data(word)
        while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
            if isinstance(event, ConnectionClosed):
                break
            if isinstance(event, (BadCommand, Violation)):
                connection.send(event.reply)
            elif isinstance(event, Data):
                connection.send(Reply.of(354, None))
            elif not isinstance(event, DataChunk):
                connection.send(Reply.of(250, None))
        assert all(line[:1] in b"2345" for line in connection.data_to_send().splitlines())
