"""A client's commands on their way out: which may go now, and what each of them waits for.

One command is being written at a time. Those behind it wait while it needs the server's ``+``, and
where sending them at once would be ambiguous (RFC 9051 §5.5).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from enum import Enum, auto

from mailcore.errors import LocalProtocolError, RemoteProtocolError
from mailcore.imap import commands as c
from mailcore.sasl import encode_base64

Encode = Callable[[c.Command], list[bytes]]
Part = c.CatenateUrl | c.CatenateText
#: Takes a part of a message, and whether it is the first one.
EncodePart = Callable[[Part, bool], list[bytes]]
#: What a client says within a command.
Within = c.AppendChunk | c.AppendEnd | c.IdleDone | c.SaslResponse | Part


class _Stage(Enum):
    """What the command that is being written waits for."""

    FREE = auto()  # there is none
    LITERAL = auto()  # the server: "+", then the next fragment goes
    ANNOUNCED = auto()  # the server: "+", then the message of APPEND may go
    MESSAGE = auto()  # us: octets of the message
    PARTS = auto()  # us: the first part of a message that is put together
    BETWEEN = auto()  # us: another part or message, or the end of APPEND
    IDLE = auto()  # the server: "+"
    IDLING = auto()  # us: DONE
    SASL = auto()  # the server: a challenge
    RESPONSE = auto()  # us: a response to it
    ANSWER = auto()  # the server: the tagged response, before anything else is said


#: Where "+" leads; what is missing is an error of the server.
_CONTINUED: dict[_Stage, _Stage] = {
    _Stage.LITERAL: _Stage.FREE,
    _Stage.ANNOUNCED: _Stage.MESSAGE,
    _Stage.IDLE: _Stage.IDLING,
    _Stage.IDLING: _Stage.IDLING,
    _Stage.SASL: _Stage.RESPONSE,
}
#: Where a command stands that has been written, if that is not the end of it.
_WRITTEN: dict[type[c.Command], _Stage] = {
    c.Idle: _Stage.IDLE,
    c.Authenticate: _Stage.SASL,
    # What follows depends on how these end: keys, names and capabilities change.
    c.StartTls: _Stage.ANSWER,
    c.Login: _Stage.ANSWER,
    c.Enable: _Stage.ANSWER,
    c.Compress: _Stage.ANSWER,
    c.Unauthenticate: _Stage.ANSWER,
}
# Nothing can be OK that the server has not seen the end of.
_INCOMPLETE = frozenset({_Stage.LITERAL, _Stage.ANNOUNCED, _Stage.MESSAGE, _Stage.PARTS})
# RFC 9051 §6.2.1, RFC 4978 §3, RFC 8437 §2: nothing may be under way when the connection changes.
_ALONE = frozenset({c.StartTls, c.Compress, c.Unauthenticate})
# While these are in progress by number, no EXPUNGE is sent (RFC 9051 §7.5.1) ...
_QUIET = (c.Fetch, c.Store, c.Search)
# ... and whatever else is in progress may change what the numbers in these mean.
_BY_NUMBER = (c.Fetch, c.Store, c.Search, c.Copy, c.Move)


class Outgoing:
    """The commands that have not been written to their end.

    Arguments:
        encode: makes fragments of a command; before each but the first the server says "+".
        encode_part: makes them of a part of a message.
        write: takes octets for the transport.
    """

    def __init__(
        self, encode: Encode, encode_part: EncodePart, write: Callable[[bytes], None]
    ) -> None:
        self._encode = encode
        self._encode_part = encode_part
        self._write = write
        self._waiting: deque[c.Command] = deque()
        self._command: c.Command | None = None
        self._fragments: deque[bytes] = deque()
        self._stage = _Stage.FREE
        # Octets that the message of APPEND still needs.
        self._due = 0
        # The part of a message that is being written.
        self._part: Part | None = None
        # What closes the bracket behind a message that is put together.
        self._after_message = b""
        self._done_early = False
        #: Nothing goes out before the greeting.
        self.held = True

    def add(self, command: c.Command) -> None:
        """Take a command; :meth:`go_on` writes it as soon as it may go.

        Raises:
            LocalProtocolError: it cannot be written.
        """
        self._encode(command)
        self._waiting.append(command)

    def next_message(self, begin: c.AppendBegin) -> None:
        """Take another message of the APPEND in hand (RFC 3502).

        Raises:
            LocalProtocolError: no APPEND waits for one.
        """
        current = self._command
        if self._stage is not _Stage.BETWEEN or current is None or current.tag != begin.tag:
            raise LocalProtocolError("no APPEND waits for another message")
        fragments = self._encode(begin)
        self._write(self._after_message)
        self._fragments.extend(fragments)
        self._command = begin
        self._begin_message()
        self._write_on()

    def go_on(self, in_progress: Iterable[c.Command]) -> c.Command | None:
        """Begin to write the next command if it may go now; return it.

        Arguments:
            in_progress: the commands that were begun and have not been answered.
        """
        if self.held or self._stage is not _Stage.FREE or not self._waiting:
            return None
        if not _may_go(self._waiting[0], in_progress):
            return None
        command = self._waiting.popleft()
        self._fragments.extend(self._encode(command))
        self._command = command
        self._begin_message()
        self._write_on()
        return command

    def drop_waiting(self) -> None:
        """Forget what was not begun: nothing more will be said."""
        self._waiting.clear()
        self._fragments.clear()
        self._stage = _Stage.FREE

    # ------------------------------------------------------------------- within a command

    def say(self, word: Within) -> None:
        """Write what belongs to the command in hand.

        Raises:
            LocalProtocolError: it does not belong there, or not now.
        """
        if isinstance(word, c.AppendChunk):
            self._message_octets(word.data)
        elif isinstance(word, c.AppendEnd):
            self._end_append(word.tag)
        elif isinstance(word, c.CatenateUrl | c.CatenateText):
            self._next_part(word)
        elif isinstance(word, c.IdleDone):
            self._end_idle(word.tag)
        else:
            self._expect(_Stage.RESPONSE, "no challenge waits for a response")
            data = b"*" if word.data is None else encode_base64(word.data)
            self._write(data + b"\r\n")
            self._stage = _Stage.SASL

    def _begin_message(self) -> None:
        self._part = None
        catenate = isinstance(self._command, c.AppendBegin) and self._command.catenate
        self._after_message = b")" if catenate else b""

    def _next_part(self, part: Part) -> None:
        is_open = self._stage in (_Stage.PARTS, _Stage.BETWEEN) and bool(self._after_message)
        if not is_open:
            raise LocalProtocolError("no message is being put together")
        fragments = self._encode_part(part, self._stage is _Stage.PARTS)
        self._fragments.extend(fragments)
        self._part = part
        self._write_on()

    def _message_octets(self, data: bytes) -> None:
        self._expect(_Stage.MESSAGE, "no message of APPEND is welcome now")
        if len(data) > self._due:
            raise LocalProtocolError("more octets than the literal announced")
        self._due -= len(data)
        self._write(data)
        if not self._due:
            self._end_literal()

    def _end_literal(self) -> None:
        if isinstance(self._part, c.CatenateText) and self._part.utf8:
            self._write(b")")
        self._stage = _Stage.BETWEEN

    def _end_append(self, tag: str) -> None:
        self._expect(_Stage.BETWEEN, f"{self._due} octets of the message are missing")
        self._check_tag(tag)
        self._write(self._after_message + b"\r\n")
        self._stage = _Stage.FREE

    def _end_idle(self, tag: str) -> None:
        if self._stage is _Stage.IDLE:
            self._done_early = True  # DONE answers "+", which is on its way
            return
        self._expect(_Stage.IDLING, "nobody is idle")
        self._check_tag(tag)
        self._write(b"DONE\r\n")
        self._stage = _Stage.FREE

    def _check_tag(self, tag: str) -> None:
        if self._command is None or self._command.tag != tag:
            raise LocalProtocolError(f"{tag!r} is not the command in hand")

    def _expect(self, stage: _Stage, problem: str) -> None:
        if self._stage is not stage:
            raise LocalProtocolError(problem)

    # ------------------------------------------------------------------- what the server says

    @property
    def in_sasl(self) -> bool:
        """Whether a continuation is a challenge, in base64."""
        return self._stage is _Stage.SASL

    def continued(self) -> bool:
        """Take note of "+"; return whether whoever gave the command has to know.

        Raises:
            RemoteProtocolError: nothing waits for it.
        """
        stage = _CONTINUED.get(self._stage)
        if stage is None:
            raise RemoteProtocolError("a continuation that no command waits for")
        inside_line = self._stage is _Stage.LITERAL
        self._stage = stage
        if inside_line:
            self._write_on()
        elif stage is _Stage.MESSAGE and not self._due:
            self._end_literal()
        elif stage is _Stage.IDLING and self._done_early:
            assert self._command is not None
            self._end_idle(self._command.tag)
        return not inside_line

    def answered(self, tag: str, *, ok: bool) -> None:
        """Take note that a command is over.

        What has been announced and is on its way has to arrive all the same: a refused APPEND is
        written to its end.

        Raises:
            RemoteProtocolError: done, before it was said.
        """
        if self._command is None or self._command.tag != tag:
            return
        if ok and self._stage in _INCOMPLETE:
            raise RemoteProtocolError("OK to a command that was not complete")
        if self._stage not in (_Stage.MESSAGE, _Stage.PARTS, _Stage.BETWEEN):
            self._fragments.clear()
            self._stage = _Stage.FREE
        self._done_early = False

    def _write_on(self) -> None:
        """Write up to where the server has to say "+"."""
        command = self._command
        assert command is not None
        self._write(self._fragments.popleft())
        if self._fragments:
            self._stage = _Stage.LITERAL
        elif isinstance(self._part, c.CatenateUrl):
            self._stage = _Stage.BETWEEN
        elif isinstance(command, c.AppendBegin):
            self._announced(command if self._part is None else self._part)
        else:
            self._stage = _WRITTEN.get(type(command), _Stage.FREE)

    def _announced(self, what: c.AppendBegin | c.CatenateText) -> None:
        """Go on to the octets of a literal, or to the parts of a message."""
        self._due = what.size
        if isinstance(what, c.AppendBegin) and what.catenate:
            self._stage = _Stage.PARTS
        elif what.synchronizing:
            self._stage = _Stage.ANNOUNCED
        elif self._due:
            self._stage = _Stage.MESSAGE
        else:
            self._end_literal()


def _may_go(command: c.Command, in_progress: Iterable[c.Command]) -> bool:
    if type(command) in _ALONE:
        return not any(True for _ in in_progress)
    if isinstance(command, _BY_NUMBER) and not command.uid:
        return all(isinstance(other, _QUIET) and not other.uid for other in in_progress)
    return True
