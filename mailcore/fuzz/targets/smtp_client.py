"""Octets of an SMTP server."""

from __future__ import annotations

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA
from mailcore.fuzz.targets.promises import pieces_of, promise, whole_lines
from mailcore.smtp import (
    Answer,
    Auth,
    AuthResponse,
    ClientConnection,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    ForwardPath,
    MailFrom,
    Quit,
    RcptTo,
    ReversePath,
    State,
)

_PLAN = (
    Ehlo("client.example"),
    Auth("LOGIN"),
    AuthResponse(b"anna"),
    AuthResponse(b"secret"),
    MailFrom(ReversePath("anna", "example.test")),
    RcptTo(ForwardPath("bert", "example.test")),
    RcptTo(ForwardPath("carl", "example.test")),
    Data(),
    DataChunk(b"Subject: x\r\n\r\n.\r\n"),
    EndOfData(),
    Quit(),
)


def _talk(pieces: list[bytes], lmtp: bool) -> tuple[list[object], bytes]:
    """Say the next thing that may be said at each answer."""
    client, plan = ClientConnection(lmtp=lmtp), list(_PLAN)
    events: list[object] = []
    try:
        for piece in pieces:
            client.receive_data(piece)
            _take(client, plan, events)
        client.receive_eof()
        _take(client, plan, events)
    except RemoteProtocolError as error:
        promise(client.closed, "broken, and not closed")
        events.append(str(error))
    return events, client.data_to_send()


def _take(client: ClientConnection, plan: list[object], events: list[object]) -> None:
    while (event := client.next_event()) is not NEED_DATA:
        events.append(event)
        if isinstance(event, ConnectionClosed):
            return
        promise(isinstance(event, Answer), f"no answer: {event}")
        if client.state is State.HANDSHAKE:
            client.tls_started()
        while plan and not client.unanswered:
            try:
                client.send(plan.pop(0))  # type: ignore[arg-type]
            except LocalProtocolError:
                continue


def check_smtp_client(data: bytes) -> None:
    """Raise if anything goes wrong with what a server says."""
    for lmtp in (False, True):
        whole = _talk([data], lmtp)
        whole_lines(whole[1])
        lines = data.splitlines(keepends=True)
        by_line = _talk(lines, lmtp)
        for pieces in pieces_of(data):
            # Where everything comes at once, it also comes before its question.
            if len(pieces) > 2:
                promise(_talk(pieces, lmtp)[1] == by_line[1], "other pieces, other words")
