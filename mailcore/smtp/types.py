"""The values that SMTP speaks of: replies, paths, parameters (RFC 5321, RFC 3463)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Reply:
    """An SMTP reply (RFC 5321 §4.2).

    Arguments:
        code: 200 to 599.
        enhanced: an enhanced status code ("5.7.1", RFC 3463), or None.
        lines: the text, a line each, at least one; without code and without CR or LF.
    """

    code: int
    enhanced: str | None = None
    lines: tuple[str, ...] = ("",)

    @classmethod
    def of(cls, code: int, enhanced: str | None, *lines: str) -> Reply:
        """Make a reply from its lines."""
        return cls(code, enhanced, lines or ("",))

    @property
    def accepted(self) -> bool:
        """Whether the code is 2xx or 3xx."""
        return self.code < 400

    @property
    def permanent(self) -> bool:
        """Whether the code is 5xx: trying again is of no use (RFC 5321 §4.2.1)."""
        return self.code >= 500


@dataclass(frozen=True, slots=True)
class ForwardPath:
    """The mailbox of RCPT TO (RFC 5321 §4.1.2), unquoted.

    Arguments:
        local_part: without quotes; Unicode only where SMTPUTF8 was asked for.
        domain: as sent, without a trailing dot; "" only for the bare ``<Postmaster>``.
    """

    local_part: str
    domain: str

    @property
    def address(self) -> str:
        """The address as ``local@domain``."""
        return f"{self.local_part}@{self.domain}" if self.domain else self.local_part


@dataclass(frozen=True, slots=True)
class ReversePath:
    """The mailbox of MAIL FROM; ``local_part`` is "" for the null path ``<>`` (RFC 5321 §4.5.5)."""

    local_part: str = ""
    domain: str = ""

    @property
    def is_null(self) -> bool:
        """Whether this is ``<>``: a notification that must never be answered."""
        return not self.local_part and not self.domain

    @property
    def address(self) -> str:
        """The address as ``local@domain``, "" for the null path."""
        return "" if self.is_null else f"{self.local_part}@{self.domain}"


@dataclass(frozen=True, slots=True)
class MailParameters:
    """ESMTP parameters of MAIL FROM, typed; those of extensions yet to come are in ``other``."""

    size: int | None = None
    body: str = "7BIT"
    smtputf8: bool = False
    auth: str | None = None
    other: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RcptParameters:
    """ESMTP parameters of RCPT TO."""

    other: Mapping[str, str | None] = field(default_factory=dict)
