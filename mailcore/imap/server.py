"""The server's side of an IMAP connection, without any I/O.

The verbs are h11's. ``receive_data`` takes octets; ``next_event`` returns an event, ``NEED_DATA``
or ``PAUSED``; ``send`` says something; ``data_to_send`` returns the octets for the transport.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from enum import Enum, auto
from typing import Any, Final, Literal

from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED, Flow
from mailcore.imap import commands as c
from mailcore.imap.compression import BadCompression, Deflate
from mailcore.imap.output import Output
from mailcore.imap.responses import Continuation, Enabled, Response, Tagged, Untagged
from mailcore.imap.state import is_allowed, next_state
from mailcore.imap.types import ResponseCode, State, Status
from mailcore.imap.wire.append import AppendEvent, AppendParser
from mailcore.imap.wire.bounds import Bounds
from mailcore.imap.wire.commands import VERBS, Head, parse_command, read_head
from mailcore.imap.wire.cursor import Cursor, ParseError
from mailcore.imap.wire.encode_responses import ResponseEncoder, uses_utf8
from mailcore.imap.wire.framer import (
    TOO_BIG,
    Frame,
    Framer,
    MessageChunk,
    MessageEnd,
    MessageHead,
    Ready,
    Refusal,
    Unit,
)
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.observer import Observer
from mailcore.sasl import SaslError, decode_base64

# The first octet of a TLS handshake record (RFC 8446 §5.1), and the start of an HTTP request: some
# other program's client, that somebody lets talk to us.
_OTHER_PROTOCOL = re.compile(
    rb"\x16|(?:GET|HEAD|POST|PUT|DELETE|OPTIONS|PATCH|TRACE|CONNECT|PRI) "
    rb"(?:[/*]|https?:|[^ \r\n]++ HTTP/)",
    re.IGNORECASE,
)
_PROBE = 512
# Clients that enable UIDONLY and use numbers all the same do so for ever; they mean no harm.
_UID_REQUIRED = ResponseCode("UIDREQUIRED")
_COMPRESSION_ACTIVE = ResponseCode("COMPRESSIONACTIVE")


class _Phase(Enum):
    """What the connection waits for."""

    COMMAND = auto()  # the client: a command
    ANSWER = auto()  # us: what answers the command in hand
    DECISION = auto()  # us: accept_literal, or a refusal
    MESSAGE = auto()  # the client: octets of APPEND, or what we have of it that is to be released
    IDLING = auto()  # the client: DONE
    SASL = auto()  # the client: a line of AUTHENTICATE
    TLS = auto()  # the handshake
    CLOSED = auto()  # nobody


# What is looked at for each command: a member of an enumeration is slow to find.
_COMMAND: Final = _Phase.COMMAND
_ANSWER: Final = _Phase.ANSWER
_CLOSED: Final = _Phase.CLOSED
_OK: Final = Status.OK
_OURS = (_Phase.ANSWER, _Phase.DECISION, _Phase.TLS)
# A tagged OK to these is the last that is sent before another layer begins.
_BEGIN_A_LAYER: Final = frozenset({c.StartTls, c.Compress})
# A tagged OK to these changes more than the state.
_CHANGE_MORE: Final = frozenset({c.StartTls, c.Compress, c.Unauthenticate})


class ServerConnection:
    """One connection, as the server sees it.

    Commands come out one at a time: after a command ``next_event`` returns ``PAUSED`` until its
    :class:`Tagged` was sent. Some need more than that:

    - :class:`AppendBegin`: :meth:`accept_literal`, or a tagged NO. Then :class:`AppendChunk` ...,
      and another AppendBegin, or :class:`AppendEnd`, which wants the tagged response.
      After :class:`AppendAborted` there is nothing to answer. A message that is put together
      comes as :class:`CatenateUrl` and :class:`CatenateText`; the latter waits as AppendBegin does.
    - :class:`Idle`: a :class:`Continuation`; then :class:`IdleDone` wants the tagged response.
    - :class:`Authenticate`: a Continuation asks for a :class:`SaslResponse`, as often as it
      takes. A :class:`BadCommand` instead ends the exchange: it has been answered.
    - :class:`StartTls`: a tagged OK, the handshake, and :meth:`start_tls`.

    A tagged OK to :class:`Compress` puts DEFLATE under all that follows, and one to
    :class:`Unauthenticate` takes it away again.

    What is not in the grammar, not allowed now or too big is answered here, in its order, and
    comes out as a BadCommand for the log.

    Arguments:
        limits: bounds on what the peer may send.
        tls_available: whether STARTTLS may be said.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, tls_available: bool = False) -> None:
        self._limits = limits
        self._tls_available = tls_available
        self._output = Output()
        self._events: list[c.Event] = []
        self._eof = False
        #: Extensions that were enabled (RFC 5161), in upper case; sending Enabled adds to it.
        self.enabled: set[str] = set()
        self._encoder = ResponseEncoder(self.enabled)
        self._layer: Deflate | None = None
        self._observer: Observer | None = None
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the peer: at first, and again after TLS (RFC 9051 §6.2.1)."""
        self._state = State.NOT_AUTHENTICATED
        self._phase = _Phase.COMMAND
        self._command: c.Command | None = None
        # Of the command whose first line came last.
        self._head = Head(None, "")
        self._framer = Framer(Bounds.before_login(self._limits), self._admit)
        self._bad = 0
        self._untouched = True
        self._forget_append()
        self.enabled.clear()

    def _forget_append(self) -> None:
        self._append: AppendParser | None = None
        # What the APPEND in hand says behind the event that is being dealt with.
        self._append_events: list[AppendEvent] = []
        # The literal that the framer waits with, and whether it comes whatever we say.
        self._literal: MessageHead | None = None
        self._literal_comes = False

    # ------------------------------------------------------------------- what can be looked at

    @property
    def state(self) -> State:
        """Where the connection stands (RFC 9051 §3)."""
        return self._state

    @property
    def current(self) -> c.Command | None:
        """The command that waits for its tagged response."""
        return self._command

    @property
    def closed(self) -> bool:
        """Whether nothing more will be said, by us or to us; output may still wait to be sent."""
        return self._phase is _Phase.CLOSED

    @property
    def compressed(self) -> bool:
        """Whether COMPRESS is in force (RFC 4978)."""
        return self._layer is not None

    @property
    def pending_output(self) -> int:
        """Octets that wait in :meth:`data_to_send`."""
        return self._output.pending

    # ------------------------------------------------------------------------ the driver's verbs

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport. After the end they are dropped."""
        if self.closed:
            return
        if self._layer is not None:
            self._layer.receive(data)
        else:
            self._take(data)

    def receive_eof(self) -> None:
        """Take note that the peer will send no more."""
        self._eof = True

    def observe(self, observer: Observer) -> None:
        """Tell an observer of the octets of both sides, without TLS and compression."""
        self._observer = self._output.observer = observer

    def data_to_send(self) -> bytes:
        """Return what is to be sent now, once."""
        return self._output.take()

    def start_tls(self) -> None:
        """Begin again on the encrypted transport, after the tagged OK to STARTTLS.

        What the client sent in the clear behind its STARTTLS is an injection: BYE, and closed.

        Raises:
            LocalProtocolError: no STARTTLS was granted.
        """
        if self.closed:
            return
        if self._phase is not _Phase.TLS:
            raise LocalProtocolError("no TLS handshake was due")
        if len(self._framer):
            self.close("Plaintext behind STARTTLS")
            return
        self._tls_available = False
        self._begin()

    # ------------------------------------------------------------------------ the session's verbs

    def next_event(self) -> c.Event | Literal[Flow.NEED_DATA, Flow.PAUSED]:
        """Return what the peer did next.

        Returns:
            ``PAUSED`` while the last event waits for us; ``NEED_DATA`` when all that came is dealt
            with.
        """
        if self._phase is _COMMAND and (command := self._read_command()) is not None:
            return command
        while not self._events:
            if self.closed:
                return c.ConnectionClosed()
            if self._phase in _OURS:
                return PAUSED
            if self._append_events:
                self._release_append()
                continue
            progress = self._read_line() if self._phase is _Phase.SASL else self._read_unit()
            if progress or self._expand():
                continue
            if not self._eof:
                return NEED_DATA
            self._abort_append()
            self._shut()
        return self._events.pop(0)

    def send(self, response: Response) -> None:
        """Queue a response.

        Raises:
            LocalProtocolError: it does not fit here, or cannot be written; nothing was queued.
        """
        if self._phase is _CLOSED:
            raise LocalProtocolError("the connection is closed")
        kind = type(response)
        check = _CHECKS.get(kind)
        if check is not None and not check(self, response):
            return
        self._output.put(self._encoder.encode(response))
        follow = _CONSEQUENCES.get(kind)
        if follow is not None:
            follow(self, response)

    def accept_literal(self) -> None:
        """Let come what :class:`AppendBegin` or :class:`CatenateText` announced.

        Raises:
            LocalProtocolError: nothing waits for it.
        """
        if self._phase is not _Phase.DECISION:
            raise LocalProtocolError("no literal was announced")
        self._phase = _Phase.MESSAGE
        if self._literal is None or self._append_events:
            return  # no literal yet: a message that begins with URLs
        if self._literal.synchronizing:
            self._output.put(self._encoder.encode(Continuation("Ready")))
        self._literal_comes = True
        self._framer.accept_message()

    def close(self, text: str, code: ResponseCode | None = None) -> None:
        """Say BYE and be closed. Harmless when closed already.

        Within a streamed FETCH response there is no place for a BYE, and none is said.
        """
        if self.closed:
            return
        if not self._encoder.in_fetch:
            self._output.put(self._encoder.encode(Untagged(Status.BYE, text, code)))
        self._shut()

    # ----------------------------------------------------------------------------- what we send

    def _check_tagged(self, response: Tagged) -> bool:
        command = self._command
        if command is None or command.tag != response.tag:
            raise LocalProtocolError(f"no command {response.tag!r} waits for an answer")
        if self._phase is not _ANSWER and (
            self._phase not in (_Phase.DECISION, _Phase.MESSAGE) or response.status is _OK
        ):
            raise LocalProtocolError("the client has not ended its command")
        if type(command) in _BEGIN_A_LAYER and response.status is _OK and len(self._framer):
            # Octets wait that cannot be what follows this answer (RFC 4978 §3).
            self.close(f"Plaintext behind {type(command).__name__.upper()}")
            return False
        return True

    def _check_continuation(self, response: Continuation) -> bool:
        wants = isinstance(self._command, (c.Idle, c.Authenticate))
        if self._phase is not _ANSWER or not wants:
            raise LocalProtocolError("no command waits for a continuation")
        return True

    def _check_untagged(self, response: Untagged) -> bool:
        if response.status is Status.PREAUTH and not (
            self._state is State.NOT_AUTHENTICATED and self._command is None
        ):
            raise LocalProtocolError("PREAUTH is a greeting")
        return True

    def _after_continuation(self, response: Continuation) -> None:
        self._phase = _Phase.IDLING if isinstance(self._command, c.Idle) else _Phase.SASL

    def _after_enabled(self, response: Enabled) -> None:
        self.enabled.update(name.upper() for name in response.capabilities)

    def _after_untagged(self, response: Untagged) -> None:
        if response.status is Status.PREAUTH:
            self._enter(State.AUTHENTICATED)
        elif response.status is Status.BYE and not isinstance(self._command, c.Logout):
            self._shut()

    def _finish(self, response: Tagged) -> None:
        """The command in hand is answered: the one place where the state changes."""
        command, status = self._command, response.status
        assert command is not None
        if self._append is not None:
            if self._literal is not None:
                self._framer.refuse_message(coming=self._literal_comes)
            self._forget_append()
        self._command = None
        self._phase = _COMMAND
        state = next_state(self._state, type(command), status)
        if state is not self._state:
            self._enter(state)
        if status is _OK:
            if type(command) in _CHANGE_MORE:
                self._after_ok(command)
        elif status is Status.BAD and response.code != _UID_REQUIRED:
            self._count_bad()

    def _after_ok(self, command: c.Command) -> None:
        if isinstance(command, c.StartTls):
            self._phase = _Phase.TLS
        elif isinstance(command, c.Compress):
            self._layer = Deflate()
            self._output.begin_layer(self._layer)
        elif isinstance(command, c.Unauthenticate):
            self._forget_user()

    def _forget_user(self) -> None:
        """All but TLS is as at the beginning (RFC 8437 §3-4)."""
        self.enabled.clear()
        self._framer.bounds = Bounds.before_login(self._limits)
        if self._layer is not None:
            self._output.end_layer()
            self._framer.receive(self._layer.take_plain())
            self._layer = None

    def _expand(self) -> bool:
        """Give the framer more of what came compressed; False if there is no more."""
        if self._layer is None:
            return False
        try:
            data = self._layer.expand(self._limits.imap_inflate)
        except BadCompression:
            self.close("These octets are not compressed")
            return True
        self._take(data)
        return bool(data)

    def _take(self, data: bytes) -> None:
        if self._observer is not None and data:
            self._observer.received(data)
        self._framer.receive(data)

    def _enter(self, state: State) -> None:
        if self._state is State.NOT_AUTHENTICATED and state is State.AUTHENTICATED:
            self._framer.bounds = Bounds.after_login(self._limits)
            self._bad = 0
        self._state = state
        if state is State.LOGOUT:
            self._shut()

    def _shut(self) -> None:
        self._state = State.LOGOUT
        self._phase = _Phase.CLOSED
        self._command = None
        self._forget_append()
        self._framer = Framer(self._framer.bounds, self._admit)

    # ------------------------------------------------------------------------- what they send

    def _admit(self, line: bytes) -> Refusal | None:
        """Look at the first line of a command: the state comes before the arguments."""
        if self._phase is _Phase.IDLING and line.upper() == b"DONE":
            return None
        self._head = head = read_head(line)
        tag, verb = head
        if tag is None:
            return Refusal("Expected a tag")
        if self._phase is _Phase.IDLING:
            # iOS says IDLE again while it idles; that is no reason to lose the connection one day.
            return Refusal("Idling: say DONE first", tag, counts=verb != "IDLE")
        return self._admit_verb(tag, verb)

    def _admit_verb(self, tag: str, verb: str) -> Refusal | None:
        known = VERBS.get(verb)
        if known is None:
            return Refusal("Unknown command", tag)
        if not is_allowed(self._state, known[0]):
            return Refusal(f"{verb} is not allowed in the {self._state.value} state", tag)
        if known[0] is c.Compress and self.compressed:
            return Refusal("Compressed already", tag, _COMPRESSION_ACTIVE, Status.NO, counts=False)
        if known[0] is c.StartTls and not self._tls_available:
            return Refusal("STARTTLS is not available", tag)
        return None

    def _read_command(self) -> c.Command | None:
        """Return the next command if it is one of a line, as nearly all are, and nothing is wrong.

        It leaves, or refuses, what is something else.
        """
        if self._events or self._untouched:
            return None
        found = self._framer.whole_command()
        if found is None:
            return None
        tag, verb, arguments = found[0].decode("ascii"), found[1].decode("ascii").upper(), found[2]
        refusal = self._admit_verb(tag, verb)
        if refusal is not None:
            self._refuse(refusal)
            return None
        kind, parse = VERBS[verb]
        if parse is None and not arguments:
            return self._take_command(kind(tag))
        self._head = Head(tag, verb)
        bounds = self._framer.bounds
        utf8 = uses_utf8(self.enabled)
        return self._parse(Cursor(arguments, 0, bounds.nesting, ranges=bounds.ranges, utf8=utf8))

    def _read_unit(self) -> bool:
        """Take the next thing from the framer; False if there is none."""
        if self._untouched and _OTHER_PROTOCOL.match(self._framer.peek(_PROBE)):
            self._events.append(c.BadCommand(None, "This is not IMAP"))
            self._shut()
            return True
        unit = self._framer.next_unit()
        if unit is None:
            return False
        self._untouched = False
        self._take_unit(unit)
        return True

    def _take_unit(self, unit: Unit) -> None:
        if isinstance(unit, Frame):
            self._take_frame(unit)
        elif isinstance(unit, MessageHead):
            self._take_message(unit)
        elif isinstance(unit, MessageChunk):
            self._events.append(c.AppendChunk(unit.data))
        elif isinstance(unit, MessageEnd):
            self._literal = None
            self._read_append(Cursor(unit.rest, utf8=uses_utf8(self.enabled)), None)
        elif isinstance(unit, Ready):
            self._output.put(self._encoder.encode(Continuation("Ready")))
        else:
            self._refuse(unit)

    def _take_frame(self, frame: Frame) -> None:
        if self._phase is _Phase.IDLING:
            assert self._command is not None
            self._phase = _Phase.ANSWER
            self._events.append(c.IdleDone(self._command.tag))
            return
        utf8 = uses_utf8(self.enabled)
        command = self._parse(self._head.cursor(frame.data, self._framer.bounds, utf8=utf8))
        if command is not None:
            self._events.append(command)

    def _parse(self, cursor: Cursor) -> c.Command | None:
        """Return the command whose head is known; None if it is an APPEND, or was refused."""
        head = self._head
        if issubclass(VERBS[head.verb][0], c.AppendBegin):
            self._begin_append()
            self._read_append(cursor, None)
            return None
        try:
            command = parse_command(head, cursor)
        except ParseError as error:
            self._refuse(_refused(error, head.tag))
            return None
        return self._take_command(command)

    def _take_command(self, command: c.Command) -> c.Command:
        self._command = command
        self._phase = _ANSWER
        return command

    def _read_line(self) -> bool:
        """Take a line of AUTHENTICATE; False if there is none."""
        assert self._command is not None
        tag = self._command.tag
        line = self._framer.next_line()
        if line is None:
            return False
        if isinstance(line, Refusal):
            self._refuse(replace(line, tag=tag))
            return True
        try:
            data = None if line == b"*" else decode_base64(line)
        except SaslError:
            self._refuse(Refusal("Bad base64", tag))
            return True
        self._phase = _Phase.ANSWER
        self._events.append(c.SaslResponse(data))
        return True

    # ------------------------------------------------------------------------------- APPEND

    def _take_message(self, head: MessageHead) -> None:
        """A literal of APPEND was announced: let the session decide on it."""
        bounds = self._framer.bounds
        utf8 = uses_utf8(self.enabled)
        self._literal, self._literal_comes = head, not head.synchronizing
        if head.first:
            cursor = self._head.cursor(head.data, bounds, utf8=utf8)
            self._begin_append()
        else:
            cursor = Cursor(head.data, 0, bounds.nesting, utf8=utf8)
        self._read_append(cursor, head)

    def _begin_append(self) -> None:
        tag, verb = self._head
        assert tag is not None
        self._append = AppendParser(tag, verb, self._limits.catenate_parts)

    def _read_append(self, cursor: Cursor, head: MessageHead | None) -> None:
        """Read an APPEND up to its next literal, or to its end."""
        assert self._append is not None
        try:
            events = self._append.parse(cursor, head)
        except ParseError as error:
            self._refuse_append(_refused(error, self._append.tag))
            return
        if head is not None and head.size > self._limits.message_size:
            self._refuse_append(
                Refusal("Message too big", self._append.tag, TOO_BIG, Status.NO, counts=False)
            )
            return
        self._append_events.extend(events)
        self._release_append()

    def _release_append(self) -> None:
        """Bring out what an APPEND says next."""
        event = self._append_events.pop(0)
        if isinstance(event, c.AppendBegin):
            self._command = event
        if isinstance(event, c.AppendBegin | c.CatenateText):
            self._phase = _Phase.DECISION
        elif isinstance(event, c.AppendEnd):
            self._phase = _Phase.ANSWER
        self._events.append(event)

    def _refuse_append(self, refusal: Refusal) -> None:
        if self._literal is not None:
            self._framer.refuse_message(coming=self._literal_comes)
        self._refuse(refusal)

    def _abort_append(self) -> None:
        if self._phase is _Phase.MESSAGE and self._command is not None:
            self._events.append(c.AppendAborted(self._command.tag))

    # ------------------------------------------------------------------------------ refusals

    def _refuse(self, refusal: Refusal) -> None:
        """Answer what is not taken, in the place of the session."""
        self._abort_append()
        self._forget_append()
        if self._phase is not _Phase.IDLING:
            self._command = None
            self._phase = _Phase.COMMAND
        self._events.append(c.BadCommand(refusal.tag, refusal.text, refusal.code))
        if refusal.status is Status.BYE:
            self.close(refusal.text, refusal.code)
            return
        answer: Response = Untagged(refusal.status, refusal.text, refusal.code)
        if refusal.tag is not None:
            answer = Tagged(refusal.tag, refusal.status, refusal.text, refusal.code)
        self._output.put(self._encoder.encode(answer))
        if refusal.counts:
            self._count_bad()

    def _count_bad(self) -> None:
        """Note a mistake of the client, ours to answer or the session's; enough is enough."""
        self._bad += 1
        limits = self._limits
        before_login = self._state is State.NOT_AUTHENTICATED
        if self._bad >= (limits.bad_commands_before_login if before_login else limits.bad_commands):
            self.close("Too many bad commands")


def _refused(error: ParseError, tag: str | None) -> Refusal:
    counts = error.status is Status.BAD
    return Refusal(error.text, tag, error.code, error.status, counts)


# What is looked at before a response is written; False: it is not to be said. And what it leads to.
_CHECKS: Final[Mapping[type[Response], Callable[[ServerConnection, Any], bool]]] = {
    Tagged: ServerConnection._check_tagged,
    Continuation: ServerConnection._check_continuation,
    Untagged: ServerConnection._check_untagged,
}
_CONSEQUENCES: Final[Mapping[type[Response], Callable[[ServerConnection, Any], None]]] = {
    Tagged: ServerConnection._finish,
    Continuation: ServerConnection._after_continuation,
    Enabled: ServerConnection._after_enabled,
    Untagged: ServerConnection._after_untagged,
}
