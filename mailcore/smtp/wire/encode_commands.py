"""Commands to octets: the one encoder of the client's role.

What it writes is read again before it leaves. So no CR, LF or NUL, no space in a domain and no
parameter in an address reaches a server by any call: what would be read as something else than
what was meant is an error here.
"""

from __future__ import annotations

from mailcore.errors import LocalProtocolError
from mailcore.sasl import encode_base64
from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    Bdat,
    Burl,
    CancelAuth,
    Command,
    Data,
    Ehlo,
    Expn,
    Helo,
    Help,
    MailFrom,
    Noop,
    Quit,
    RcptTo,
    Rset,
    StartTls,
    Vrfy,
    XClient,
    XForward,
)
from mailcore.smtp.wire.grammar import Context, parse_auth_response, parse_command
from mailcore.smtp.wire.parameters import format_mail_parameters, format_rcpt_parameters
from mailcore.smtp.wire.path import PathError, format_path
from mailcore.smtp.wire.refusal import Refused
from mailcore.smtp.wire.trusted import format_attributes

_BARE: dict[type[Command], str] = {
    Data: "DATA",
    Rset: "RSET",
    Noop: "NOOP",
    Quit: "QUIT",
    StartTls: "STARTTLS",
}


def encode_command(
    command: Command | AuthResponse | CancelAuth, *, lmtp: bool = False, smtputf8: bool = False
) -> bytes:
    """Write a command line, with its CRLF. The octets of a BDAT are for the caller to add.

    Arguments:
        lmtp: LHLO for EHLO (RFC 2033 §4.1).
        smtputf8: the open transaction asked for SMTPUTF8, so that a recipient may be Unicode.

    Raises:
        LocalProtocolError: no line says this.
    """
    if isinstance(command, CancelAuth):
        return b"*\r\n"
    try:
        line = _write(command, lmtp).encode()
        if isinstance(command, AuthResponse):
            read: Command | AuthResponse = parse_auth_response(line)
        else:
            read = parse_command(line, Context(lmtp=lmtp, smtputf8=smtputf8))
    except (Refused, PathError, UnicodeEncodeError) as error:
        raise LocalProtocolError(f"no command line says that: {error}") from None
    if read != command:
        raise LocalProtocolError(f"{type(command).__name__} would be read as something else")
    return line + b"\r\n"


def _write(command: Command | AuthResponse, lmtp: bool) -> str:
    match command:
        case Ehlo(name):
            return f"{'LHLO' if lmtp else 'EHLO'} {name}"
        case Helo(name):
            return f"HELO {name}"
        case MailFrom(path, parameters):
            return f"MAIL FROM:{format_path(path)}{format_mail_parameters(parameters)}"
        case RcptTo(path, parameters):
            return f"RCPT TO:{format_path(path)}{format_rcpt_parameters(parameters)}"
        case Bdat(size, last):
            return f"BDAT {size}{' LAST' * last}"
        case Burl(url, last):
            return f"BURL {url}{' LAST' * last}"
        case Vrfy(text):
            return f"VRFY {text}"
        case Expn(text):
            return f"EXPN {text}"
        case Help(text):
            return f"HELP {text}" if text else "HELP"
        case Auth(mechanism, initial):
            return f"AUTH {mechanism}{_initial(initial)}"
        case AuthResponse(data):
            return encode_base64(data).decode("ascii")
        case XClient(attributes):
            return f"XCLIENT {format_attributes(attributes)}"
        case XForward(attributes):
            return f"XFORWARD {format_attributes(attributes)}"
        case _:
            return _BARE[type(command)]


def _initial(data: bytes | None) -> str:
    """``initial-response``: an empty one is "=" (RFC 4954 §4)."""
    if data is None:
        return ""
    return " " + (encode_base64(data).decode("ascii") or "=")
