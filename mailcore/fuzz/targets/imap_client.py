"""Octets of an IMAP server."""

from __future__ import annotations

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA
from mailcore.fuzz.targets.promises import pieces_of, promise
from mailcore.imap import ClientConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.wire.encode_responses import ResponseEncoder
from mailcore.limits import Limits

#: Small, so that small inputs reach them.
_LIMITS = Limits(
    imap_response_line=2000,
    imap_response_line_before_login=2000,
    imap_response_literal=300,
    imap_response=4000,
    imap_response_streamed=100,
)


def _hear(pieces: list[bytes]) -> list[object]:
    """Return the events, with the text of an error as the last but one."""
    client = ClientConnection(_LIMITS)
    client.receive_data(b"* PREAUTH hello\r\n")
    client.next_event()
    client.send(c.Select("a1", "INBOX"))
    client.send(c.Noop("a2"))
    events: list[object] = []
    for piece in pieces:
        client.receive_data(piece)
        _take(client, events)
    client.receive_eof()
    _take(client, events)
    return events


def _take(client: ClientConnection, events: list[object]) -> None:
    while True:
        try:
            event = client.next_event()
        except RemoteProtocolError as error:
            events.append(str(error))
            continue
        if event is NEED_DATA or (events and event == events[-1] == c.ConnectionClosed()):
            return
        if isinstance(event, r.LiteralChunk) and isinstance(events[-1], r.LiteralChunk):
            event = r.LiteralChunk(events.pop().data + event.data)  # type: ignore[attr-defined]
        events.append(event)
        if isinstance(event, c.ConnectionClosed):
            return


def check_imap_client(data: bytes) -> None:
    """Raise if anything goes wrong with what a server says."""
    whole = _hear([data])
    promise(whole[-1] == c.ConnectionClosed(), "it does not end")
    for pieces in pieces_of(data):
        promise(_hear(pieces) == whole, "other pieces, other events")
    if not any(isinstance(event, str) for event in whole):
        _check_round_trip(whole[:-1])


def _is_kept(text: str) -> bool:
    """Whether a text is written as it is.

    What looks like a code and is none gets another bracket, what looks like a literal a dot behind
    it, and an octet that has no place in a line becomes "?".
    """
    return text.isascii() and text.isprintable() and text[:1] != "[" and text[-1:] != "}"


def _check_round_trip(events: list[object]) -> None:
    enabled: set[str] = set()
    encoder, written = ResponseEncoder(enabled), b""
    for event in events:
        if not _is_kept(getattr(event, "text", "")):
            return
        try:
            written += encoder.encode(event)  # type: ignore[arg-type]
        except LocalProtocolError:
            return  # liberal in what is read
        if isinstance(event, r.Enabled):
            enabled |= {name.upper() for name in event.capabilities}
    again = _hear([written])[:-1]
    promise(again == events, f"written and read again: {again} for {events}")
