"""How commands end: the tagged responses that handlers return."""

from __future__ import annotations

from typing import Final

from mailcore.backend import BackendError
from mailcore.imap.commands import Command
from mailcore.imap.responses import Tagged
from mailcore.imap.types import ResponseCode, Status

_OK: Final = Status.OK


def ok(command: Command, text: str = "", code: ResponseCode | None = None) -> Tagged:
    """Return OK; the text says which command is complete unless another is given."""
    return Tagged(command.tag, _OK, text or f"{type(command).__name__} completed", code)


def no(command: Command, text: str, code: str | None = None) -> Tagged:
    """Return NO with a response code of RFC 5530 or without one."""
    return Tagged(command.tag, Status.NO, text, None if code is None else ResponseCode(code))


def bad(command: Command, text: str, code: str | None = None) -> Tagged:
    """Return BAD, with a response code or without: the client should have known better."""
    return Tagged(command.tag, Status.BAD, text, None if code is None else ResponseCode(code))


def refused(command: Command, error: BackendError) -> Tagged:
    """Return the NO that a backend's refusal is told by."""
    return no(command, one_line(str(error)), error.code)


def cannot(command: Command, what: str = "This") -> Tagged:
    """Return NO [CANNOT]: the backend does not offer it (RFC 5530)."""
    return no(command, f"{what} is not possible here", "CANNOT")


def one_line(text: str) -> str:
    """Make a backend's text fit for a response line (RFC 9051 §9, resp-text)."""
    printable = "".join(c if c.isprintable() else " " for c in text)
    line = " ".join(printable.encode("ascii", "replace").decode().split())
    return line.lstrip("[") or "Refused"
