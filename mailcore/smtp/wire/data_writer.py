"""The octets of a message on their way out: dots doubled, the end marked (RFC 5321 §4.5.2)."""

from __future__ import annotations

from mailcore.errors import LocalProtocolError

_CRLF = b"\r\n"
_END = b"\r\n.\r\n"


class DataEncoder:
    """One message on its way out: dots are doubled, and the end is marked."""

    __slots__ = ("_line_start", "_pending_cr")

    def __init__(self) -> None:
        self._line_start = True
        self._pending_cr = False

    def feed(self, data: bytes) -> bytes:
        """Return what stands for these octets on the wire. A CRLF may be cut in two.

        Raises:
            LocalProtocolError: a bare CR, a bare LF or a NUL; what came before it is on its way,
                so the connection must be dropped without an end of data.
        """
        if not data:
            return b""
        text = b"\r" + data if self._pending_cr else data
        self._pending_cr = text.endswith(b"\r")
        if self._pending_cr:
            text = text[:-1]
        pairs = text.count(_CRLF)
        if text.count(b"\r") != pairs or text.count(b"\n") != pairs or b"\0" in text:
            raise LocalProtocolError("a bare CR, a bare LF or a NUL in a message")
        if not text:
            return b""
        stuffed = text.replace(b"\r\n.", b"\r\n..")
        if self._line_start and text.startswith(b"."):
            stuffed = b"." + stuffed
        self._line_start = text.endswith(b"\n")
        return stuffed

    def end(self) -> bytes:
        """Return the end of data, after a CRLF if the message has none at its end.

        Raises:
            LocalProtocolError: the message ends in a bare CR.
        """
        if self._pending_cr:
            raise LocalProtocolError("a bare CR at the end of a message")
        return b".\r\n" if self._line_start else _END


def with_crlf(message: bytes) -> bytes:
    """Make each CR, LF and CRLF of a message a CRLF, and end it with one.

    Do so before a message is signed: a signature covers the octets that are sent (RFC 6376 §5.3).
    """
    pairs = message.count(_CRLF)
    if message.count(b"\r") != pairs or message.count(b"\n") != pairs:
        message = message.replace(_CRLF, b"\n").replace(b"\r", b"\n").replace(b"\n", _CRLF)
    return message if message.endswith(_CRLF) or not message else message + _CRLF
