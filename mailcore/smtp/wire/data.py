"""The octets of a message after DATA or BDAT: where they end, what is wrong with them.

End of data is CRLF ``.`` CRLF and nothing else. Servers that took a bare LF or CR for a line end
let one message smuggle in another; so what holds one is read to its true end and then refused.
BDAT counts its octets (RFC 3030), and the same rules hold: the message may be sent on by DATA.
"""

from __future__ import annotations

import re
from io import IncrementalNewlineDecoder

from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.smtp.types import Reply

_CRLF = b"\r\n"
_END = b"\r\n.\r\n"
# What may yet become the end, or a dot to be dropped.
_BEGINNINGS = tuple(_END[:size] for size in (4, 3, 2, 1))
# An expression is twice as fast as find() where nothing is found, which is the rule.
_DOT = re.compile(rb"\r\n\.")

STRAY_OCTETS = Reply.of(550, "5.6.11", "A bare CR, a bare LF or a NUL is not allowed in a message")
LINE_TOO_LONG = Reply.of(500, "5.5.2", "A line of the message is too long")
MESSAGE_TOO_BIG = Reply.of(552, "5.3.4", "The message is larger than this server takes")


class LineCheck:
    """What a message of lines must not hold, told the same however its octets were cut.

    Arguments:
        limits: ``smtp_text_line`` counts.
    """

    __slots__ = ("_column", "_limit", "_line_ends", "_long", "_stray")

    def __init__(self, limits: Limits) -> None:
        self._limit = limits.smtp_text_line
        self._column = 0
        self._long = False
        self._stray = False
        # Notes which line ends it has seen, in one look at each octet.
        self._line_ends = IncrementalNewlineDecoder(None, translate=False)

    @property
    def fault(self) -> Reply | None:
        """Why the message is to be refused, or None."""
        if self._stray:
            return STRAY_OCTETS
        return LINE_TOO_LONG if self._long else None

    def look(self, text: bytes) -> None:
        """Take the next octets, whose bounds never cut a CRLF in two."""
        if self._stray:
            return
        self._line_ends.decode(text.decode("latin-1"), final=True)
        self._stray = self._line_ends.newlines not in (None, "\r\n") or b"\0" in text
        self._long = self._long or self._has_long_line(text)

    def _has_long_line(self, text: bytes) -> bool:
        """Leap from line to line, each time as far as one line may reach."""
        # Each line but the last lacks its LF here, so one as long as the limit is over it.
        limit, end = self._limit, len(text)
        start, reach = 0, limit - self._column
        while reach <= end:
            line_feed = text.rfind(b"\n", start, reach)
            if line_feed < 0:
                return True
            start = line_feed + 1
            reach = start + limit
        last = text.rfind(b"\n", start) + 1
        self._column = end - (last or reach - limit)
        return False


class ChunkDecoder:
    """One message on its way in by BDAT, in any number of chunks.

    Arguments:
        limits: ``message_size`` and ``smtp_text_line`` count.
        binary: BODY=BINARYMIME: any octet may stand anywhere (RFC 3030 §3).
    """

    __slots__ = ("_binary", "_held", "_limits", "_lines", "size")

    def __init__(self, limits: Limits = DEFAULT_LIMITS, *, binary: bool = False) -> None:
        self._limits = limits
        self._binary = binary
        self._lines = LineCheck(limits)
        # A CR at the end of what came: the LF may be in the next chunk.
        self._held = b""
        #: Octets of the message so far, those that were announced included.
        self.size = 0

    def announce(self, size: int) -> None:
        """Take note of what a chunk will have: a message that gets too big costs nothing then."""
        self.size += size

    def fault(self, *, last: bool = False) -> Reply | None:
        """Return why the message is to be refused, or None.

        Arguments:
            last: whether the message ends here.
        """
        if last and self._held:
            return STRAY_OCTETS
        too_big = MESSAGE_TOO_BIG if self.size > self._limits.message_size else None
        return self._lines.fault or too_big

    def feed(self, data: bytes) -> bytes:
        """Take octets of a chunk; return those to keep, which are none once there is a fault."""
        if not self._binary:
            text = self._held + data
            self._held = text[-1:] if text.endswith(b"\r") else b""
            self._lines.look(text[: len(text) - len(self._held)])
        return b"" if self.fault() else data


class DataDecoder:
    """One message on its way in by DATA (RFC 5321 §4.5.2). Holds back four octets at the most.

    Arguments:
        limits: ``message_size`` and ``smtp_text_line`` count.
    """

    __slots__ = ("_held", "_lead_in", "_limits", "_lines", "ended", "size")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        # The line before the message ended in CRLF, so that an immediate "." is the end as well.
        self._held = _CRLF
        self._lead_in = len(_CRLF)
        self._lines = LineCheck(limits)
        #: Octets of the message so far.
        self.size = 0
        #: Whether the end of data was seen.
        self.ended = False

    @property
    def fault(self) -> Reply | None:
        """Why the message is to be refused, or None. The same however the octets were cut."""
        too_big = MESSAGE_TOO_BIG if self.size > self._limits.message_size else None
        return self._lines.fault or too_big

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take octets; return those of the message, unstuffed, and those behind its end.

        Once there is a fault no more octets of the message are returned.
        """
        text, rest = self._unstuff(self._held + data)
        if not text:
            return b"", rest
        self._lines.look(text)
        text = text[self._lead_in :]
        self._lead_in = 0
        self.size += len(text)
        return (b"" if self.fault else text), rest

    def _unstuff(self, data: bytes) -> tuple[bytes, bytes]:
        dot = _DOT.search(data)
        end = -1 if dot is None else data.find(_END, dot.start())
        if end >= 0:
            self.ended = True
            message, rest = end + len(_CRLF), data[end + len(_END) :]
        else:
            held = next((one for one in _BEGINNINGS if data.endswith(one)), b"")
            message, rest = len(data) - len(held), b""
            self._held = held
        text = data[:message]
        return (text if dot is None else text.replace(b"\r\n.", _CRLF)), rest
