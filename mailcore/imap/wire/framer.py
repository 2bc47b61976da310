"""Octets to whole commands: the only place that waits for octets and counts them.

It knows no more grammar than this needs: lines, the literal at the end of a line, how a command
begins, and which literal of an APPEND is its message.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from mailcore.imap.types import ResponseCode, Status
from mailcore.imap.wire.bounds import Bounds

TOO_BIG = ResponseCode("TOOBIG")

# tag             =  1*<any ASTRING-CHAR except "+">
_TAG = re.compile(rb'([^\x00-\x20\x7f-\xff(){%*"\\+]++)(?: |\r?\n|\Z)')
# command         =  tag SP (command-any / command-auth / command-nonauth / command-select) CRLF
# All of it, unless its line may end in a literal.
_COMMAND = re.compile(
    rb'([^\x00-\x20\x7f-\xff(){%*"\\+]++) ((?:UID )?[A-Z]++)((?: [^\r\n]*+)?)(?<!\})\r\n',
    re.IGNORECASE,
)
# literal         =  "{" number64 ["+"] "}" CRLF *CHAR8
_LITERAL = re.compile(rb"\{([0-9]++)(\+?)\}")
# APPEND or REPLACE whose mailbox is the literal that follows; any other literal is the message, or
# a part of it, unless it is a URL of CATENATE (RFC 4469 §5).
_APPEND = re.compile(rb"[^ ]++ (?:APPEND|(?:UID )?REPLACE [^ ]++) ", re.IGNORECASE)
_CATENATE = re.compile(rb" CATENATE \(", re.IGNORECASE)
_URL = re.compile(rb"[ (]URL \Z", re.IGNORECASE)
_URL_TAIL = 5
# The end of a line in which any literal that can be meant is visible.
_TAIL = 64
_NUMBER64_DIGITS = 19
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """A complete command: its lines with the literals in place, without the last CRLF."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageHead:
    """An APPEND as far as the literal of a message, or of a part of it, which waits for a decision.

    Arguments:
        data: what stands before the literal; of later ones what stands behind the one before.
        size: octets of the literal.
        synchronizing: whether the client waits for "+".
        binary: whether it is a literal8, ``~{n}``.
        first: whether ``data`` begins with the tag.
    """

    data: bytes
    size: int
    synchronizing: bool
    binary: bool
    first: bool


@dataclass(frozen=True, slots=True)
class MessageChunk:
    """Octets of the message."""

    data: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class MessageEnd:
    """The APPEND is over; ``rest`` is what stood behind its last literal."""

    rest: bytes


@dataclass(frozen=True, slots=True)
class Ready:
    """A synchronizing literal is welcome: send "+"."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """A command that is not taken. What is left of it will be dropped.

    Arguments:
        text: what was wrong.
        tag: the command's, or None if there was none to read.
        code: the response code to send.
        status: BAD or NO; BYE if the connection cannot go on.
        counts: whether it is one of the mistakes of which a connection has only so many.
    """

    text: str
    tag: str | None = None
    code: ResponseCode | None = None
    status: Status = Status.BAD
    counts: bool = True


Unit = Frame | MessageHead | MessageChunk | MessageEnd | Ready | Refusal
Gate = Callable[[bytes], Refusal | None]


def tag_of(line: bytes) -> str | None:
    """Return the tag at the start of a line, or None."""
    match = _TAG.match(line)
    return match[1].decode("ascii") if match else None


@dataclass(frozen=True, slots=True)
class Announcement:
    """A literal that the end of a line announces."""

    before: bytes  # the line up to the literal
    size: int
    synchronizing: bool


def announcement(line: bytes) -> Announcement | None:
    """Return the literal that the end of a line announces."""
    if b"}" not in line[-3:]:
        return None
    text = line.removesuffix(b"\n").removesuffix(b"\r")
    if not text.endswith(b"}"):
        return None
    brace = text.rfind(b"{")
    match = _LITERAL.fullmatch(text, max(brace, 0))
    if match is None:
        return None
    # More digits than that are no number at all, and nothing to calculate with.
    size = int(match[1]) if len(match[1]) <= _NUMBER64_DIGITS else 1 << 63
    return Announcement(text[:brace], size, not match[2])


class Framer:
    """A buffer that commands are taken from.

    Arguments:
        bounds: what a command may be; may be set anew between two commands.
        admit: looks at the first line of each command, before any literal of it is taken.
    """

    def __init__(self, bounds: Bounds, admit: Gate) -> None:
        self.bounds = bounds
        self._admit = admit
        self._buffer = bytearray()
        self._scanned = 0
        self._unit: Unit | None = None
        self._next_command()

    def _next_command(self) -> None:
        # Whether nothing has been taken of the command that comes next.
        self._untouched = True
        # How the octets that come next are read; whether that led on.
        self._step: Callable[[], bool] = self._read_line
        self._parts: list[bytes] = []
        # Where the tag is read, if somebody has to be told it.
        self._first_line = b""
        # Whether a message has been announced: what the lines say goes on behind it.
        self._in_append = False
        self._in_catenate = False
        self._line_octets = 0
        self._literal_octets = 0
        self._literal_count = 0
        self._swallowed = 0
        # Octets that are still to come of the literal in hand.
        self._due = 0

    def __len__(self) -> int:
        return len(self._buffer)

    def receive(self, data: bytes) -> None:
        """Add octets at the end."""
        self._buffer += data

    def peek(self, size: int) -> bytes:
        """Return the next octets, at most ``size``, and leave them."""
        return bytes(self._buffer[:size])

    def whole_command(self) -> tuple[bytes, bytes, bytes] | None:
        """Take a command of one line, if it is one that needs no closer look.

        Nearly all are: this is what :meth:`next_unit` would come to, at one go.

        Returns:
            tag, verb and arguments with the space before them; None if :meth:`next_unit` has to
            look.
        """
        if not self._buffer or self._scanned or not self._untouched:
            return None
        found = _COMMAND.match(self._buffer, 0, self.bounds.line)
        if found is None:
            return None
        tag, verb, arguments = found.groups()
        del self._buffer[: found.end()]
        return tag, verb, arguments

    def next_unit(self) -> Unit | None:
        """Return what comes next of the commands; None if more octets are needed."""
        if not self._buffer and self._untouched:
            return None
        while self._unit is None and self._step():
            pass
        unit, self._unit = self._unit, None
        return unit

    def next_line(self) -> bytes | Refusal | None:
        """Return the next line as it is, without its CRLF: the lines of AUTHENTICATE."""
        line = self._cut_line()
        unit, self._unit = self._unit, None
        if isinstance(unit, Refusal):
            return unit
        if line is None:
            return None
        self._line_octets = 0
        return line[:-2]

    def accept_message(self) -> None:
        """Let the octets come that a :class:`MessageHead` announced."""
        self._step = self._read_message

    def refuse_message(self, *, coming: bool) -> None:
        """Drop what is left of the message, and of the command.

        Arguments:
            coming: whether the client sends the octets all the same.
        """
        if coming:
            self._drop_literal(self._due)
        else:
            self._next_command()

    # ------------------------------------------------------------------------------- lines

    def _cut_line(self) -> bytes | None:
        """Take a line with its CRLF. None: not there yet, or refused."""
        room = max(self.bounds.line - self._line_octets, 0)
        end = self._buffer.find(b"\n", self._scanned, room)
        if end < 0:
            self._scanned = min(len(self._buffer), room)
            if len(self._buffer) >= room:
                tag = tag_of(self._first_line or bytes(self._buffer[:room]))
                self._untouched = False
                self._step = self._skip
                self._scanned = 0
                self._unit = Refusal("Line too long", tag)
            return None
        line = self._take(end + 1)
        self._line_octets += len(line)
        if line.endswith(b"\r\n") and line.find(b"\r") == len(line) - 2:
            return line
        # A bare LF ends the line nonetheless: a client that knows no better gets to know at once,
        # instead of waiting for an answer that never comes.
        tag = tag_of(self._first_line or line)
        self._refuse(line, Refusal("Lines end in CRLF, and hold no CR or LF", tag))
        return None

    def _read_line(self) -> bool:
        line = self._cut_line()
        if line is None:
            return self._unit is not None
        if not self._first_line:
            self._first_line = line
            self._untouched = False
            refusal = self._admit(line[:-2])
            if refusal is not None:
                self._refuse(line, refusal)
                return True
        announced = announcement(line)
        if announced is None:
            self._end(line[:-2])
        elif self._is_message(announced):
            self._announce(announced)
        else:
            self._expect_literal(line, announced)
        return True

    def _end(self, line: bytes) -> None:
        """Bring a command out: its last line is here."""
        if self._parts or self._in_append:
            self._parts.append(line)
            data = b"".join(self._parts)
            self._unit = MessageEnd(data) if self._in_append else Frame(data)
            self._next_command()
        else:
            # Of a command of one line nothing else is to be forgotten.
            self._unit = Frame(line)
            self._untouched = True
            self._first_line = b""
            self._line_octets = 0

    def _wait(self) -> bool:
        return False

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._scanned = 0
        return data

    # ---------------------------------------------------------------------------- literals

    def _expect_literal(self, line: bytes, announced: Announcement) -> None:
        bounds = self.bounds
        self._literal_octets += announced.size
        self._literal_count += 1
        allowed = bounds.literal if announced.synchronizing else bounds.non_synchronizing
        if (
            announced.size > allowed
            or self._literal_octets > bounds.literals
            or self._literal_count > bounds.literals_count
        ):
            self._refuse(line, Refusal("Literal too big", tag_of(self._first_line), TOO_BIG))
            return
        self._parts.append(line)
        self._due = announced.size
        self._step = self._read_literal
        if announced.synchronizing:
            self._unit = Ready()

    def _read_literal(self) -> bool:
        if len(self._buffer) < self._due:
            return False
        self._parts.append(self._take(self._due))
        self._step = self._read_line
        return True

    # ---------------------------------------------------------------------------- messages

    def _is_message(self, announced: Announcement) -> bool:
        before = announced.before
        if not self._in_append:
            first = self._parts[0] if self._parts else before
            if _APPEND.match(first) is None:
                return False
            if not self._parts and _APPEND.fullmatch(first) is not None:
                return False
        self._in_catenate = self._in_catenate or _CATENATE.search(before) is not None
        return not (self._in_catenate and _URL.search(before[-_URL_TAIL:]))

    def _announce(self, announced: Announcement) -> None:
        self._parts.append(announced.before)
        data = b"".join(self._parts)
        binary = data.endswith(b"~")
        self._unit = MessageHead(
            data.removesuffix(b"~"),
            announced.size,
            announced.synchronizing,
            binary,
            first=not self._in_append,
        )
        self._in_append = True
        self._parts = []
        self._due = announced.size
        self._step = self._wait

    def _read_message(self) -> bool:
        if self._due == 0:
            self._step = self._read_line
            self._line_octets = 0
            return True
        data = self._take(min(self._due, _CHUNK))
        self._due -= len(data)
        if data:
            self._unit = MessageChunk(data)
        return bool(data)

    # ---------------------------------------------------------------------------- refusals

    def _refuse(self, line: bytes, refusal: Refusal) -> None:
        self._unit = refusal
        self._after_refused(line)

    def _after_refused(self, line: bytes) -> None:
        """Drop the literal that this line of a refused command announces.

        The client waits for "+" before it sends a synchronizing one, and gets our BAD instead: the
        command ends with this line.
        """
        announced = announcement(line)
        if announced is None or announced.synchronizing:
            self._next_command()
        else:
            self._drop_literal(announced.size)

    def _drop_literal(self, size: int) -> None:
        self._untouched = False
        self._swallowed += size
        if self._swallowed > self.bounds.swallow:
            tag = tag_of(self._first_line)
            self._unit = Refusal("Literal too big", tag, TOO_BIG, Status.BYE)
            return
        self._due = size
        self._step = self._swallow

    def _swallow(self) -> bool:
        dropped = min(self._due, len(self._buffer))
        del self._buffer[:dropped]
        self._scanned = 0
        self._due -= dropped
        if self._due:
            return False
        self._step = self._skip
        return True

    def _skip(self) -> bool:
        end = self._buffer.find(b"\n", self._scanned)
        if end < 0:
            del self._buffer[:-_TAIL]
            self._scanned = len(self._buffer)
            return False
        self._after_refused(self._take(end + 1)[-_TAIL:])
        return True
