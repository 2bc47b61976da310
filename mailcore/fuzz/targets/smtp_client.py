"""Octets of an SMTP server, and before them what the client would like to say.

The first line is the client's plan, a letter for each thing of :data:`SAYINGS`; "l" in it makes it
LMTP. The lines after it are the server's.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Final

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA
from mailcore.fuzz.targets.promises import pieces_of, promise, whole_lines
from mailcore.limits import Limits
from mailcore.smtp import (
    Answer,
    Auth,
    AuthResponse,
    Bdat,
    Burl,
    CancelAuth,
    ClientConnection,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    Expn,
    Extensions,
    ForwardPath,
    Helo,
    Help,
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
    Vrfy,
    XClient,
    XForward,
)
from mailcore.smtp.client_state import Sent, ends_message
from mailcore.smtp.wire.replies import encode_reply
from mailcore.smtp.wire.reply_reader import ReplyReader

#: Small, so that small inputs reach them.
_LIMITS = Limits(smtp_reply_line=200, smtp_reply_lines=12, smtp_auth_line=300)
#: Letters of a plan that count.
_MOST_SAID: Final = 60

_ANNA, _BERT = ReversePath("anna", "example.test"), ForwardPath("bert", "example.test")
_EVERYTHING = MailParameters(
    size=5, body="8BITMIME", auth="<>", ret="HDRS", envid="one+two", require_tls=True, hold=60
)
SAYINGS: Final[Mapping[str, Sent | DataChunk]] = {
    "E": Ehlo("client.example"),
    "H": Helo("client.example"),
    "T": StartTls(),
    "P": Auth("PLAIN", b"\0anna\0secret"),
    "L": Auth("LOGIN"),
    "a": AuthResponse(b"anna"),
    "c": CancelAuth(),
    "M": MailFrom(_ANNA),
    "m": MailFrom(_ANNA, _EVERYTHING),
    "u": MailFrom(ReversePath("änna", "example.test"), MailParameters(smtputf8=True)),
    "n": MailFrom(ReversePath(), MailParameters(body="BINARYMIME")),
    "R": RcptTo(_BERT),
    "r": RcptTo(_BERT, RcptParameters(notify=("SUCCESS", "DELAY"), orcpt="rfc822;b@x.test")),
    "U": RcptTo(ForwardPath("ünal", "example.test")),
    "D": Data(),
    "d": DataChunk(b"..\r\n.x\r\n"),
    "e": EndOfData(),
    "B": Bdat(3),
    "x": DataChunk(b"x\r\n"),
    "Z": Bdat(3, last=True),
    "z": Bdat(0, last=True),
    "w": Burl("imap://x.test/INBOX"),
    "W": Burl("imap://x.test/INBOX", last=True),
    "Y": Rset(),
    "N": Noop(),
    "V": Vrfy("bert"),
    "X": Expn("staff"),
    "h": Help(),
    "C": XClient({"NAME": "x.test", "ADDR": "192.0.2.1"}),
    "F": XForward({"NAME": "x.test", "PROTO": "ESMTP"}),
    "Q": Quit(),
}


class _Client:
    """Says each thing of a plan as soon as it may, and keeps account of what is so by then."""

    def __init__(self, plan: str) -> None:
        self._lmtp = "l" in plan
        self.connection = ClientConnection(_LIMITS, lmtp=self._lmtp)
        self._plan = deque(SAYINGS[one] for one in plan[:_MOST_SAID] if one in SAYINGS)
        self.events: list[object] = []
        self.output = b""
        self._begin(Connected())

    def _begin(self, *asked: Sent) -> None:
        self._asked = deque(asked)
        #: Who was taken since the last MAIL, and who has no reply to the message yet (LMTP).
        self._taken: list[RcptTo] = []
        self._owed: list[RcptTo] = []
        self._last_code = 0
        self._chunk_left = 0
        self._authenticated = False

    def hear(self, data: bytes) -> None:
        """Take what the server says, and answer."""
        self.connection.receive_data(data)
        self.work()

    def work(self) -> None:
        connection = self.connection
        while (event := connection.next_event()) is not NEED_DATA:
            if isinstance(event, ConnectionClosed):
                break
            self.events.append(event)
            promise(isinstance(event, Answer), f"no answer: {event}")
            assert isinstance(event, Answer)
            self._heard(event)
            if connection.state is State.HANDSHAKE:
                connection.tls_started()
                self._begin()
                promise(connection.extensions == Extensions(), "offers from before TLS")
            self._look()
            self._say()

    def _look(self) -> None:
        connection = self.connection
        promise(connection.unanswered == tuple(self._asked), "another account of what is asked")
        promise(connection.authenticated == self._authenticated, "it does not know who it is")
        if connection.state in (State.MAIL, State.RCPT, State.CHUNKS, State.MESSAGE):
            promise(connection.recipients == tuple(self._taken), "other recipients")

    def _say(self) -> None:
        while self._plan:
            try:
                self.connection.send(self._plan[0])
            except LocalProtocolError:
                if self._asked:
                    break  # its time may come
                self._plan.popleft()
            else:
                self._said(self._plan.popleft())
        data = self.connection.data_to_send()
        promise(data.isascii() or "SMTPUTF8" in self.connection.extensions, "UTF-8 unasked")
        self.output += data

    def _said(self, sent: Sent | DataChunk) -> None:
        if isinstance(sent, DataChunk):
            if self._chunk_left:
                self._chunk_left -= len(sent.data)
            else:
                promise(300 <= self._last_code < 400 and self._taken, "a message without leave")
            return
        if isinstance(sent, AuthResponse | CancelAuth):
            promise(self._last_code == 334, "an answer without a challenge")
        elif isinstance(sent, Bdat):
            self._chunk_left = sent.size
        self._asked.append(sent)

    def _heard(self, answer: Answer) -> None:
        sent, reply = self._asked[0], answer.reply
        promise(answer.to == sent, "an answer to something else")
        if self._lmtp and ends_message(sent) and not self._owed:
            self._owed = list(self._taken)
        about = self._owed.pop(0) if self._owed else None
        promise(answer.recipient == about, "an answer about somebody else")
        if not self._owed:
            self._asked.popleft()
        self._last_code = reply.code
        if isinstance(sent, MailFrom) or (isinstance(sent, Ehlo | Helo) and reply.accepted):
            self._taken = []
        elif isinstance(sent, RcptTo) and reply.accepted:
            self._taken.append(sent)
        elif isinstance(sent, Auth | AuthResponse):
            self._authenticated = reply.accepted and reply.code < 300
        _check_reply(reply)

    def end(self) -> None:
        """The server is gone: nothing moves any more."""
        self.connection.receive_eof()
        self.work()
        _check_closed(self.connection)


def _check_reply(reply: Reply) -> None:
    """What was read can be written, and is read the same."""
    if reply.enhanced is None and any(line[:1].isdigit() for line in reply.lines):
        return  # what begins as an enhanced code does
    if not all(line.isascii() for line in reply.lines):
        return
    reader = ReplyReader(_LIMITS)
    reader.receive(encode_reply(reply))
    again = reader.next_reply()
    promise(again == reply, f"{reply} was written, and read as {again}")


def _check_closed(connection: ClientConnection) -> None:
    promise(connection.closed, "it is over, and not closed")
    for sent in SAYINGS.values():
        try:
            connection.send(sent)
        except LocalProtocolError:
            continue
        promise(False, f"{sent} is said to nobody")
    connection.receive_data(b"250 OK\r\n")
    promise(isinstance(connection.next_event(), ConnectionClosed), "it hears after the end")
    promise(not connection.data_to_send(), "it speaks after the end")


def _talk(plan: str, pieces: list[bytes]) -> tuple[list[object], bytes]:
    """Return what was heard, with the text of an error as the last, and what was said."""
    client = _Client(plan)
    try:
        for piece in pieces:
            client.hear(piece)
        client.end()
    except RemoteProtocolError as error:
        client.events.append(str(error))
        _check_closed(client.connection)
    return client.events, client.output


def check_smtp_client(data: bytes) -> None:
    """Raise if anything goes wrong with what a server says."""
    first, _, said = data.partition(b"\r\n")
    plan = first.decode("ascii", "replace")
    by_line = _talk(plan, said.splitlines(keepends=True))
    whole_lines(by_line[1])
    for pieces in ([said], *pieces_of(said)):
        talk = _talk(plan, pieces)
        # What comes together with the answer to STARTTLS was smuggled in, however it was meant.
        if talk[0][-1:] != ["octets behind the answer to STARTTLS"]:
            promise(talk == by_line, "other pieces, another conversation")
