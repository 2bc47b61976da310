"""A command line to a command: dispatch on the verb, a function under each ABNF (RFC 5321 §4.1.1).

The grammar sees whole lines only. It raises :class:`Refused` with the reply to give.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from mailcore.sasl import SaslError, decode_base64, decode_initial_response
from mailcore.smtp.commands import (
    Auth,
    AuthResponse,
    Bdat,
    Burl,
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
from mailcore.smtp.quirks import Quirk
from mailcore.smtp.types import Reply
from mailcore.smtp.wire.parameters import mail_parameters, rcpt_parameters, split_parameters
from mailcore.smtp.wire.path import CONTROL, PathError, parse_forward_path, parse_reverse_path
from mailcore.smtp.wire.refusal import Refused
from mailcore.smtp.wire.trusted import (
    XCLIENT_ATTRIBUTES,
    XFORWARD_ATTRIBUTES,
    parse_attributes,
)

NOT_UTF8 = Reply.of(500, "5.5.2", "Not UTF-8")
NOT_BASE64 = Reply.of(501, "5.5.2", "Not base64")
NEEDS_SMTPUTF8 = Reply.of(553, "5.6.7", "An address that is not ASCII needs SMTPUTF8")
CANCELLED = Reply.of(501, "5.7.0", "Authentication cancelled")
NOT_SMTP = Reply.of(421, "4.7.0", "This is SMTP; goodbye")

# RFC 5321 §4.1.4: a name that is no domain is no reason to refuse mail; a second word, or what is
# not printable, is.
_HELLO_NAME = re.compile(r"[!-~]{1,255}")
# auth-command = "AUTH" SP sasl-mech [SP (initial-response / "=")] (RFC 4954 §8)
# sasl-mech = 1*20mech-char (RFC 4422 §3.1)
_AUTH = re.compile(r"([A-Za-z0-9_-]{1,20})(?: ([!-~]+))?")
# bdat-cmd = "BDAT" SP chunk-size [SP end-marker];  end-marker = "LAST" (RFC 3030 §2)
_BDAT = re.compile(r"([0-9]{1,20})( +LAST)?", re.IGNORECASE)
_SIZE = re.compile(r"[0-9]{1,20}(?= |$)")
# burl-cmd = "BURL" SP absolute-URI [SP end-marker] (RFC 4468 §3.5);  absolute-URI of RFC 3986 §4.3
_BURL = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*:[!#-;=?-Z_a-z~%\[\]]+)( +LAST)?", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Context:
    """What a command means depends on.

    Arguments:
        smtputf8: whether the open transaction asked for SMTPUTF8 (RFC 6531 §3.4).
        lmtp: whether LHLO stands for EHLO and HELO (RFC 2033 §4.1).
        quirks: breaches that pass.
    """

    smtputf8: bool = False
    lmtp: bool = False
    quirks: Quirk = Quirk.NONE


PLAIN_CONTEXT = Context()


def parse_command(line: bytes, context: Context = PLAIN_CONTEXT) -> Command:
    """Parse a command line, without its CRLF.

    Raises:
        Refused: it is none.
    """
    try:
        text = line.decode()
    except UnicodeDecodeError:
        raise Refused(NOT_UTF8) from None
    verb, _, argument = text.partition(" ")
    verb = verb.upper()
    parse = _VERBS.get(verb)
    if parse is None or (verb in _HELLOS and (verb == "LHLO") is not context.lmtp):
        raise Refused(Reply.of(500, "5.5.1", "Command not recognized"))
    # RFC 5321 §4.1.1: trailing white space is to be tolerated.
    argument = argument.rstrip(" \t")
    # What can be printed holds none, and that is told at once.
    if not argument.isprintable() and CONTROL.search(argument):
        raise Refused(Reply.of(501, "5.5.2", "Control characters are not allowed"))
    return parse(argument, context)


def parse_auth_response(line: bytes) -> AuthResponse:
    """Parse what the client says to a challenge, without its CRLF (RFC 4954 §4).

    Raises:
        Refused: it is "*", or not base64. The exchange is over.
    """
    if line == b"*":
        raise Refused(CANCELLED)
    try:
        return AuthResponse(decode_base64(line))
    except SaslError:
        raise Refused(NOT_BASE64) from None


def declared_chunk(line: bytes) -> int | None:
    """Return the octets that follow this line if it is a BDAT command (RFC 3030 §2), else None.

    Whoever sends BDAT also sends the octets, be the command refused or not even well-formed; they
    must never be taken for commands.
    """
    verb, _, argument = line.partition(b" ")
    if verb.upper() != b"BDAT":
        return None
    found = _SIZE.match(argument.decode("latin-1"))
    return int(found[0]) if found else None


def _ehlo(argument: str, context: Context) -> Command:
    return Ehlo(_hello_name(argument))


def _helo(argument: str, context: Context) -> Command:
    return Helo(_hello_name(argument))


def _hello_name(argument: str) -> str:
    if not _HELLO_NAME.fullmatch(argument):
        raise Refused(Reply.of(501, "5.5.4", "Say hello with a domain or an address literal"))
    return argument


# mail = "MAIL FROM:" Reverse-path [SP Mail-parameters]
def _mail(argument: str, context: Context) -> Command:
    start = _path_start("FROM:", argument, context)
    try:
        path, end = parse_reverse_path(argument, start, brackets=_brackets(context))
    except PathError as error:
        raise Refused(Reply.of(501, "5.1.7", f"Bad sender address: {error}")) from None
    parameters = mail_parameters(split_parameters(_after_path(argument, end)))
    if not parameters.smtputf8 and not path.address.isascii():
        raise Refused(NEEDS_SMTPUTF8)
    return MailFrom(path, parameters)


# rcpt = "RCPT TO:" ( "<Postmaster@" Domain ">" / "<Postmaster>" / Forward-path )
#        [SP Rcpt-parameters]
def _rcpt(argument: str, context: Context) -> Command:
    start = _path_start("TO:", argument, context)
    try:
        path, end = parse_forward_path(argument, start, brackets=_brackets(context))
    except PathError as error:
        raise Refused(Reply.of(501, "5.1.3", f"Bad recipient address: {error}")) from None
    parameters = rcpt_parameters(split_parameters(_after_path(argument, end)))
    if not context.smtputf8 and not argument.isascii():
        raise Refused(NEEDS_SMTPUTF8)
    return RcptTo(path, parameters)


def _path_start(keyword: str, argument: str, context: Context) -> int:
    if argument[: len(keyword)].upper() != keyword:
        raise Refused(Reply.of(501, "5.5.4", f"Syntax: {keyword}<address>"))
    start = len(keyword)
    if Quirk.SPACE_BEFORE_PATH in context.quirks:
        while argument.startswith(" ", start):
            start += 1
    return start


def _brackets(context: Context) -> bool:
    return Quirk.PATH_WITHOUT_BRACKETS not in context.quirks


def _after_path(argument: str, end: int) -> str:
    if end < len(argument) and argument[end] != " ":
        raise Refused(Reply.of(501, "5.5.4", "A space goes between address and parameters"))
    return argument[end:]


def _auth(argument: str, context: Context) -> Command:
    found = _AUTH.fullmatch(argument)
    if found is None:
        raise Refused(Reply.of(501, "5.5.4", "Syntax: AUTH mechanism [initial-response]"))
    try:
        initial = None if found[2] is None else decode_initial_response(found[2].encode())
    except SaslError:
        raise Refused(NOT_BASE64) from None
    return Auth(found[1].upper(), initial)


def _bdat(argument: str, context: Context) -> Command:
    found = _BDAT.fullmatch(argument)
    if found is None:
        raise Refused(Reply.of(501, "5.5.4", "Syntax: BDAT size [LAST]"))
    return Bdat(int(found[1]), last=found[2] is not None)


def _burl(argument: str, context: Context) -> Command:
    found = _BURL.fullmatch(argument)
    if found is None:
        raise Refused(Reply.of(501, "5.5.4", "Syntax: BURL url [LAST]"))
    return Burl(found[1], last=found[2] is not None)


def _text(make: Callable[[str], Command]) -> Callable[[str, Context], Command]:
    def parse(argument: str, context: Context) -> Command:
        if not argument:
            raise Refused(Reply.of(501, "5.5.4", "An argument is missing"))
        return make(argument)

    return parse


def _bare(make: Callable[[], Command]) -> Callable[[str, Context], Command]:
    def parse(argument: str, context: Context) -> Command:
        if argument:
            raise Refused(Reply.of(501, "5.5.4", "No argument is allowed here"))
        return make()

    return parse


def _noop(argument: str, context: Context) -> Command:
    return Noop()


def _xclient(argument: str, context: Context) -> Command:
    return XClient(parse_attributes(argument, XCLIENT_ATTRIBUTES))


def _xforward(argument: str, context: Context) -> Command:
    return XForward(parse_attributes(argument, XFORWARD_ATTRIBUTES))


def _help(argument: str, context: Context) -> Command:
    return Help(argument)


def _not_implemented(argument: str, context: Context) -> Command:
    raise Refused(Reply.of(502, "5.5.1", "Command not implemented"))


def _foreign(argument: str, context: Context) -> Command:
    """HTTP: a browser that was made to talk to this port would run its body as commands."""
    raise Refused(NOT_SMTP, fatal=True)


_HELLOS = frozenset({"EHLO", "HELO", "LHLO"})

_VERBS: Mapping[str, Callable[[str, Context], Command]] = {
    "EHLO": _ehlo,
    "HELO": _helo,
    "LHLO": _ehlo,
    "MAIL": _mail,
    "RCPT": _rcpt,
    "DATA": _bare(Data),
    "BDAT": _bdat,
    "BURL": _burl,
    "RSET": _bare(Rset),
    "NOOP": _noop,
    "QUIT": _bare(Quit),
    "VRFY": _text(Vrfy),
    "EXPN": _text(Expn),
    "HELP": _help,
    "AUTH": _auth,
    "STARTTLS": _bare(StartTls),
    "XCLIENT": _xclient,
    "XFORWARD": _xforward,
    **dict.fromkeys(("ETRN", "TURN", "ATRN", "SEND", "SOML", "SAML"), _not_implemented),
    **dict.fromkeys(
        ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "PRI"),
        _foreign,
    ),
}
