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
    """ESMTP parameters of MAIL FROM, typed; those of extensions yet to come are in ``other``.

    Arguments:
        size: octets that the client means to send (RFC 1870 §4).
        body: "7BIT", "8BITMIME" (RFC 6152) or "BINARYMIME" (RFC 3030 §3).
        smtputf8: whether addresses and headers may be UTF-8 (RFC 6531).
        auth: the submitter, a mailbox or "<>", decoded (RFC 4954 §5).
        ret: how much of the message a notification brings back, "FULL" or "HDRS" (RFC 3461 §4.3).
        envid: what the sender calls this transaction, decoded (RFC 3461 §4.4).
    """

    size: int | None = None
    body: str = "7BIT"
    smtputf8: bool = False
    auth: str | None = None
    ret: str | None = None
    envid: str | None = None
    other: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RcptParameters:
    """ESMTP parameters of RCPT TO.

    Arguments:
        notify: when to send a notification, of "NEVER", or of "SUCCESS", "FAILURE" and "DELAY";
            empty where the client left it to the server (RFC 3461 §4.1).
        orcpt: the recipient as first written, ``type;address``, decoded (RFC 3461 §4.2).
    """

    notify: tuple[str, ...] = ()
    orcpt: str | None = None
    other: Mapping[str, str | None] = field(default_factory=dict)
