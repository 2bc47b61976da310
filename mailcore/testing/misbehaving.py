"""Servers that answer as servers do, until something breaks."""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Final, Literal, get_args

from mailcore.channel import Channel
from mailcore.flow import CLOSE, NEED_DATA, Step
from mailcore.testing.scripted import serving
from mailcore.testing.server import Address

Protocol = Literal["imap", "smtp"]

#: What may break, once in a session: the answer ends in the middle, or with half a literal; it is
#: something else, or says goodbye; its lines end in LF, hold no UTF-8, have another tag or code, or
#: are as long as a small book.
Breakage = Literal[
    "cut",
    "long literal",
    "garbage",
    "goodbye",
    "bare LF",
    "no UTF-8",
    "wrong tag",
    "huge line",
]
BREAKAGES: Final[tuple[Breakage, ...]] = get_args(Breakage)

_HUGE: Final = 1 << 20
_LITERAL: Final = re.compile(rb"\{(\d+)(\+?)\}$")
_IMAP_ANSWERS: Final = {
    b"CAPABILITY": b"* CAPABILITY IMAP4rev1 IDLE UIDPLUS\r\n",
    b"SELECT": b"* 2 EXISTS\r\n* 0 RECENT\r\n* FLAGS (\\Seen)\r\n* OK [UIDVALIDITY 1] x\r\n",
    b"LIST": b'* LIST (\\HasNoChildren) "/" INBOX\r\n',
    b"SEARCH": b"* SEARCH 1 2\r\n",
    b"STATUS": b"* STATUS INBOX (MESSAGES 2)\r\n",
    b"FETCH": b"* 1 FETCH (UID 1 FLAGS (\\Seen) BODY[] {16}\r\nSubject: x\r\n\r\nab)\r\n",
    b"LOGOUT": b"* BYE goodbye\r\n",
}
_SMTP_ANSWERS: Final = {
    b"EHLO": b"250-here\r\n250-8BITMIME\r\n250 SIZE 1000000\r\n",
    b"DATA": b"354 go\r\n",
    b"QUIT": b"221 bye\r\n",
}


@dataclass(frozen=True, slots=True)
class BrokenSession:
    """How a server behaves on one connection.

    Arguments:
        protocol: that it speaks.
        breakage: what breaks; None for nothing.
        at: in which answer, the greeting being 0.
        extra: octets before each answer of IMAP: untagged responses that nobody asked for.
        refused: the answers, by number, that are NO or 550.
        noise: what comes in the place of an answer ("garbage").
        share: how much of an answer comes ("cut"), between 0 and 1.
    """

    protocol: Protocol
    breakage: Breakage | None = None
    at: int = 0
    extra: tuple[bytes, ...] = ()
    refused: frozenset[int] = frozenset()
    noise: bytes = field(default=b"", repr=False)
    share: float = 0.5

    def serving(self, *, tls: bool = False) -> AbstractContextManager[Address]:
        """Behave so on a free port while the block runs; give where to connect to.

        Arguments:
            tls: from the start, with a certificate that ``mailcore.testing`` makes.
        """
        return serving(lambda peer: _Peer(self), tls=tls)

    def broken(self, answer: bytes) -> tuple[bytes, bool]:
        """Return what comes of an answer, and whether the connection ends with it."""
        match self.breakage:
            case "cut":
                return answer[: int(len(answer) * self.share)], True
            case "long literal":
                return b"* 1 FETCH (BODY[] {100000}\r\n" + self.noise, True
            case "garbage":
                return self.noise, True
            case "goodbye":
                return (b"* BYE " if self.protocol == "imap" else b"421 ") + b"bye\r\n", True
            case "bare LF":
                return answer.replace(b"\r\n", b"\n"), False
            case "no UTF-8":
                return answer.replace(b"\r\n", b" \xff\xfe\r\n"), False
            case "wrong tag":
                wrong = answer.replace(b"250", b"999")
                return re.sub(rb"(?m)^[^*+ ]+(?= (?:OK|NO))", b"nobody", wrong), False
            case "huge line":
                return b"* OK " + b"x" * _HUGE + b"\r\n" + answer, False
        return answer, False


class _Peer:
    """A :class:`mailcore.flow.Session` that behaves so."""

    wake: Callable[[], None]
    logged_in = True
    timeout = 10.0
    delay = 0.0

    def __init__(self, plan: BrokenSession) -> None:
        self._plan = plan
        self._input = bytearray()
        self._ended = False
        self._count = 0
        #: Octets of a literal that come before the rest of the command.
        self._literal = 0
        self._line = b""
        self._in_message = False

    def receive_data(self, data: bytes) -> None:
        self._input += data

    def receive_eof(self) -> None:
        self._ended = True

    async def step(self) -> Step:
        if self._count == 0:
            greeting = b"* OK ready\r\n" if self._plan.protocol == "imap" else b"220 ready\r\n"
            return self._say(greeting)
        while not self._ended:
            taken = self._take_line()
            if taken is None:
                return NEED_DATA
            if answer := self._answer(taken):
                return self._say(answer)
        return CLOSE

    def _say(self, answer: bytes) -> bytes:
        number, self._count = self._count, self._count + 1
        if number == self._plan.at:
            answer, self._ended = self._plan.broken(answer)
        return answer

    def _take_line(self) -> bytes | None:
        """Return a line of the client, without its CRLF; a literal in it is dropped."""
        if self._literal:
            dropped = min(self._literal, len(self._input))
            del self._input[:dropped]
            self._literal -= dropped
            if self._literal:
                return None
        line, end, rest = bytes(self._input).partition(b"\r\n")
        if not end:
            return None
        self._input[:] = rest
        return line

    def _answer(self, line: bytes) -> bytes:
        """Return what is said to a line; b"" for nothing yet."""
        return self._answer_imap(line) if self._plan.protocol == "imap" else self._answer_smtp(line)

    def _answer_imap(self, line: bytes) -> bytes:
        literal = _LITERAL.search(line)
        if literal is not None:
            self._literal = int(literal[1])
            self._line = self._line or line
            return b"" if literal[2] else b"+ go\r\n"
        line, self._line = self._line or line, b""
        tag, _, rest = line.partition(b" ")
        verb = rest.upper().removeprefix(b"UID ").partition(b" ")[0]
        if verb == b"IDLE":
            return b"+ idling\r\n"
        if verb == b"LOGOUT":
            self._ended = True
        if line.upper() == b"DONE":
            tag = b"*"
        status = b"NO" if self._count in self._plan.refused else b"OK"
        extra = self._plan.extra[self._count % len(self._plan.extra)] if self._plan.extra else b""
        return b"%b%b%b %b done\r\n" % (extra, _IMAP_ANSWERS.get(verb, b""), tag, status)

    def _answer_smtp(self, line: bytes) -> bytes:
        if self._in_message:
            self._in_message = line != b"."
            return b"" if self._in_message else b"250 taken\r\n"
        verb = line.upper().partition(b" ")[0]
        if self._count in self._plan.refused:
            return b"550 no\r\n"
        self._in_message = verb == b"DATA"
        self._ended = verb == b"QUIT"
        return _SMTP_ANSWERS.get(verb, b"250 fine\r\n")

    def timed_out(self) -> None:
        self._ended = True

    def shut_down(self, reason: str) -> None:
        self._ended = True

    def tls_started(self, channel: Channel) -> None:
        pass

    async def aclose(self) -> None:
        pass
