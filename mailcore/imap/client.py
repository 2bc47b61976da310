"""The client's side of an IMAP connection, without any I/O.

The verbs are h11's. ``send`` says something; ``data_to_send`` returns the octets for the transport;
``receive_data`` takes octets; ``next_event`` returns a response, ``NEED_DATA`` or ``PAUSED``.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, ClassVar, Literal

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.flow import NEED_DATA, PAUSED, Flow
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.compression import BadCompression, Deflate
from mailcore.imap.outgoing import Outgoing, Within
from mailcore.imap.output import Output
from mailcore.imap.state import is_allowed, next_state
from mailcore.imap.types import ResponseCode, State, Status
from mailcore.imap.wire.bounds import LITERAL_MINUS, ResponseBounds
from mailcore.imap.wire.cursor import ParseError
from mailcore.imap.wire.encode_commands import encode_command, encode_part
from mailcore.imap.wire.encode_responses import uses_utf8
from mailcore.imap.wire.framer import Frame, MessageChunk
from mailcore.imap.wire.parse_fetch import begin_fetch, end_fetch, next_body
from mailcore.imap.wire.parse_responses import parse_response
from mailcore.imap.wire.response_framer import BodyHead, ResponseFramer, Unit
from mailcore.imap.wire.urls import begin_url_fetch, end_url_fetch
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.sasl import SaslError, decode_base64

ClientEvent = r.Response | c.ConnectionClosed

_GREETINGS = frozenset({Status.OK, Status.PREAUTH, Status.BYE})
# After these the server may offer something else (RFC 9051 §6.2).
_LOGINS = (c.Login, c.Authenticate)


class ClientConnection:
    """One connection, as the client sees it.

    :meth:`send` takes commands with tags of the caller's choice (:meth:`new_tag` makes one). They
    may be given one behind the other: each goes as soon as the protocol allows, at the latest when
    those before it are answered. The first event is the greeting. Some commands need more:

    - AppendBegin: once ``+`` came as a Continuation (or at once if it does not synchronize)
      AppendChunk ... with all the octets, and another AppendBegin, or AppendEnd. For a message that
      is put together (``catenate``) CatenateUrl or CatenateText at once, the latter with its
      octets as above; and so on.
    - Idle: after a Continuation the server tells what changes; IdleDone ends it.
    - Authenticate: each Continuation holds a challenge in ``data``, and wants a SaslResponse.
    - StartTls: after the tagged OK the handshake, and :meth:`start_tls`.

    Arguments:
        limits: bounds on what the peer may send.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._output = Output()
        self._events: deque[ClientEvent] = deque()
        self._tags = 0
        self._eof = False
        self._closed = False
        self._greeted = False
        #: Extensions that the server has enabled (RFC 5161), in upper case.
        self.enabled: set[str] = set()
        self._begin()

    def _begin(self) -> None:
        """Know nothing of the peer: at first, and again after TLS (RFC 9051 §6.2.1)."""
        self._state = State.NOT_AUTHENTICATED
        self._framer = ResponseFramer(ResponseBounds.before_login(self._limits))
        self._commands: dict[str, c.Command] = {}
        # Those of them that the server has not seen the beginning of.
        self._unsaid: set[str] = set()
        self._outgoing = Outgoing(self._encode, self._encode_part, self._output.put)
        self._outgoing.held = not self._greeted
        self._layer: Deflate | None = None
        self._responses = 0
        self._awaits_tls = False
        self._capabilities: frozenset[str] | None = None
        # Whether they were told since the login began.
        self._told_anew = False
        # Attributes of a streamed FETCH that stand between two bodies.
        self._between: list[r.FetchAttribute] = []
        self.enabled.clear()

    # ------------------------------------------------------------------- what can be looked at

    @property
    def state(self) -> State:
        """Where the connection stands (RFC 9051 §3)."""
        return self._state

    @property
    def capabilities(self) -> frozenset[str] | None:
        """What the server offers now, in upper case; None while that is not known."""
        return self._capabilities

    @property
    def commands(self) -> tuple[c.Command, ...]:
        """The commands that wait for their tagged response."""
        return tuple(self._commands.values())

    @property
    def closed(self) -> bool:
        """Whether nothing more will be said."""
        return self._closed

    def new_tag(self) -> str:
        """Return a tag that was not used on this connection."""
        self._tags += 1
        return f"a{self._tags}"

    # ------------------------------------------------------------------------ the driver's verbs

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport. After the end they are dropped."""
        if self._closed:
            return
        if self._layer is not None:
            self._layer.receive(data)
        else:
            self._framer.receive(data)

    def receive_eof(self) -> None:
        """Take note that the peer will send no more."""
        self._eof = True

    def data_to_send(self) -> bytes:
        """Return what is to be sent now, once."""
        return self._output.take()

    def start_tls(self) -> None:
        """Begin again on the encrypted transport, after the tagged OK to STARTTLS.

        All that the server said before is forgotten: whoever sits on the line could have said it.

        Raises:
            LocalProtocolError: no STARTTLS was granted.
            RemoteProtocolError: there are octets behind the OK: an injection.
        """
        if not self._awaits_tls:
            raise LocalProtocolError("no TLS handshake was due")
        if len(self._framer):
            raise self._broken("plaintext behind the OK to STARTTLS")
        self._events.clear()
        self._begin()

    # ------------------------------------------------------------------------ what we say

    def send(self, message: c.Command | Within) -> None:
        """Say a command, or what belongs to the command in hand.

        Raises:
            LocalProtocolError: it does not fit here, or cannot be written; nothing was sent.
        """
        if self._closed or self._state is State.LOGOUT:
            raise LocalProtocolError("the connection is closed")
        if self._awaits_tls:
            raise LocalProtocolError("the TLS handshake is due")
        if isinstance(message, c.CatenateText):
            self._check_literal(message)
        if not isinstance(message, c.Command):
            self._outgoing.say(message)
        elif isinstance(message, c.AppendBegin) and message.index:
            self._check_literal(message)
            self._outgoing.next_message(message)
        else:
            self._add(message)
        self._go_on()

    def _add(self, command: c.Command) -> None:
        if command.tag in self._commands:
            raise LocalProtocolError(f"a command {command.tag!r} is open")
        if any(isinstance(other, c.StartTls) for other in self._commands.values()):
            raise LocalProtocolError("STARTTLS is under way: the handshake comes first")
        if len(self._commands) >= self._limits.imap_open_commands:
            raise LocalProtocolError("too many commands wait for their answer")
        expected = self._expected_state()
        if not is_allowed(expected, type(command)):
            name = type(command).__name__
            raise LocalProtocolError(f"{name} is not allowed in the {expected.value} state")
        if isinstance(command, c.AppendBegin):
            self._check_literal(command)
        self._outgoing.add(command)
        self._commands[command.tag] = command
        self._unsaid.add(command.tag)

    def _expected_state(self) -> State:
        """Where the connection will stand if all goes well."""
        state = self._state
        for command in self._commands.values():
            state = next_state(state, type(command), Status.OK)
        return state

    def _check_literal(self, begin: c.AppendBegin | c.CatenateText) -> None:
        is_literal = isinstance(begin, c.CatenateText) or not begin.catenate
        if is_literal and not begin.synchronizing and begin.size >= self._literal_plus():
            raise LocalProtocolError("the server wants to be asked before a literal of this size")

    def _literal_plus(self) -> int:
        """Return below how many octets a literal goes without waiting (RFC 7888)."""
        offered = self._capabilities or frozenset()
        if "LITERAL+" in offered:
            return 1 << 63
        return LITERAL_MINUS + 1 if offered & {"LITERAL-", "IMAP4REV2"} else 0

    def _encode(self, command: c.Command) -> list[bytes]:
        utf8 = uses_utf8(self.enabled)
        return encode_command(command, utf8=utf8, literal_plus=self._literal_plus())

    def _encode_part(self, part: c.CatenateUrl | c.CatenateText, first: bool) -> list[bytes]:
        utf8 = uses_utf8(self.enabled)
        return encode_part(part, first=first, utf8=utf8, literal_plus=self._literal_plus())

    def _go_on(self) -> None:
        while True:
            said = [self._commands[tag] for tag in self._commands if tag not in self._unsaid]
            begun = self._outgoing.go_on(said)
            if begun is None:
                return
            self._unsaid.discard(begun.tag)
            if isinstance(begun, _LOGINS):
                self._told_anew = False
            elif isinstance(begun, c.Unauthenticate):
                self._output.end_layer()  # RFC 8437 §2: with the line end of the command

    # ------------------------------------------------------------------------ what they say

    def next_event(self) -> ClientEvent | Literal[Flow.NEED_DATA, Flow.PAUSED]:
        """Return what the peer said next.

        Returns:
            ``PAUSED`` while :meth:`start_tls` is due; ``NEED_DATA`` when all that came is dealt
            with.

        Raises:
            RemoteProtocolError: the peer broke the protocol; the connection is closed.
        """
        while not self._events:
            if self._closed:
                return c.ConnectionClosed()
            if self._awaits_tls:
                return PAUSED
            try:
                unit = self._framer.next_unit()
                if unit is not None:
                    self._take_unit(unit)
            except ParseError as error:
                raise self._broken(error.text) from None
            except RemoteProtocolError as error:
                raise self._broken(str(error)) from None
            if unit is None and not self._expand():
                if not self._eof:
                    return NEED_DATA
                self._end()
        return self._events.popleft()

    def _expand(self) -> bool:
        """Give the framer more of what came compressed; False if there is no more."""
        if self._layer is None:
            return False
        if self._layer.ended:
            data, self._layer = self._layer.take_plain(), None
            self._framer.receive(data)
            return bool(data)
        try:
            data = self._layer.expand(self._limits.imap_inflate)
        except BadCompression:
            raise self._broken("these octets are not compressed") from None
        self._framer.receive(data)
        return bool(data)

    def _broken(self, problem: str) -> RemoteProtocolError:
        self._shut()
        return RemoteProtocolError(problem)

    def _end(self) -> None:
        if not self._framer.between:
            raise self._broken("the connection broke off within a response")
        self._shut()

    def _shut(self) -> None:
        self._closed = True
        self._state = State.LOGOUT
        self._outgoing.drop_waiting()
        self._output = Output()

    def _take_unit(self, unit: Unit) -> None:
        bounds = self._framer.bounds
        if isinstance(unit, Frame):
            utf8 = uses_utf8(self.enabled)
            self._take(parse_response(unit.data, bounds, utf8=utf8))
        elif isinstance(unit, MessageChunk):
            self._events.append(r.LiteralChunk(unit.data))
        elif isinstance(unit, BodyHead):
            self._take_body(unit)
        elif unit.of_url:
            self._events.append(end_url_fetch(unit.data, bounds))
        else:
            attributes = end_fetch(unit.data, bounds)
            self._events.append(r.FetchEnd((*self._between, *attributes)))
            self._between.clear()

    def _take_body(self, head: BodyHead) -> None:
        bounds = self._framer.bounds
        if head.of_url:
            self._take_url(head)
            return
        if head.first:
            begin, literal = begin_fetch(head.data, head.size, bounds)
            self._take(begin)
        else:
            attributes, literal = next_body(head.data, head.size, bounds)
            self._between += attributes
        self._events.append(literal)

    def _take_url(self, head: BodyHead) -> None:
        others, url = begin_url_fetch(head.data, head.size, self._framer.bounds)
        if head.first:
            if others:
                self._take(r.UrlFetchResponse(others))
            self._take(url)
        else:
            self._events += [r.UrlFetchEnd(others), url]

    def _take(self, response: r.Response) -> None:
        self._count()
        if not self._greeted:
            self._greet(response)
        handle = self._HANDLERS.get(type(response))
        event = response if handle is None else handle(self, response)
        if event is not None:
            self._events.append(event)
        self._go_on()

    def _count(self) -> None:
        self._responses += 1
        if self._responses > self._limits.imap_responses:
            raise RemoteProtocolError("a command that does not end")

    def _greet(self, response: r.Response) -> None:
        if not isinstance(response, r.Untagged) or response.status not in _GREETINGS:
            raise RemoteProtocolError("the server does not greet")
        self._greeted = True
        self._outgoing.held = False
        if response.status is Status.PREAUTH:
            self._enter(State.AUTHENTICATED)

    def _on_tagged(self, response: r.Tagged) -> r.Response:
        command = self._commands.get(response.tag)
        if command is None or response.tag in self._unsaid:
            raise RemoteProtocolError("an answer to a command that was not given")
        self._outgoing.answered(response.tag, ok=response.status is Status.OK)
        del self._commands[response.tag]
        self._responses = 0
        if response.status is Status.OK:
            self._done(command, response)
        self._enter(next_state(self._state, type(command), response.status))
        return response

    def _done(self, command: c.Command, response: r.Tagged) -> None:
        if isinstance(command, _LOGINS) and not self._told_anew:
            self._capabilities = None
        self._note_code(response.code)
        self._awaits_tls = isinstance(command, c.StartTls)
        if isinstance(command, c.Compress):
            self._layer = Deflate()
            self._output.begin_layer(self._layer)
            self._layer.receive(self._framer.take_rest())
        elif isinstance(command, c.Unauthenticate):
            self._forget_login()
        elif isinstance(command, c.Logout):
            self._closed = True

    def _forget_login(self) -> None:
        """The connection is as it was after the greeting (RFC 8437 §2)."""
        self.enabled.clear()
        self._capabilities = None
        self._framer.bounds = ResponseBounds.before_login(self._limits)

    def _on_untagged(self, response: r.Untagged) -> r.Response:
        self._note_code(response.code)
        if response.status is Status.BYE:
            self._state = State.LOGOUT
            self._outgoing.drop_waiting()
        return response

    def _on_continuation(self, response: r.Continuation) -> r.Response | None:
        if self._outgoing.in_sasl:
            try:
                data = decode_base64(response.text.encode())
            except SaslError:
                raise RemoteProtocolError("a challenge that is not base64") from None
            response = r.Continuation(data=data)
        return response if self._outgoing.continued() else None

    def _on_capability(self, response: r.CapabilityResponse) -> r.Response:
        self._learn(response.capabilities)
        return response

    def _on_enabled(self, response: r.Enabled) -> r.Response:
        self.enabled.update(name.upper() for name in response.capabilities)
        return response

    #: What a response changes here, before it becomes an event.
    _HANDLERS: ClassVar[dict[type[r.Response], Callable[[Any, Any], r.Response | None]]] = {
        r.Tagged: _on_tagged,
        r.Untagged: _on_untagged,
        r.Continuation: _on_continuation,
        r.CapabilityResponse: _on_capability,
        r.Enabled: _on_enabled,
    }

    def _note_code(self, code: ResponseCode | None) -> None:
        if code is not None and code.name == "CAPABILITY":
            self._learn(code.argument.split())

    def _learn(self, capabilities: Iterable[str]) -> None:
        self._capabilities = frozenset(name.upper() for name in capabilities)
        self._told_anew = True

    def _enter(self, state: State) -> None:
        if self._state is State.LOGOUT:
            return
        if self._state is State.NOT_AUTHENTICATED and state is State.AUTHENTICATED:
            self._framer.bounds = ResponseBounds.after_login(self._limits)
        self._state = state
