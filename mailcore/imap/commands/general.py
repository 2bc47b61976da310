"""Commands of any state, and of what the connection itself is (RFC 9051 §6.1)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class Capability(Command):
    """CAPABILITY."""


@dataclass(frozen=True, slots=True)
class Noop(Command):
    """NOOP."""


@dataclass(frozen=True, slots=True)
class Logout(Command):
    """LOGOUT."""


@dataclass(frozen=True, slots=True)
class Id(Command):
    """ID (RFC 2971): fields, or None for NIL."""

    parameters: Mapping[str, str | None] | None


@dataclass(frozen=True, slots=True)
class Enable(Command):
    """ENABLE (RFC 5161): names in upper case."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Compress(Command):
    """COMPRESS (RFC 4978); the mechanism in upper case."""

    mechanism: str


@dataclass(frozen=True, slots=True)
class Unauthenticate(Command):
    """UNAUTHENTICATE (RFC 8437)."""


@dataclass(frozen=True, slots=True)
class Language(Command):
    """LANGUAGE (RFC 5255 §3.2): language ranges, the best first; none asks which there are."""

    ranges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Comparator(Command):
    """COMPARATOR (RFC 5255 §4.7): collations, the best first; none asks which is in force."""

    orders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Idle(Command):
    """IDLE (RFC 2177). Send a Continuation; the client ends it with :class:`IdleDone`."""
