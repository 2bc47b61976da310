"""Octets to replies: what a server says, within bounds (RFC 5321 §4.2). The client's framer."""

from __future__ import annotations

import re

from mailcore.errors import RemoteProtocolError
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.framer import Framer, LineFault
from mailcore.smtp.wire.replies import ENHANCED

# Reply-line = *( Reply-code "-" [ textstring ] CRLF ) Reply-code [ SP textstring ] CRLF
_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])(.*))?", re.DOTALL)
# Also RFC 6531 §3.7.4.2: UTF-8 text. What a terminal or a log could take for a command is no text.
_NOT_TEXT = re.compile("[\x00-\x08\x0a-\x1f\x7f-\x9f\u2028\u2029]")
# The lines of a challenge hold base64, which has no enhanced code (RFC 4954 §4).
_CHALLENGE = 334


class ReplyReader:
    """A buffer that whole replies are taken from.

    Arguments:
        limits: ``smtp_reply_line``, ``smtp_reply_lines`` and ``smtp_auth_line`` count.
    """

    __slots__ = ("_code", "_framer", "_limits", "_lines")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._framer = Framer()
        self._code: int | None = None
        self._lines: list[str] = []

    @property
    def mid_reply(self) -> bool:
        """Whether a reply has begun and not yet come to its end."""
        return self._code is not None or self._framer.mid_line

    def receive(self, data: bytes) -> None:
        """Add octets at the end."""
        self._framer.receive(data)

    def peek(self) -> bytes:
        """Return what is there and leave it."""
        return self._framer.peek()

    def next_reply(self) -> Reply | None:
        """Take the next reply; None if it is not complete yet.

        Raises:
            RemoteProtocolError: what came is no reply, or a larger one than anybody needs.
        """
        while True:
            line = self._framer.next_line(self._line_limit())
            if self._framer.skipping or line is LineFault.TOO_LONG:
                raise RemoteProtocolError("a reply line that is too long")
            if line is LineFault.BARE_CR_OR_LF:
                raise RemoteProtocolError("a bare CR or LF in a reply line")
            if line is None:
                return None
            if self._take(line):
                code, lines = self._code, tuple(self._lines)
                self._code, self._lines = None, []
                assert code is not None
                return _split_enhanced(code, lines)

    def _line_limit(self) -> int:
        if self._framer.starts_with(b"334 "):
            return self._limits.smtp_auth_line
        return self._limits.smtp_reply_line

    def _take(self, line: bytes) -> bool:
        """Take a line; tell whether it is the last of its reply."""
        found = _LINE.fullmatch(line)
        if found is None:
            raise RemoteProtocolError(f"not a reply line: {line[:80]!r}")
        code = int(found[1])
        if self._code is not None and code != self._code:
            raise RemoteProtocolError(f"a reply that began as {self._code} goes on as {code}")
        if len(self._lines) >= self._limits.smtp_reply_lines:
            raise RemoteProtocolError("a reply of too many lines")
        self._code = code
        text = (found[3] or b"").decode(errors="backslashreplace")
        self._lines.append(_NOT_TEXT.sub("?", text))
        return found[2] != b"-"


def _split_enhanced(code: int, lines: tuple[str, ...]) -> Reply:
    """Take the enhanced code off the lines that carry it (RFC 2034 §4)."""
    first, _, _ = lines[0].partition(" ")
    if code == _CHALLENGE or not ENHANCED.fullmatch(first) or first[0] != str(code)[0]:
        return Reply(code, None, lines)
    prefix = first + " "
    texts = ("" if line == first else line.removeprefix(prefix) for line in lines)
    return Reply(code, first, tuple(texts))
