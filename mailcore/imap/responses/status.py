"""How commands end, and what is said of the connection (RFC 9051 §7.1-2)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailcore.imap.types import ResponseCode, Status


@dataclass(frozen=True, slots=True)
class Tagged:
    """The end of a command (RFC 9051 §7.1): status is OK, NO or BAD."""

    tag: str
    status: Status
    text: str
    code: ResponseCode | None = None


@dataclass(frozen=True, slots=True)
class Untagged:
    """An untagged status response: greeting, warning, alert, BYE."""

    status: Status
    text: str
    code: ResponseCode | None = None


@dataclass(frozen=True, slots=True)
class Continuation:
    """``+``: with text, or with octets that are sent in base64 (SASL)."""

    text: str = ""
    data: bytes | None = None


@dataclass(frozen=True, slots=True)
class CapabilityResponse:
    """``* CAPABILITY``."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enabled:
    """``* ENABLED`` (RFC 5161)."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LanguageResponse:
    """``* LANGUAGE``: the language in force, or all that there are (RFC 5255 §3.3)."""

    languages: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ComparatorResponse:
    """``* COMPARATOR``: the collation in force, and others that matched (RFC 5255 §4.8)."""

    active: str
    matching: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class IdResponse:
    """``* ID`` (RFC 2971)."""

    parameters: Mapping[str, str | None] | None


@dataclass(frozen=True, slots=True)
class UnknownResponse:
    """An untagged response that this engine has no type for, or that is not in the grammar.

    Arguments:
        data: what follows the asterisk, in wire notation, literals in place.
        problem: "" if it is only unknown; else what was wrong with it.
    """

    data: bytes
    problem: str = ""
