"""Octets to command lines: the only place that waits for octets and counts them."""

from __future__ import annotations

from enum import Enum, auto


class LineFault(Enum):
    """Why a line is not handed out. It has been consumed."""

    TOO_LONG = auto()
    BARE_CR_OR_LF = auto()


class Framer:
    """A buffer that lines are taken from. A line that is too long is never held as a whole.

    Arguments:
        bare_lf: whether a bare LF may end a line (:attr:`Quirk.BARE_LF_COMMANDS`).
    """

    __slots__ = ("_bare_lf", "_buffer", "_scanned", "_skipping")

    def __init__(self, *, bare_lf: bool = False) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._skipping = False
        self._bare_lf = bare_lf

    def __len__(self) -> int:
        return len(self._buffer)

    @property
    def mid_line(self) -> bool:
        """Whether octets wait for the rest of their line."""
        return self._skipping or bool(self._buffer)

    @property
    def skipping(self) -> bool:
        """Whether a line that is too long has not yet come to its end."""
        return self._skipping

    def receive(self, data: bytes) -> None:
        """Add octets at the end."""
        self._buffer += data

    def peek(self) -> bytes:
        """Return what is there and leave it."""
        return bytes(self._buffer)

    def starts_with(self, prefix: bytes) -> bool:
        """Tell whether the next octets are these, in any letter case."""
        return self._buffer[: len(prefix)].upper() == prefix

    def take(self, size: int | None = None) -> bytes:
        """Take what is there, at most ``size`` octets, without regard to lines."""
        data = bytes(self._buffer if size is None else self._buffer[:size])
        self._drop(len(data))
        return data

    def next_line(self, limit: int) -> bytes | LineFault | None:
        """Take the next line, without its line end; None if it is not complete yet.

        A bare LF ends a line that is then refused: a client that ends all its lines so gets to
        know at once, instead of waiting for a reply that never comes.

        Arguments:
            limit: the most octets that a line may have, line end included.
        """
        if self._skipping:
            return self._skip()
        end = self._buffer.find(b"\n", self._scanned, limit)
        if end < 0:
            self._scanned = len(self._buffer)
            if self._scanned < limit:
                return None
            self._skipping = True
            return self._skip()
        line = bytes(self._buffer[:end])
        self._drop(end + 1)
        if line.endswith(b"\r"):
            line = line[:-1]
        elif not self._bare_lf:
            return LineFault.BARE_CR_OR_LF
        return LineFault.BARE_CR_OR_LF if b"\r" in line else line

    def _skip(self) -> LineFault | None:
        """Drop the rest of a line that is too long; report it once its CRLF has come."""
        end = self._buffer.find(b"\r\n")
        if end >= 0:
            self._drop(end + 2)
            self._skipping = False
            return LineFault.TOO_LONG
        keep = 1 if self._buffer.endswith(b"\r") else 0
        self._drop(len(self._buffer) - keep)
        return None

    def _drop(self, size: int) -> None:
        del self._buffer[:size]
        self._scanned = 0
