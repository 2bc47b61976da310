"""What all targets ask of what was said."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator
from contextlib import contextmanager

_STRAY = re.compile(rb"(?<!\r)\n|\r(?!\n)|\0")


class BrokenPromise(AssertionError):
    """What was promised does not hold for these octets."""


def promise(holds: object, what: str) -> None:
    """Raise BrokenPromise unless it holds."""
    if not holds:
        raise BrokenPromise(what)


def whole_lines(output: bytes) -> None:
    """See that octets are lines, with no CR, LF or NUL inside one."""
    promise(not output or output.endswith(b"\r\n"), f"half a line: {output[-80:]!r}")
    stray = _STRAY.search(output)
    if stray is not None:
        near = output[max(0, stray.start() - 40) : stray.end() + 40]
        raise BrokenPromise(f"a stray octet got out: {near!r}")


def pieces_of(data: bytes) -> Iterator[list[bytes]]:
    """Give ways to cut octets: each by itself, in halves, and in pieces of uneven size."""
    yield [data[at : at + 1] for at in range(len(data))]
    yield [data[: len(data) // 2], data[len(data) // 2 :]]
    yield [data[at : at + 7] for at in range(0, len(data), 7)]


class _Raises(logging.Handler):
    def emit(self, record: logging.LogRecord) -> None:
        error = record.exc_info[1] if record.exc_info else None
        raise BrokenPromise(f"an error was logged: {record.getMessage()}") from error


@contextmanager
def no_errors_logged() -> Iterator[None]:
    """Raise for what a session catches, answers as an internal error, and logs."""
    logger, handler = logging.getLogger("mailcore"), _Raises(logging.ERROR)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
