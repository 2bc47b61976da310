"""A place in a complete command, and the way that all parsers move it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TypeVar

from mailcore.imap.types import ResponseCode, Status

T = TypeVar("T")

MAX_32 = (1 << 32) - 1
MAX_63 = (1 << 63) - 1

# number          =  1*DIGIT              ; 32 bits
# number64        =  1*DIGIT              ; 63 bits
_NUMBER = re.compile(rb"[0-9]{1,10}+(?![0-9])")
_NUMBER64 = re.compile(rb"[0-9]{1,19}+(?![0-9])")
# The words of the grammar: verbs, search keys, options.
_WORD = re.compile(rb"[A-Za-z][A-Za-z0-9.=\-]*+")


class ParseError(Exception):
    """The command is not in the grammar.

    Arguments:
        text: for the client; never holds what the client sent.
        code: response code.
        status: BAD, or NO where the RFC says so.
    """

    def __init__(
        self, text: str, code: ResponseCode | None = None, status: Status = Status.BAD
    ) -> None:
        super().__init__(text)
        self.text = text
        self.code = code
        self.status = status


class Cursor:
    """Immutable octets and a position that only moves forward.

    Arguments:
        buf: the command.
        pos: where to begin.
        depth: how much deeper it may nest.
        ranges: the most ranges in a sequence set.
        utf8: whether mailbox names are UTF-8 throughout (RFC 6855, RFC 9051 §5.1).
    """

    __slots__ = ("buf", "codec", "depth", "pos", "ranges", "utf8")

    def __init__(
        self,
        buf: bytes,
        pos: int = 0,
        depth: int = 32,
        *,
        ranges: int = 10_000,
        utf8: bool = False,
    ) -> None:
        self.buf = buf
        self.pos = pos
        self.depth = depth
        self.ranges = ranges
        self.utf8 = utf8
        #: In which codec the strings of a SEARCH are.
        self.codec = "utf-8"

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """Move behind the pattern if it is here."""
        found = pattern.match(self.buf, self.pos)
        if found is not None:
            self.pos = found.end()
        return found

    def need(self, pattern: re.Pattern[bytes], what: str) -> re.Match[bytes]:
        """Move behind the pattern, which has to be here."""
        found = pattern.match(self.buf, self.pos)
        if found is None:
            raise ParseError(f"Expected {what}")
        self.pos = found.end()
        return found

    def at(self, text: bytes) -> bool:
        """Tell whether this is what comes next."""
        return self.buf.startswith(text, self.pos)

    def skip(self, text: bytes) -> bool:
        """Move behind the text if it is here."""
        if not self.buf.startswith(text, self.pos):
            return False
        self.pos += len(text)
        return True

    def expect(self, text: bytes, what: str) -> None:
        """Move behind the text, which has to be here."""
        if not self.buf.startswith(text, self.pos):
            raise ParseError(f"Expected {what}")
        self.pos += len(text)

    def space(self) -> None:
        """Move behind SP."""
        if not self.buf.startswith(b" ", self.pos):
            raise ParseError("Expected a space")
        self.pos += 1

    def end(self) -> None:
        """Make sure that nothing is left."""
        if self.pos != len(self.buf):
            raise ParseError("Unexpected text behind the command")

    def peek_word(self) -> str:
        """Return the word that comes next in upper case, or "", and stay."""
        found = _WORD.match(self.buf, self.pos)
        return found[0].decode("ascii").upper() if found else ""

    def word(self, what: str) -> str:
        """Return the word that comes next in upper case."""
        return self.need(_WORD, what)[0].decode("ascii").upper()

    def skip_word(self, word: str) -> bool:
        """Move behind the word, in any letter case, if it is here."""
        if self.peek_word() != word:
            return False
        self.pos += len(word)
        return True

    def number(self, what: str = "a number") -> int:
        """Return a number of 32 bits."""
        return self._bounded(int(self.need(_NUMBER, what)[0]), MAX_32)

    def number64(self, what: str = "a number") -> int:
        """Return a number of 63 bits."""
        return self._bounded(int(self.need(_NUMBER64, what)[0]), MAX_63)

    def positive64(self, what: str = "a number") -> int:
        """Return a number of 63 bits above zero."""
        value = self.number64(what)
        if value == 0:
            raise ParseError("Zero is not allowed here")
        return value

    @staticmethod
    def _bounded(value: int, largest: int) -> int:
        if value > largest:
            raise ParseError("Number too large")
        return value

    def deeper(self, parse: Callable[[Cursor], T]) -> T:
        """Parse one level further down, within the limit that stands in for the Python stack."""
        if self.depth <= 0:
            raise ParseError("Nested too deeply")
        self.depth -= 1
        value = parse(self)
        self.depth += 1
        return value

    def bracketed(self, parse: Callable[[Cursor], T], what: str, *, empty: bool = False) -> list[T]:
        """Parse ``"(" item *(SP item) ")"``.

        Arguments:
            parse: for one item.
            what: stands here, for the error.
            empty: whether ``()`` will do.
        """
        self.expect(b"(", what)
        if empty and self.skip(b")"):
            return []
        items = [self.deeper(parse)]
        while self.skip(b" "):
            items.append(self.deeper(parse))
        self.expect(b")", "a closing bracket")
        return items
