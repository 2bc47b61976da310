"""What was said on one connection lately, without its secrets.

While a client has yet to log in, each line is looked at as it comes and its secrets are never kept.
After that, and where nobody logs in, a piece of either side is one entry, cut in the middle if it
is long, and is made into lines only when somebody wants to read them: a connection that nobody
looks at costs an append.
"""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from mailcore.live.masking import Masking

Side = Literal["client", "server"]

#: Octets that are kept of both ends of a long piece, such as the body of a message.
_HEAD: Final = 1024
_TAIL: Final = 256
_LONG: Final = 2048
#: Octets that an entry costs, about, besides its own.
_ENTRY: Final = 64


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a transcript.

    Arguments:
        number: counts up; what was read before needs not be read again.
        at: seconds since 1970.
        side: who said it.
        text: without its end; octets that are not UTF-8 are written ``\\xNN``.
    """

    number: int
    at: float
    side: Side
    text: str


class Transcript:
    """A bounded record of one connection.

    Arguments:
        size: octets to keep, about.
        clock: seconds since 1970.
    """

    __slots__ = (
        "_careful",
        "_clock",
        "_entries",
        "_gap",
        "_lines",
        "_masking",
        "_numbers",
        "_size",
        "_used",
    )

    def __init__(self, size: int, clock: Callable[[], float] = time.time) -> None:
        self._size = size
        self._clock = clock
        self._careful = True
        self._masking = Masking()
        self._gap = False
        self._entries: deque[tuple[float, Side, bytes]] = deque()
        self._lines: deque[Line] = deque()
        self._numbers = itertools.count(1)
        self._used = 0

    def be_careful(self, careful: bool) -> None:
        """Say whether secrets may come: until the client has logged in."""
        self._careful = careful

    def add(self, side: Side, data: bytes) -> None:
        """Note octets of one side, of which the driver has no further use."""
        if len(data) > _LONG:
            elided = len(data) - _HEAD - _TAIL
            data = b"%b\n\xe2\x80\xa6 %d octets \xe2\x80\xa6\n%b" % (
                data[:_HEAD], elided, data[-_TAIL:]
            )  # fmt: skip
        self._entries.append((self._clock(), side, data))
        self._used += len(data) + _ENTRY
        if self._careful:
            self._make_lines()
        if self._used > self._size:
            self._forget()

    def clear(self) -> None:
        """Forget all that was said."""
        self._entries.clear()
        self._lines.clear()
        self._used = 0
        self._masking = Masking()

    def lines(self, after: int = 0) -> list[Line]:
        """Return what is kept, the oldest first.

        Arguments:
            after: number of the last line that is known already.
        """
        self._make_lines()
        return [line for line in self._lines if line.number > after]

    def _make_lines(self) -> None:
        if self._gap:
            self._gap, self._masking = False, Masking()
        for at, side, data in self._entries:
            self._used -= len(data) + _ENTRY
            made = self._masking.client(data) if side == "client" else self._masking.server(data)
            for text in made:
                line = Line(next(self._numbers), at, side, text.decode("utf-8", "backslashreplace"))
                self._lines.append(line)
                self._used += len(line.text) + _ENTRY
        self._entries.clear()

    def _forget(self) -> None:
        """Drop the oldest, some at a time: lines first, as entries are younger than all of them."""
        keep = self._size * 3 // 4
        while self._used > keep and self._lines:
            self._used -= len(self._lines.popleft().text) + _ENTRY
        while self._used > keep and len(self._entries) > 1:
            _, _, data = self._entries.popleft()
            self._used -= len(data) + _ENTRY
            # Of what follows, nobody knows in which line it begins.
            self._gap = True
