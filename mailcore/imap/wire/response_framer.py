"""Octets to whole responses: the client's twin of :mod:`mailcore.imap.wire.framer`.

A server's literals come without being asked for, so there is nothing to decide here. A big one that
is a body of FETCH or of URLFETCH goes through in chunks; any other is held until its response is
complete.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum, auto

from mailcore.errors import RemoteProtocolError
from mailcore.imap.wire.bounds import ResponseBounds
from mailcore.imap.wire.framer import Announcement, Frame, MessageChunk, announcement

# message-data    =  nz-number SP ("EXPUNGE" / ("FETCH" SP msg-att)) ; UIDFETCH: RFC 9586 §4
_FETCH = re.compile(rb"\* [0-9]++ (?:UID)?FETCH \(", re.IGNORECASE)
# RFC 4467 §9: what is big there is what a URL names; the URL itself is not.
_URL_FETCH = re.compile(rb"\* URLFETCH ", re.IGNORECASE)
# msg-att-static  =  ... "BODY" section ["<" number64 ">"] SP nstring / "RFC822" [...] SP nstring
# A literal8 is marked with "~" (RFC 3516 §4.2).
_BODY = re.compile(rb"(?:\]|\]<[0-9]++>|RFC822(?:\.HEADER|\.TEXT)?) ~?\Z", re.IGNORECASE)
_BODY_TAIL = 40
# resp-text       =  ["[" resp-text-code "]" SP] [text]
# Text for people may end like an announcement; there is no literal in it but in a response code.
_TEXT = re.compile(
    rb"\+|[^ ]++ (?:OK|NO|BAD|BYE|PREAUTH)(?: \[[^\]]*+\]| (?!\[)|\r)", re.IGNORECASE
)
_CHUNK = 64 * 1024


@dataclass(frozen=True, slots=True)
class BodyHead:
    """A FETCH or URLFETCH response as far as a body that streams.

    Arguments:
        data: what stands before its literal; of later bodies only what follows the one before.
        size: octets of the body.
        first: whether ``data`` begins with ``*``.
        of_url: whether it is a URLFETCH response.
    """

    data: bytes
    size: int
    first: bool
    of_url: bool = False


@dataclass(frozen=True, slots=True)
class BodyTail:
    """What stands behind the last body that streamed, without the CRLF."""

    data: bytes
    of_url: bool = False


Unit = Frame | BodyHead | MessageChunk | BodyTail


class _Mode(Enum):
    LINE = auto()
    LITERAL = auto()
    BODY = auto()


class ResponseFramer:
    """A buffer that responses are taken from.

    Arguments:
        bounds: what a response may be; may be set anew between two responses.
    """

    def __init__(self, bounds: ResponseBounds) -> None:
        self.bounds = bounds
        self._buffer = bytearray()
        self._scanned = 0
        self._unit: Unit | None = None
        self._steps: dict[_Mode, Callable[[], bool]] = {
            _Mode.LINE: self._read_line,
            _Mode.LITERAL: self._read_literal,
            _Mode.BODY: self._read_body,
        }
        self._next_response()

    def _next_response(self) -> None:
        self._mode = _Mode.LINE
        self._parts: list[bytes] = []
        self._is_fetch = False
        self._is_url_fetch = False
        # Whether a body of this response has streamed.
        self._streaming = False
        # Octets of lines, and of lines and held literals together.
        self._lines = 0
        self._held = 0
        # Octets that are still to come of the literal in hand.
        self._due = 0

    def __len__(self) -> int:
        return len(self._buffer)

    @property
    def between(self) -> bool:
        """Whether no response has begun."""
        return not self._buffer and not self._parts and not self._streaming

    def receive(self, data: bytes) -> None:
        """Add octets at the end."""
        self._buffer += data

    def take_rest(self) -> bytes:
        """Return what was not read, between two responses: it is not what it looks like."""
        return self._take(len(self._buffer))

    def next_unit(self) -> Unit | None:
        """Return what comes next of the responses; None if more octets are needed.

        Raises:
            RemoteProtocolError: too much, or a line that does not end in CRLF.
        """
        while self._unit is None and self._steps[self._mode]():
            pass
        unit, self._unit = self._unit, None
        return unit

    def _read_line(self) -> bool:
        line = self._cut_line()
        if line is None:
            return False
        is_first = not self._parts and not self._streaming
        if is_first:
            self._is_fetch = _FETCH.match(line) is not None
            self._is_url_fetch = _URL_FETCH.match(line) is not None
        announced = None if is_first and _TEXT.match(line) else announcement(line)
        if announced is None:
            self._parts.append(line[:-2])
            data = b"".join(self._parts)
            self._unit = BodyTail(data, self._is_url_fetch) if self._streaming else Frame(data)
            self._next_response()
        elif announced.size > self.bounds.streamed and self._is_body(announced):
            self._parts.append(announced.before.removesuffix(b"~"))
            data = b"".join(self._parts)
            self._unit = BodyHead(data, announced.size, not self._streaming, self._is_url_fetch)
            self._parts = []
            self._streaming = True
            self._due = announced.size
            self._mode = _Mode.BODY
        else:
            self._expect_literal(line, announced.size)
        return True

    def _cut_line(self) -> bytes | None:
        room = max(self.bounds.line - self._lines, 0)
        end = self._buffer.find(b"\n", self._scanned, room)
        if end < 0:
            if len(self._buffer) >= room:
                raise RemoteProtocolError("a line of a response is too long")
            self._scanned = len(self._buffer)
            return None
        line = self._take(end + 1)
        if line.find(b"\r") != len(line) - 2:
            raise RemoteProtocolError("lines of a response end in CRLF, and hold no CR or LF")
        self._lines += len(line)
        self._hold(len(line))
        return line

    def _is_body(self, announced: Announcement) -> bool:
        if self._is_url_fetch:
            return True
        return self._is_fetch and _BODY.search(announced.before[-_BODY_TAIL:]) is not None

    def _expect_literal(self, line: bytes, size: int) -> None:
        if size > self.bounds.literal:
            raise RemoteProtocolError("a literal of a response is too big")
        self._hold(size)
        self._parts.append(line)
        self._due = size
        self._mode = _Mode.LITERAL

    def _hold(self, octets: int) -> None:
        self._held += octets
        if self._held > self.bounds.response:
            raise RemoteProtocolError("a response is too big")

    def _read_literal(self) -> bool:
        if len(self._buffer) < self._due:
            return False
        self._parts.append(self._take(self._due))
        self._mode = _Mode.LINE
        return True

    def _read_body(self) -> bool:
        if self._due == 0:
            self._mode = _Mode.LINE
            return True
        data = self._take(min(self._due, _CHUNK))
        self._due -= len(data)
        if data:
            self._unit = MessageChunk(data)
        return bool(data)

    def _take(self, size: int) -> bytes:
        data = bytes(self._buffer[:size])
        del self._buffer[:size]
        self._scanned = 0
        return data
