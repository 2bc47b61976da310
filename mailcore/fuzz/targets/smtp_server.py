"""Octets of an SMTP client, for the connection alone and for sessions behind it."""

from __future__ import annotations

import re
from typing import Literal

from mailcore.backend import Peer
from mailcore.errors import RemoteProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.fuzz.targets.promises import no_errors_logged, promise, whole_lines
from mailcore.limits import Limits
from mailcore.smtp import (
    BadCommand,
    ConnectionClosed,
    Data,
    DataChunk,
    EndOfChunk,
    EndOfData,
    Event,
    Reply,
    ServerConnection,
    StartTls,
    Violation,
)
from mailcore.smtp.session import Session
from mailcore.smtp.wire.reply_reader import ReplyReader
from mailcore.testing.link import Link
from mailcore.testing.memory import MemoryBackend

_USER = "anna@example.test"
#: Small, so that small inputs reach them.
_LIMITS = Limits(smtp_text_line=200, message_size=2000, smtp_recipients=5, smtp_swallow=3000)
_LINE = re.compile(rb"[^\n]*\n?")


def _serve(pieces: list[bytes]) -> tuple[list[Event], bytes]:
    connection = ServerConnection(_LIMITS, chunking=True)
    events: list[Event] = []
    output = b""
    for piece in [b"", *pieces]:
        connection.receive_data(piece)
        output += _work(connection, events)
    connection.receive_eof()
    return events, output + _work(connection, events)


def _work(connection: ServerConnection, events: list[Event]) -> bytes:
    while (event := connection.next_event()) is not NEED_DATA and event is not PAUSED:
        # How many chunks came is what the pieces decide, and those before a fault are void.
        if not isinstance(event, DataChunk) and events[-1:] != [ConnectionClosed()]:
            events.append(event)
        if isinstance(event, ConnectionClosed):
            break
        _answer(connection, event)
    return connection.data_to_send()


def _answer(connection: ServerConnection, event: Event) -> None:
    if isinstance(event, BadCommand | Violation):
        connection.send(event.reply)
    elif isinstance(event, Data):
        connection.send(Reply.of(354, None))
    elif isinstance(event, StartTls):
        connection.send(Reply.of(454, "4.7.0", "Not now"))
    elif isinstance(event, EndOfData | EndOfChunk) and event.fault is not None:
        connection.send(event.fault)
    elif not isinstance(event, DataChunk):
        connection.send(Reply.of(250, None, "OK"))


def check_smtp_server(data: bytes) -> None:
    """Raise if anything goes wrong with what a client says.

    It comes line by line, for a client that talks before EHLO or DATA is answered is cut off.
    """
    lines = [line for line in _LINE.findall(data) if line]
    whole = _serve(lines)
    whole_lines(whole[1])
    for pieces in ([bytes([octet]) for octet in data], _halves(lines)):
        promise(_serve(pieces) == whole, "other pieces, other events")
    for mode in ("mx", "submission", "lmtp"):
        _check_session(lines, mode)


def _halves(lines: list[bytes]) -> list[bytes]:
    return [half for line in lines for half in (line[: len(line) // 2], line[len(line) // 2 :])]


def _check_session(lines: list[bytes], mode: Literal["mx", "submission", "lmtp"]) -> None:
    backend = MemoryBackend({_USER: "secret"})
    session = Session(
        backend,
        Peer("lmtp" if mode == "lmtp" else "smtp", "192.0.2.1", 1, tls=mode == "submission"),
        hostname="mx.example.test",
        mode=mode,
        limits=_LIMITS,
        starttls=mode == "mx",
    )
    link, output = Link(session), b""
    try:
        with no_errors_logged():
            output += link.say()
            for line in lines:
                if link.closed:
                    break
                output += link.say(line)
            session.receive_eof()
            if not link.closed:
                output += link.say()
    finally:
        link.close()
    whole_lines(output)
    reader = ReplyReader()
    try:
        reader.receive(output)
        while reader.next_reply() is not None:
            pass
    except RemoteProtocolError as error:
        raise AssertionError(f"no replies: {output[-200:]!r}") from error
    promise(not reader.mid_reply, f"half a reply: {output[-80:]!r}")
