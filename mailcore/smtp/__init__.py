"""SMTP, the protocol (RFC 5321): types, commands, and connections without I/O.

The session that gives commands their meaning over a backend is in :mod:`mailcore.smtp.session`.
"""

from __future__ import annotations

from mailcore.flow import NEED_DATA, PAUSED
from mailcore.smtp.client import Answer, ClientConnection
from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    BadCommand,
    Bdat,
    Burl,
    CancelAuth,
    Command,
    Connected,
    ConnectionClosed,
    Data,
    DataChunk,
    Ehlo,
    EndOfChunk,
    EndOfData,
    Event,
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
from mailcore.smtp.connection import ServerConnection
from mailcore.smtp.extensions import Extensions
from mailcore.smtp.quirks import Quirk
from mailcore.smtp.state import State
from mailcore.smtp.types import (
    DeliverBy,
    ForwardPath,
    MailParameters,
    RcptParameters,
    Reply,
    ReversePath,
)
from mailcore.smtp.wire.data_writer import with_crlf

__all__ = [
    "NEED_DATA",
    "PAUSED",
    "Answer",
    "Auth",
    "AuthResponse",
    "BadCommand",
    "Bdat",
    "Burl",
    "CancelAuth",
    "ClientConnection",
    "Command",
    "Connected",
    "ConnectionClosed",
    "Data",
    "DataChunk",
    "DeliverBy",
    "Ehlo",
    "EndOfChunk",
    "EndOfData",
    "Event",
    "Expn",
    "Extensions",
    "ForwardPath",
    "Helo",
    "Help",
    "MailFrom",
    "MailParameters",
    "Noop",
    "Question",
    "Quirk",
    "Quit",
    "RcptParameters",
    "RcptTo",
    "Reply",
    "ReversePath",
    "Rset",
    "ServerConnection",
    "StartTls",
    "State",
    "Violation",
    "Vrfy",
    "XClient",
    "XForward",
    "with_crlf",
]
