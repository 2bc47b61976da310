"""The octets of a message after DATA: where they end, and the dots in them (RFC 5321 §4.5.2).

End of data is CRLF ``.`` CRLF and nothing else. Servers that took a bare LF or CR for a line end
let one message smuggle in another; so what holds one is read to its true end and then refused.
"""

from __future__ import annotations

from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.smtp.types import Reply

_CRLF = b"\r\n"
_END = b"\r\n.\r\n"

STRAY_OCTETS = Reply.of(550, "5.6.11", "A bare CR, a bare LF or a NUL is not allowed in a message")
LINE_TOO_LONG = Reply.of(500, "5.5.2", "A line of the message is too long")
MESSAGE_TOO_BIG = Reply.of(552, "5.3.4", "The message is larger than this server takes")


class DataDecoder:
    """One message on its way in. Holds back four octets at the most.

    Arguments:
        limits: ``message_size`` and ``smtp_text_line`` count.
    """

    __slots__ = ("_column", "_held", "_lead_in", "_limits", "_long", "_stray", "ended", "size")

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        # The line before the message ended in CRLF, so that an immediate "." is the end as well.
        self._held = _CRLF
        self._lead_in = len(_CRLF)
        self._column = 0
        self._stray = False
        self._long = False
        #: Octets of the message so far.
        self.size = 0
        #: Whether the end of data was seen.
        self.ended = False

    @property
    def fault(self) -> Reply | None:
        """Why the message is to be refused, or None. The same however the octets were cut."""
        if self._stray:
            return STRAY_OCTETS
        if self._long:
            return LINE_TOO_LONG
        return MESSAGE_TOO_BIG if self.size > self._limits.message_size else None

    def feed(self, data: bytes) -> tuple[bytes, bytes]:
        """Take octets; return those of the message, unstuffed, and those behind its end.

        Once there is a fault no more octets of the message are returned.
        """
        text, rest = self._unstuff(self._held + data)
        if not text:
            return b"", rest
        self._check(text)
        text = text[self._lead_in :]
        self._lead_in = 0
        self.size += len(text)
        return (b"" if self.fault else text), rest

    def _unstuff(self, data: bytes) -> tuple[bytes, bytes]:
        end = data.find(_END)
        if end >= 0:
            self.ended = True
            message, rest = end + len(_CRLF), end + len(_END)
        else:
            # What may yet become the end, or a dot to be dropped, waits for the next octets.
            held = next(size for size in (4, 3, 2, 1, 0) if data.endswith(_END[:size]))
            message = len(data) - held
            self._held = data[message:]
            rest = len(data)
        return data[:message].replace(b"\r\n.", _CRLF), data[rest:]

    def _check(self, text: bytes) -> None:
        """Look for faults. The bounds of ``text`` never cut a CRLF in two."""
        pairs = text.count(_CRLF)
        if text.count(b"\r") != pairs or text.count(b"\n") != pairs or b"\0" in text:
            self._stray = True
        # Each line but the last lacks its LF here, so one as long as the limit is over it.
        lengths = [len(line) for line in text.split(b"\n")]
        lengths[0] += self._column
        self._column = lengths[-1]
        if max(lengths) >= self._limits.smtp_text_line:
            self._long = True
