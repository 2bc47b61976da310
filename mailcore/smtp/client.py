"""The client's side of an SMTP or LMTP connection, without any I/O.

The verbs are those of the server's side. ``send`` takes a command, ``data_to_send`` returns the
octets for the transport, ``receive_data`` takes those that came, ``next_event`` returns an
:class:`Answer` with the command that it answers, or ``NEED_DATA``. The first answer is the
greeting, to :class:`Connected`, which the connection itself has asked.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA, Flow
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl import SaslError, decode_base64
from mailcore.smtp.client_state import ENDS_GROUP, ClientStateMachine, Sent, ends_message
from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    Bdat,
    Burl,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfData,
    Helo,
    MailFrom,
    RcptTo,
    Rset,
    StartTls,
    XClient,
    XForward,
)
from mailcore.smtp.extensions import Extensions
from mailcore.smtp.state import State
from mailcore.smtp.types import MailParameters, RcptParameters, Reply
from mailcore.smtp.wire.data_writer import DataEncoder
from mailcore.smtp.wire.encode_commands import encode_command
from mailcore.smtp.wire.reply_reader import ReplyReader

_CHALLENGE = 334
_NEEDS: Mapping[type[Sent], tuple[str, ...]] = {
    Bdat: ("CHUNKING",),
    Burl: ("BURL",),
    StartTls: ("STARTTLS",),
    Auth: ("AUTH",),
    XClient: ("XCLIENT",),
    XForward: ("XFORWARD",),
}


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply, and what it answers.

    Arguments:
        to: the command; :class:`Connected` for the greeting, :class:`EndOfData` for the message.
        recipient: in LMTP, to the end of the message: whom this reply is about (RFC 2033 §4.2).
        challenge: of a 334, decoded: answer with :class:`AuthResponse`.
    """

    reply: Reply
    to: Sent
    recipient: RcptTo | None = None
    challenge: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Question:
    """What was sent and waits for its reply."""

    sent: Sent
    #: The recipients whose replies are still to come, in LMTP, once the first one has.
    recipients: tuple[RcptTo, ...] = ()


class ClientConnection:
    """One connection, as the client sees it.

    Arguments:
        limits: bounds on what the server may send.
        lmtp: speak LMTP (RFC 2033): LHLO for EHLO, and a reply for each recipient.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, lmtp: bool = False) -> None:
        self._limits = limits
        self._lmtp = lmtp
        self._out = bytearray()
        self._begin(State.CONNECTED)
        self._machine.say(Connected())
        self._questions.append(_Question(Connected()))

    def _begin(self, state: State) -> None:
        """Know nothing of the server: at first, and again after the TLS handshake."""
        self._machine = ClientStateMachine(state)
        self._reader = ReplyReader(self._limits)
        self._questions: deque[_Question] = deque()
        self._encoder = DataEncoder()
        self._recipients: list[RcptTo] = []
        self._utf8 = False
        self._binary = False
        self._chunk_left = 0
        self._eof = False
        #: A 421 that came unasked: why the server went away.
        self.farewell: Reply | None = None
        #: What the server offers.
        self.extensions = Extensions()
        #: Whether an AUTH has succeeded.
        self.authenticated = False

    @property
    def state(self) -> State:
        """Where the replies that came have led."""
        return self._machine.state

    @property
    def closed(self) -> bool:
        """Whether nothing more can be said."""
        return self._machine.state is State.CLOSED

    @property
    def recipients(self) -> tuple[RcptTo, ...]:
        """Those that the server has taken in this transaction."""
        return tuple(self._recipients)

    @property
    def unanswered(self) -> tuple[Sent, ...]:
        """What was sent and has no reply yet: after a break nobody knows what became of it."""
        return tuple(question.sent for question in self._questions)

    @property
    def trailing_data(self) -> bytes:
        """Octets that were received and belong to no event yet."""
        return self._reader.peek()

    def send(self, sent: Sent | DataChunk) -> None:
        """Say something.

        Without PIPELINING one command at a time; with it, a group (RFC 2920 §3.1). Octets of the
        message go as :class:`DataChunk`, after a 354 or behind :class:`Bdat`.

        Raises:
            LocalProtocolError: it has no place here, can not be written, or needs an extension
                that the server does not offer. Nothing was sent, save that a message with a fault
                (a bare CR, a bare LF or a NUL) can only be cut off: drop the connection then.
        """
        if self.closed:
            raise LocalProtocolError("the connection is closed")
        if isinstance(sent, DataChunk):
            self._send_octets(sent.data)
            return
        if isinstance(sent, EndOfData):
            self._end_message()
            return
        self._check_turn()
        self._check_offers(sent)
        if isinstance(sent, Connected):
            raise LocalProtocolError("the server speaks first")
        encoded = encode_command(sent, lmtp=self._lmtp, smtputf8=self._utf8)
        self._machine.say(sent)
        self._out += encoded
        if isinstance(sent, MailFrom):
            self._utf8 = sent.parameters.smtputf8
            self._binary = sent.parameters.body == "BINARYMIME"
        if isinstance(sent, Bdat):
            self._chunk_left = sent.size
        self._questions.append(_Question(sent))

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport. After the end they are dropped.

        Raises:
            RemoteProtocolError: they came between the answer to STARTTLS and the handshake.
        """
        if self.state is State.HANDSHAKE and data:
            self._machine.close()
            raise RemoteProtocolError("octets behind the answer to STARTTLS")
        if not self.closed:
            self._reader.receive(data)

    def receive_eof(self) -> None:
        """Take note that the server will send no more."""
        self._eof = True

    def data_to_send(self) -> bytes:
        """Return what is to be sent now, once."""
        data = bytes(self._out)
        self._out.clear()
        return data

    def next_event(self) -> Answer | ConnectionClosed | Literal[Flow.NEED_DATA]:
        """Return what the server said next.

        A 421 may come unasked (RFC 5321 §3.8): then it is :attr:`farewell`, and the connection is
        closed. :attr:`unanswered` tells what has no reply by then.

        Raises:
            RemoteProtocolError: the server broke the protocol; the connection is closed.
        """
        if self.closed:
            return ConnectionClosed()
        try:
            answer = self._read_answer()
        except RemoteProtocolError:
            self._machine.close()
            raise
        if answer is not None:
            return answer
        if not self._eof and not self.closed:
            return NEED_DATA
        self._machine.close()
        return ConnectionClosed()

    def tls_started(self) -> None:
        """Begin again on the encrypted transport: nothing said before counts (RFC 3207 §4.2).

        Raises:
            LocalProtocolError: no STARTTLS was granted.
        """
        if self.state is not State.HANDSHAKE:
            raise LocalProtocolError("no TLS handshake was due")
        self._begin(State.GREETED)

    def _check_turn(self) -> None:
        if self._chunk_left:
            raise LocalProtocolError(f"{self._chunk_left} octets of the chunk are missing")
        if not self._questions:
            return
        last = type(self._questions[-1].sent)
        if last in ENDS_GROUP or "PIPELINING" not in self.extensions:
            raise LocalProtocolError(f"{last.__name__} has no answer yet")

    def _check_offers(self, sent: Sent) -> None:
        needed: tuple[str, ...] = _NEEDS.get(type(sent), ())
        if isinstance(sent, MailFrom):
            needed = _needs_of_mail(sent.parameters)
            if not sent.parameters.smtputf8 and not sent.path.address.isascii():
                raise LocalProtocolError("an address that is not ASCII needs SMTPUTF8")
        elif isinstance(sent, RcptTo):
            needed = _needs_of_rcpt(sent.parameters)
            if not self._utf8 and not sent.path.address.isascii():
                raise LocalProtocolError("an address that is not ASCII needs SMTPUTF8")
        elif isinstance(sent, Auth) and self.authenticated:
            raise LocalProtocolError("there is one AUTH on a connection (RFC 4954 §4)")
        elif isinstance(sent, Helo) and self._lmtp:
            raise LocalProtocolError("LMTP has no HELO (RFC 2033 §4.1)")
        for keyword in needed:
            if keyword not in self.extensions:
                raise LocalProtocolError(f"the server does not offer {keyword}")

    def _send_octets(self, data: bytes) -> None:
        if self._chunk_left:
            if len(data) > self._chunk_left:
                raise LocalProtocolError(f"the chunk has {self._chunk_left} octets left")
            self._out += data
            self._chunk_left -= len(data)
            return
        if self.state is not State.MESSAGE or self._questions:
            raise LocalProtocolError("no 354 was given")
        if not self._recipients:
            raise LocalProtocolError("nobody was accepted to get this message (RFC 2920 §3.1)")
        if self._binary:
            raise LocalProtocolError("BINARYMIME goes by BDAT (RFC 3030 §3)")
        self._out += self._encoder.feed(data)

    def _end_message(self) -> None:
        if self.state is not State.MESSAGE or self._questions:
            raise LocalProtocolError("no 354 was given")
        end = self._encoder.end()
        self._machine.say(EndOfData())
        self._out += end
        self._questions.append(_Question(EndOfData()))

    def _read_answer(self) -> Answer | None:
        reply = self._reader.next_reply()
        if reply is None:
            return None
        if not self._questions:
            if reply.code != 421:
                raise RemoteProtocolError(f"{reply.code} answers nothing")
            self.farewell = reply
            self._machine.close()
            return None
        question = self._questions.popleft()
        if question.recipients:
            about: RcptTo | None = question.recipients[0]
            later = question.recipients[1:]
            if reply.code == 421:
                self._machine.close()
        else:
            self._machine.hear(question.sent, reply)
            to_all = self._per_recipient(question.sent)
            about, later = (to_all[0], to_all[1:]) if to_all else (None, ())
        if later:
            self._questions.appendleft(_Question(question.sent, later))
        self._learn(question.sent, reply)
        if not self._questions and not self.closed:
            self._machine.settle()
        return Answer(reply, question.sent, about, self._challenge(question.sent, reply))

    def _per_recipient(self, sent: Sent) -> tuple[RcptTo, ...]:
        """Return whom the replies to this are about: in LMTP, all recipients of the message."""
        return self.recipients if self._lmtp and ends_message(sent) else ()

    def _learn(self, sent: Sent, reply: Reply) -> None:
        """Draw the consequences of a reply."""
        if isinstance(sent, (Ehlo, Helo)) and reply.accepted:
            extended = isinstance(sent, Ehlo)
            self.extensions = Extensions.from_reply(reply) if extended else Extensions()
            self._recipients = []
        elif isinstance(sent, XClient) and reply.accepted:
            self.extensions = Extensions()
        elif isinstance(sent, (Auth, AuthResponse)) and self.state is State.READY:
            self.authenticated = reply.accepted
        elif isinstance(sent, MailFrom) or (isinstance(sent, Rset) and reply.accepted):
            self._recipients = []
        elif isinstance(sent, RcptTo) and reply.accepted:
            self._recipients = [*self._recipients, sent]
        elif isinstance(sent, StartTls) and self.state is State.HANDSHAKE and self._reader.peek():
            raise RemoteProtocolError("octets behind the answer to STARTTLS")
        elif self.state is State.MESSAGE and isinstance(sent, Data):
            self._encoder = DataEncoder()

    def _challenge(self, sent: Sent, reply: Reply) -> bytes | None:
        if self.state is not State.AUTHENTICATING or not isinstance(sent, (Auth, AuthResponse)):
            return None
        if reply.code != _CHALLENGE:
            raise RemoteProtocolError(f"{reply.code} is no challenge")
        try:
            return decode_base64(reply.lines[0].encode())
        except SaslError:
            raise RemoteProtocolError("a challenge that is not base64") from None


def _needs_of_mail(parameters: MailParameters) -> tuple[str, ...]:
    needs = {
        "SIZE": parameters.size is not None,
        "8BITMIME": parameters.body == "8BITMIME",
        "BINARYMIME": parameters.body == "BINARYMIME",
        "CHUNKING": parameters.body == "BINARYMIME",
        "SMTPUTF8": parameters.smtputf8,
        "AUTH": parameters.auth is not None,
        "DSN": parameters.ret is not None or parameters.envid is not None,
        "REQUIRETLS": parameters.require_tls,
        "FUTURERELEASE": parameters.hold is not None,
        "DELIVERBY": parameters.deliver_by is not None,
        "MT-PRIORITY": parameters.priority is not None,
    }
    return tuple(keyword for keyword, needed in needs.items() if needed)


def _needs_of_rcpt(parameters: RcptParameters) -> tuple[str, ...]:
    return ("DSN",) if parameters.notify or parameters.orcpt is not None else ()
