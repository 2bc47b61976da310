"""Octets of an IMAP client, for the connection alone and for a session behind it."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial

from mailcore.backend import Peer
from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.fuzz.targets.promises import no_errors_logged, pieces_of, promise, whole_lines
from mailcore.imap import ServerConnection
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.session import Session
from mailcore.imap.types import Status
from mailcore.imap.wire.encode import encode_command
from mailcore.imap.wire.encode_responses import uses_utf8
from mailcore.limits import Limits
from mailcore.testing.link import Link, run
from mailcore.testing.memory import MemoryBackend, new_message

_USER = "anna@example.test"
#: Small, so that small inputs reach them.
_LIMITS = Limits(
    imap_line=4000,
    imap_literal=500,
    imap_literals_total=1000,
    imap_literals_count=20,
    imap_swallow=3000,
    message_size=2000,
)
#: An answer to a line, and what STATUS or a refusal may say of it.
_LONGEST_ANSWER = 400
_MAIL = (
    b"From: Ann <ann@example.com>\r\nTo: anna@example.test\r\nSubject: =?utf-8?q?=C3=A4?=\r\n"
    b"Date: Thu, 1 Feb 2024 10:00:00 +0100\r\nMessage-ID: <1@example.com>\r\n"
    b"MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello \xc3\xa4\r\n"
    b"--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nText\r\n--b--\r\n"
)


class _Yes:
    """Says yes to everything, and keeps what it saw."""

    def __init__(self) -> None:
        self.connection = ServerConnection(_LIMITS, tls_available=True)
        self.events: list[object] = []
        self.output = b""

    def hear(self, data: bytes) -> None:
        self.connection.receive_data(data)
        self.work()

    def work(self) -> None:
        while (event := self.connection.next_event()) is not NEED_DATA:
            promise(event is not PAUSED, "it waits for an answer that was given")
            self._note(event)
            if isinstance(event, c.ConnectionClosed):
                break
            self._answer(event)
        self.output += self.connection.data_to_send()

    def _note(self, event: object) -> None:
        last = self.events[-1] if self.events else None
        if isinstance(event, c.AppendChunk) and isinstance(last, c.AppendChunk):
            self.events[-1] = c.AppendChunk(last.data + event.data)
        elif not isinstance(event, c.ConnectionClosed) or event != last:
            self.events.append(event)

    def _answer(self, event: object) -> None:
        connection, command = self.connection, self.connection.current
        if isinstance(event, c.AppendBegin | c.CatenateText):
            connection.accept_literal()
        elif isinstance(event, c.Idle) or (isinstance(event, c.Authenticate) and not event.initial):
            connection.send(r.Continuation("go"))
        elif isinstance(event, c.AppendChunk | c.CatenateUrl | c.BadCommand):
            pass
        elif command is not None:
            no = isinstance(command, c.StartTls | c.Compress)
            connection.send(r.Tagged(command.tag, Status.NO if no else Status.OK, "done"))


def _serve(pieces: list[bytes]) -> _Yes:
    peer = _Yes()
    for piece in pieces:
        peer.hear(piece)
    peer.connection.receive_eof()
    peer.work()
    return peer


def check_imap_server(data: bytes) -> None:
    """Raise if anything goes wrong with what a client says."""
    whole = _serve([data])
    whole_lines(whole.output)
    # A tag comes back, however long it is.
    most = len(data) + _LONGEST_ANSWER * (data.count(b"\n") + data.count(b"{") + 2)
    promise(len(whole.output) <= most, f"{len(whole.output)} octets answer {len(data)}")
    for pieces in pieces_of(data):
        other = _serve(pieces)
        promise(other.events == whole.events, "other pieces, other events")
        promise(other.output == whole.output, "other pieces, other answers")
    for event in whole.events:
        if isinstance(event, c.Command):
            _check_round_trip(event)
    _check_session(data)


def _check_round_trip(command: c.Command) -> None:
    """What was read can be written, and is read the same."""
    connection = ServerConnection()
    connection.send(r.Untagged(Status.PREAUTH, "hello"))
    utf8 = uses_utf8({"UTF8=ACCEPT"})
    connection.enabled.add("UTF8=ACCEPT")
    connection.receive_data(b"s SELECT x\r\n")
    connection.next_event()
    connection.send(r.Tagged("s", Status.OK, "done"))
    if isinstance(command, c.Login | c.Authenticate | c.StartTls):
        return  # not allowed here
    if isinstance(command, c.AppendBegin) and (command.index or command.catenate):
        return  # no beginning, or not all of one
    try:
        fragments = encode_command(command, utf8=utf8, literal_plus=1 << 20)
    except LocalProtocolError:
        return  # liberal in what is read
    connection.receive_data(b"".join(fragments))
    again = connection.next_event()
    promise(again == command, f"{command} was written, and read as {again}")


def _check_session(data: bytes) -> None:
    fixed = datetime(2024, 3, 1, tzinfo=UTC)
    backend = MemoryBackend({_USER: "secret"}, now=lambda: fixed)
    run(backend.users[_USER].inbox.append([new_message(_MAIL, internal_date=fixed)]))
    session = Session(
        backend,
        Peer("imap", "192.0.2.1", 1, tls=True),
        limits=_LIMITS,
        now=lambda: fixed,
        clock=partial(float, 0),
    )
    link = Link(session)
    try:
        with no_errors_logged():
            link.say()
            said = link.say(b"login LOGIN anna@example.test secret\r\nselect SELECT INBOX\r\n")
            promise(b"select OK" in said, "the session does not begin")
            link.say(data)
            session.receive_eof()
            link.say()
    finally:
        link.close()
