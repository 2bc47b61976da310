"""What a server learns from a client beside commands."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailcore.imap.types import ResponseCode


@dataclass(frozen=True, slots=True)
class SaslResponse:
    """A line of the client within AUTHENTICATE, decoded; None if it cancelled with ``*``."""

    data: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class IdleDone:
    """DONE."""

    tag: str


@dataclass(frozen=True, slots=True)
class BadCommand:
    """Something that could not be taken. The connection has answered it already; this is for the
    log.

    Arguments:
        tag: the command's, or None if there was none to read.
        text: what was wrong, as the client was told.
        code: the response code that went with it.
    """

    tag: str | None
    text: str
    code: ResponseCode | None = None


@dataclass(frozen=True, slots=True)
class ConnectionClosed:
    """The peer is gone, or the connection was given up."""
