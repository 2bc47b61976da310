"""The server's side of an SMTP or LMTP connection, without any I/O.

The verbs are h11's. ``receive_data`` takes octets; ``next_event`` returns an event, ``NEED_DATA``
or ``PAUSED``; ``send`` answers the last event; ``data_to_send`` returns the octets for the
transport. The first event is :class:`Connected`, whose answer is the greeting.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED, Flow
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.observer import Observer
from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    Burl,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    EndOfChunk,
    EndOfData,
    Event,
    MailFrom,
    Question,
    RcptTo,
    Violation,
)
from mailcore.smtp.quirks import Quirk
from mailcore.smtp.state import SYNCHRONIZING, State, StateMachine
from mailcore.smtp.types import MailParameters, Reply
from mailcore.smtp.wire.data import ChunkDecoder, DataDecoder
from mailcore.smtp.wire.framer import Framer, LineFault
from mailcore.smtp.wire.grammar import (
    NOT_SMTP,
    Context,
    declared_chunk,
    parse_auth_response,
    parse_command,
)
from mailcore.smtp.wire.refusal import Refused
from mailcore.smtp.wire.replies import encode_reply

_TOO_SOON = Reply.of(554, "5.5.0", "Talking before the reply; goodbye")
_TOO_MANY_ERRORS = Reply.of(421, "4.7.0", "Too many bad commands; goodbye")
_NO_CHUNKING = Reply.of(502, "5.5.1", "CHUNKING is not offered")
_SEND_CHUNK = Reply.of(354, None)  # never said: a BDAT does not wait for it
_BINARY_DATA = Reply.of(503, "5.5.1", "Bad sequence of commands: BINARYMIME needs BDAT")
_CHUNK_TOO_BIG = Reply.of(552, "5.3.4", "Chunk too big; goodbye")
_LINE_FAULTS = {
    LineFault.TOO_LONG: Reply.of(500, "5.5.2", "Line too long"),
    LineFault.BARE_CR_OR_LF: Reply.of(500, "5.5.2", "Lines end in CRLF, and hold no CR or LF"),
}
_PIPELINED = frozenset({RcptTo, Data, Bdat, Burl})
# The first octet of a TLS handshake record (RFC 8446 §5.1); no command begins so.
_TLS_HANDSHAKE = b"\x16"


class ServerConnection:
    """One connection, as the server sees it.

    Arguments:
        limits: bounds on what the peer may send.
        lmtp: speak LMTP (RFC 2033): LHLO for EHLO, and several replies to the end of data.
        logs_in: peers are to authenticate here, so that fewer errors are forgiven before.
        chunking: take BDAT (RFC 3030).
        quirks: breaches of the protocol that pass.
    """

    def __init__(
        self,
        limits: Limits = DEFAULT_LIMITS,
        *,
        lmtp: bool = False,
        logs_in: bool = False,
        chunking: bool = False,
        quirks: Quirk = Quirk.NONE,
    ) -> None:
        self._limits = limits
        self._logs_in = logs_in
        self._chunking = chunking
        self._context = Context(lmtp=lmtp, quirks=quirks)
        self._out = bytearray()
        self._begin(State.CONNECTED)
        self._pending: Question | None = Connected()
        self._announced = False
        #: Told of the octets of both sides.
        self.observer: Observer | None = None

    def _begin(self, state: State) -> None:
        """Know nothing of the peer: at first, and again after the TLS handshake (RFC 3207 §4.2)."""
        self._machine = StateMachine(state)
        self._framer = Framer(bare_lf=Quirk.BARE_LF_COMMANDS in self._context.quirks)
        self._context = replace(self._context, smtputf8=False)
        self._mail = MailParameters()
        # Of the message on its way; made when it begins.
        self._decoder: DataDecoder | None = None
        self._chunks: ChunkDecoder | None = None
        # The BDAT under way, and how many of its octets are still to come.
        self._chunk, self._missing = Bdat(0), 0
        self._swallow: tuple[int, Question] | None = None
        self._errors = 0
        self._eof = False
        #: Whether an AUTH has succeeded; there is no second one (RFC 4954 §4).
        self.authenticated = False

    @property
    def state(self) -> State:
        """Where the connection stands."""
        return self._machine.state

    @property
    def closed(self) -> bool:
        """Whether the last reply has been given, or the peer has gone."""
        return self._machine.state is State.CLOSED

    @property
    def paused(self) -> bool:
        """Whether an event waits for its answer."""
        return self._pending is not None

    @property
    def mid_command(self) -> bool:
        """Whether a command has begun and not yet come to its end."""
        return self._framer.mid_line or self._swallow is not None

    @property
    def trailing_data(self) -> bytes:
        """Octets that were received and belong to no event yet."""
        return self._framer.peek()

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport. After the end they are dropped."""
        if not self.closed:
            if self.observer is not None:
                self.observer.received(data)
            self._framer.receive(data)

    def receive_eof(self) -> None:
        """Take note that the peer will send no more."""
        self._eof = True

    def data_to_send(self) -> bytes:
        """Return what is to be sent now, once."""
        data = bytes(self._out)
        self._out.clear()
        if self.observer is not None and data:
            self.observer.sent(data)
        return data

    def next_event(self) -> Event | Literal[Flow.NEED_DATA, Flow.PAUSED]:
        """Return what the peer did next.

        Returns:
            ``PAUSED`` while the last event, or the TLS handshake, waits for us; ``NEED_DATA`` when
            all that came is dealt with.
        """
        state = self._machine.state
        if state is State.CLOSED:
            return ConnectionClosed()
        if self._pending is not None and not self._announced:
            self._announced = True
            return self._pending
        if self._pending is not None or state is State.HANDSHAKE:
            return PAUSED
        event = self._read(state)
        if event is None:
            if not self._eof:
                return NEED_DATA
            self._machine.close()
            return ConnectionClosed()
        if not isinstance(event, DataChunk):
            self._pending = event = self._judge(event)
        return event

    def send(self, reply: Reply, *more: Reply) -> None:
        """Answer the last event. A 421 may also be said unasked (RFC 5321 §3.8).

        Arguments:
            more: in LMTP, after the end of data (or a BURL that is the last): the replies for the
                second recipient and on.

        Raises:
            LocalProtocolError: there is nothing to answer, or not so; nothing was sent.
        """
        event = self._pending
        if event is None:
            if reply.code != 421 or self.closed or self.state is State.HANDSHAKE:
                raise LocalProtocolError("nothing to answer")
            self._out += encode_reply(reply)
            self._machine.close()
            return
        kind = type(event)
        if isinstance(event, Burl) and event.last:
            kind = EndOfData
        if more and not (self._context.lmtp and kind is EndOfData):
            raise LocalProtocolError("one reply is enough")
        if kind in SYNCHRONIZING and len(self._framer):
            event, reply, kind = Violation(_TOO_SOON), _TOO_SOON, Violation
        encoded = encode_reply(reply) + b"".join(map(encode_reply, more))
        self._machine.answer(kind, reply)
        self._pending = None
        self._out += encoded
        self._enter(event, reply)

    def tls_started(self) -> None:
        """Begin again on the encrypted transport: nothing said before counts (RFC 3207 §4.2).

        Raises:
            LocalProtocolError: no STARTTLS was granted.
        """
        if self.state is not State.HANDSHAKE:
            raise LocalProtocolError("no TLS handshake was due")
        self._begin(State.GREETED)

    def _enter(self, event: Question, reply: Reply) -> None:
        """Do what a new state needs."""
        state = self._machine.state
        if state is State.MESSAGE:
            self._decoder = DataDecoder(self._limits)
        elif state is State.MAIL and isinstance(event, MailFrom):
            self._mail = event.parameters
            if self._mail.smtputf8 is not self._context.smtputf8:
                self._context = replace(self._context, smtputf8=self._mail.smtputf8)
            self._chunks = None
        elif state is State.READY and isinstance(event, (Auth, AuthResponse)) and reply.accepted:
            self.authenticated = True
            self._errors = 0
        elif state is State.CLOSED:
            self._framer = Framer()

    def _read(self, state: State) -> DataChunk | Question | None:
        if state is State.MESSAGE:
            return self._read_message()
        return self._read_chunk() if state is State.CHUNK else self._read_line(state)

    def _read_message(self) -> DataChunk | EndOfData | None:
        decoder = self._decoder
        assert decoder is not None
        if not decoder.ended and len(self._framer):
            data, rest = decoder.feed(self._framer.take())
            self._framer.receive(rest)
            if data:
                return DataChunk(data)
        return EndOfData(decoder.fault) if decoder.ended else None

    def _read_chunk(self) -> DataChunk | EndOfChunk | EndOfData | None:
        assert self._chunks is not None
        if self._missing and len(self._framer):
            data = self._framer.take(self._missing)
            self._missing -= len(data)
            if data := self._chunks.feed(data):
                return DataChunk(data)
        if self._missing:
            return None
        chunk = self._chunk
        fault = self._chunks.fault(last=chunk.last)
        return EndOfData(fault) if chunk.last else EndOfChunk(chunk.size, fault)

    def _read_line(self, state: State) -> DataChunk | Question | None:
        if self._swallow is not None:
            return self._swallow_chunk(*self._swallow)
        if not len(self._framer):
            return None
        if self._framer.starts_with(_TLS_HANDSHAKE):
            return Violation(NOT_SMTP)
        line = self._framer.next_line(self._line_limit())
        if line is None:
            return None
        if isinstance(line, LineFault):
            return BadCommand(_LINE_FAULTS[line])
        try:
            if state is State.AUTHENTICATING:
                return parse_auth_response(line)
            command = parse_command(line, self._context)
        except Refused as refused:
            if refused.fatal:
                return Violation(refused.reply)
            size = declared_chunk(line)
            bad = BadCommand(refused.reply)
            return bad if size is None else self._swallow_chunk(size, bad)
        return self._begin_chunk(command) if isinstance(command, Bdat) else command

    def _begin_chunk(self, chunk: Bdat) -> DataChunk | Question | None:
        if not self._chunking:
            return self._swallow_chunk(chunk.size, BadCommand(_NO_CHUNKING))
        if self._too_much(chunk.size) or self._machine.refusal(Bdat) is not None:
            return self._swallow_chunk(chunk.size, chunk)
        self._machine.answer(Bdat, _SEND_CHUNK)
        self._chunk, self._missing = chunk, chunk.size
        if self._chunks is None:
            self._chunks = ChunkDecoder(self._limits, binary=self._mail.body == "BINARYMIME")
        self._chunks.announce(chunk.size)
        return self._read_chunk()

    def _line_limit(self) -> int:
        if len(self._framer) < self._limits.smtp_line:
            return self._limits.smtp_line  # whatever it is, it is not too long yet
        if self.state is State.AUTHENTICATING or self._framer.starts_with(b"AUTH "):
            return self._limits.smtp_auth_line
        return self._limits.smtp_line

    def _swallow_chunk(self, size: int, event: Question) -> Question | None:
        """Drop the octets of a BDAT that is refused; they are never commands."""
        if self._too_much(size):
            return Violation(_CHUNK_TOO_BIG)
        size -= len(self._framer.take(size))
        self._swallow = (size, event) if size else None
        return None if size else event

    def _too_much(self, size: int) -> bool:
        return size > max(self._limits.smtp_swallow, self._limits.message_size)

    def _judge(self, event: Question) -> Question:
        """Let an event pass, or make it the error that it is."""
        kind = type(event)
        if isinstance(event, Violation):
            return event
        if kind in SYNCHRONIZING and len(self._framer):
            return Violation(_TOO_SOON)
        reply = self._machine.refusal(kind)
        if reply is None and self.authenticated and isinstance(event, Auth):
            reply = Reply.of(503, "5.5.1", "Already authenticated")
        if reply is None and isinstance(event, Data) and self._mail.body == "BINARYMIME":
            reply = _BINARY_DATA
        if reply is not None:
            event = BadCommand(reply)
        # A pipelining client whose MAIL was refused has sent its RCPTs and the message already.
        if isinstance(event, BadCommand) and kind not in _PIPELINED:
            self._errors += 1
            if self._errors > self._errors_forgiven():
                return Violation(_TOO_MANY_ERRORS)
        return event

    def _errors_forgiven(self) -> int:
        if self._logs_in and not self.authenticated:
            return self._limits.bad_commands_before_login
        return self._limits.bad_commands
