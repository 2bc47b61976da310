"""Commands of the not authenticated state (RFC 9051 §6.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class StartTls(Command):
    """STARTTLS."""


@dataclass(frozen=True, slots=True)
class Authenticate(Command):
    """AUTHENTICATE; ``initial`` is the decoded initial response (RFC 4959), b"" for ``=``, or
    None.
    """

    mechanism: str
    initial: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Login(Command):
    """LOGIN."""

    username: str
    password: str = field(repr=False)
