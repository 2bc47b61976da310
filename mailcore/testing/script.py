"""Dialogues from files, as the RFCs print them, and a peer that plays one side.

A script has one line for each line that is said::

    # Comments, and empty lines, are for readers.
    S: * OK ready
    C: a1 LOGIN anna <any>
    S: a1 OK welcome
    C: a2 FETCH 1 BODY[TEXT]
    S: * 1 FETCH (BODY[TEXT] {4}
    S~ ab
    -- close

=============  =================================================================================
``C:`` ``S:``  a line that the client or the server says, without its CRLF
``C~`` ``S~``  octets without a CRLF
``C=`` ``S=``  octets in base64
``-- tls``     a TLS handshake, after the answer to STARTTLS
``-- wait 2``  the one who speaks next waits so many seconds
``-- close``   the one who plays hangs up
=============  =================================================================================

In what the other side is to say, ``<any>`` stands for whatever is there, and so does ``<secret>``,
which a recorder writes for passwords. A client of IMAP chooses tags of its own: they count as those
of the script, and the answers have them. Verbs are the same in capitals and in small letters.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from mailcore.channel import Channel
from mailcore.flow import CLOSE, NEED_DATA, START_TLS, Step

Side = Literal["C", "S"]

_LINE: Final = re.compile(r"([CS])([:~=])(?: (.*))?")
_WAIT: Final = re.compile(r"-- wait (\d+(?:\.\d+)?)")
_ANY: Final = re.compile(rb"<any>|<secret>")
_TAGGED: Final = re.compile(rb"([^ *+]+) (?:OK|NO|BAD)\b")


class ScriptError(AssertionError):
    """The other side did not say what stands in the script, or the script is none."""


@dataclass(frozen=True, slots=True)
class Said:
    """Octets that one side says.

    Arguments:
        side: that says them.
        octets: with the CRLF of a line.
        is_line: whether they end where a line does; they have their length otherwise.
        number: of the line in the file.
    """

    side: Side
    octets: bytes
    is_line: bool
    number: int


@dataclass(frozen=True, slots=True)
class Happens:
    """Something else: "tls", "close" or "wait"."""

    what: str
    number: int
    seconds: float = 0.0


class Script:
    """A dialogue.

    Arguments:
        text: in the form above.
        name: for messages.

    Raises:
        ScriptError: a line is none of those above.
    """

    def __init__(self, text: str, name: str = "script") -> None:
        self.name = name
        self.steps = tuple(self._read(text))
        said = (step.octets for step in self.steps if isinstance(step, Said) and step.side == "S")
        #: The tags that answers have.
        self.tags = frozenset(found[1] for octets in said if (found := _TAGGED.match(octets)))

    @classmethod
    def load(cls, path: Path | str) -> Script:
        """Read a file in UTF-8."""
        return cls(Path(path).read_text("utf-8"), str(path))

    def _read(self, text: str) -> Iterator[Said | Happens]:
        for number, line in enumerate(text.splitlines(), 1):
            line = line.strip(" \t") if line.lstrip().startswith("--") else line.lstrip()
            if not line or line.startswith("#"):
                continue
            if found := _LINE.fullmatch(line):
                yield self._said(found, number)
            elif found := _WAIT.fullmatch(line):
                yield Happens("wait", number, float(found[1]))
            elif line in ("-- tls", "-- close"):
                yield Happens(line[3:], number)
            else:
                raise ScriptError(f"{self.name}, line {number}: what is {line!r}?")

    def _said(self, found: re.Match[str], number: int) -> Said:
        side: Side = "C" if found[1] == "C" else "S"
        text = found[3] or ""
        if found[2] == ":":
            return Said(side, text.encode() + b"\r\n", True, number)
        if found[2] == "~":
            return Said(side, text.encode(), False, number)
        try:
            return Said(side, base64.b64decode(text, validate=True), False, number)
        except ValueError:
            raise ScriptError(f"{self.name}, line {number}: no base64") from None


class ScriptedPeer:
    """Plays one side of a script: a :class:`mailcore.flow.Session` for any driver.

    Arguments:
        script: what is said.
        side: that is played here.
    """

    wake: Callable[[], None]
    logged_in = True
    timeout = 30.0

    def __init__(self, script: Script, side: Side) -> None:
        self.delay = 0.0
        #: What the other side did wrong; None so far.
        self.error: ScriptError | None = None
        self._script = script
        self._side = side
        self._next = 0
        self._input = bytearray()
        self._ended = False
        # What the client calls the tags of the script.
        self._tags: dict[bytes, bytes] = {}

    @property
    def done(self) -> bool:
        """Whether all of the script has been played."""
        return self._next == len(self._script.steps)

    def check(self) -> None:
        """Raise ScriptError unless all of the script has been played."""
        if self.error is None and not self.done:
            step = self._script.steps[self._next]
            waited = f"; {_quoted(step)} was expected" if isinstance(step, Said) else ""
            self._fail(f"this is as far as it came{waited}")
        if self.error is not None:
            raise self.error

    def receive_data(self, data: bytes) -> None:
        self._input += data

    def receive_eof(self) -> None:
        self._ended = True

    async def step(self) -> Step:
        return self.next_step()

    def next_step(self) -> Step:
        """:meth:`step`, for a driver without an event loop."""
        self.delay = 0.0
        output = bytearray()
        while self.error is None and not self.done:
            step = self._script.steps[self._next]
            if isinstance(step, Said) and step.side == self._side:
                output += self._with_tag(step.octets)
            elif isinstance(step, Happens) and step.what == "wait" and not output:
                self.delay += step.seconds
            elif output or self.delay:
                return bytes(output)
            elif isinstance(step, Said):
                if not self._hear(step):
                    return CLOSE if self.error else NEED_DATA
            else:
                self._next += 1
                return START_TLS if step.what == "tls" else CLOSE
            self._next += 1
        if output or self.delay:
            return bytes(output)
        if self._input and self.error is None:
            self._fail(f"nothing more was expected, and there came {bytes(self._input)!r}")
        # Whoever plays the server leaves the last word to the client.
        stays = self._side == "S" and self.error is None and not self._ended
        return NEED_DATA if stays else CLOSE

    def _hear(self, step: Said) -> bool:
        """Take what the other side had to say; return False if it is not all there, or wrong."""
        size = len(step.octets)
        if step.is_line:
            end = self._input.find(b"\r\n")
            size = len(self._input) + 1 if end < 0 else end + 2
        if len(self._input) < size:
            if self._ended:
                came = f" after {bytes(self._input)!r}" if self._input else ""
                self._fail(f"the connection ended{came}; {_quoted(step)} was expected")
            return False
        heard = bytes(self._input[:size])
        del self._input[:size]
        if not self._fits(step, heard):
            self._fail(f"{_quoted(step)} was expected, and there came {heard!r}")
            return False
        return True

    def _fits(self, step: Said, heard: bytes) -> bool:
        if not step.is_line:
            return heard == step.octets
        wanted = step.octets
        tag, _, rest = wanted.partition(b" ")
        if self._side == "S" and tag in self._script.tags:
            own_tag, _, heard = heard.partition(b" ")
            self._tags[tag] = own_tag
            wanted = rest
        pattern = b".*?".join(re.escape(piece) for piece in _ANY.split(wanted))
        if self._side == "S":  # a verb is the same in capitals
            verb = re.match(rb"[A-Za-z]*", pattern)
            assert verb is not None
            pattern = b"(?i:%b)%b" % (verb[0], pattern[verb.end() :])
        return re.fullmatch(pattern, heard, re.DOTALL) is not None

    def _with_tag(self, octets: bytes) -> bytes:
        tag, space, rest = octets.partition(b" ")
        return self._tags.get(tag, tag) + space + rest

    def _fail(self, what: str) -> None:
        number = self._script.steps[min(self._next, len(self._script.steps) - 1)].number
        self.error = ScriptError(f"{self._script.name}, line {number}: {what}")

    def timed_out(self) -> None:
        self._fail(f"nothing came for {self.timeout:g} s")

    def shut_down(self, reason: str) -> None:
        self._ended = True

    def tls_started(self, channel: Channel) -> None:
        pass

    async def aclose(self) -> None:
        pass


def _quoted(step: Said) -> str:
    return repr(step.octets.decode("utf-8", "backslashreplace").removesuffix("\r\n"))
