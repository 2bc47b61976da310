"""The values that SMTP speaks of: replies, paths, parameters (RFC 5321, RFC 3463)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final


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
class DeliverBy:
    """By when a message is to be delivered (RFC 2852 §4).

    Arguments:
        seconds: from the MAIL command on; 0 or less only if not ``returns``.
        returns: mode "R": what is late is returned; else mode "N": its sender is only told.
        trace: each hop that hands the message on tells the sender.
    """

    seconds: int
    returns: bool = False
    trace: bool = False


@dataclass(frozen=True, slots=True)
class MailParameters:
    """ESMTP parameters of MAIL FROM, typed; None or False is one that was not given.

    Arguments:
        size: octets (RFC 1870).
        body: "7BIT", "8BITMIME" (RFC 6152) or "BINARYMIME" (RFC 3030 §3).
        smtputf8: addresses and header fields may be in UTF-8 (RFC 6531).
        auth: who submitted it first, a mailbox or "<>" (RFC 4954 §5).
        ret: how much of the message a notification brings back, "FULL" or "HDRS" (RFC 3461 §4.3).
        envid: what the sender calls this transaction, decoded (RFC 3461 §4.4).
        require_tls: send it on over verified TLS only (RFC 8689).
        hold: do not send it on before so many seconds have passed, or before a moment (RFC 4865).
        deliver_by: by when it is to be delivered (RFC 2852).
        priority: -9 to 9 (RFC 6710).
        other: for extensions yet to come.
    """

    size: int | None = None
    body: str = "7BIT"
    smtputf8: bool = False
    auth: str | None = None
    ret: str | None = None
    envid: str | None = None
    require_tls: bool = False
    hold: int | datetime | None = None
    deliver_by: DeliverBy | None = None
    priority: int | None = None
    other: Mapping[str, str | None] = field(default_factory=dict)


#: What most MAIL commands ask for: nothing.
NO_MAIL_PARAMETERS: Final = MailParameters()


@dataclass(frozen=True, slots=True)
class RcptParameters:
    """ESMTP parameters of RCPT TO.

    Arguments:
        notify: of what the sender is told: "NEVER" alone, or some of "SUCCESS", "FAILURE" and
            "DELAY"; empty where the client leaves it to the server (RFC 3461 §4.1).
        orcpt: whom the sender wrote to, before any alias: ``type;address``, decoded (RFC 3461
            §4.2; with the type ``utf-8`` also RFC 6533 §3).
        other: for extensions yet to come.
    """

    notify: tuple[str, ...] = ()
    orcpt: str | None = None
    other: Mapping[str, str | None] = field(default_factory=dict)


#: What most RCPT commands ask for: nothing.
NO_RCPT_PARAMETERS: Final = RcptParameters()
