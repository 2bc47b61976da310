"""What is told of commands and replies to whoever looks on."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    Burl,
    Connected,
    Data,
    Ehlo,
    EndOfChunk,
    EndOfData,
    Expn,
    Helo,
    Help,
    MailFrom,
    Noop,
    Question,
    Quit,
    RcptTo,
    Rset,
    StartTls,
    Violation,
    Vrfy,
    XClient,
    XForward,
)

_NAMES: Final[Mapping[type[Question], str]] = {
    Connected: "CONNECT",
    Ehlo: "EHLO",
    Helo: "HELO",
    Auth: "AUTH",
    AuthResponse: "AUTH",
    StartTls: "STARTTLS",
    MailFrom: "MAIL",
    RcptTo: "RCPT",
    Data: "DATA",
    EndOfData: "END-OF-MESSAGE",
    Bdat: "BDAT",
    EndOfChunk: "BDAT",
    Burl: "BURL",
    Rset: "RSET",
    Noop: "NOOP",
    Vrfy: "VRFY",
    Expn: "EXPN",
    Help: "HELP",
    Quit: "QUIT",
    XClient: "XCLIENT",
    XForward: "XFORWARD",
    BadCommand: "",
    Violation: "",
}
# The first reply of several, as LMTP gives them; its enhanced code says why (RFC 3463 §2).
_REPLY: Final = re.compile(rb"([2-5]\d\d)(?:[ -]([245]\.\d{1,3}\.\d{1,3}))?")


def of_event(event: type[Question]) -> str:
    """Return the name of what a client did; "" for what is no command."""
    return _NAMES[event]


def verdict(said: bytes) -> tuple[str, str]:
    """Return reply code and reason of what was answered: the reason of refusals only.

    A refusal without an enhanced code has its reply code for a reason.
    """
    match = _REPLY.match(said)
    if match is None:
        return "", ""
    code = match[1].decode("ascii")
    if code < "400":
        return code, ""
    return code, match[2].decode("ascii") if match[2] else code
