"""The parameters of MAIL and RCPT (RFC 5321 §4.1.2, RFC 1870, RFC 6152, RFC 6531, RFC 4954 §5)."""

from __future__ import annotations

import re

from mailcore.smtp.types import MailParameters, RcptParameters, Reply
from mailcore.smtp.wire.path import PathError, parse_mailbox
from mailcore.smtp.wire.refusal import Refused

# esmtp-param = esmtp-keyword ["=" esmtp-value]
# esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
# esmtp-value = 1*(%d33-60 / %d62-126), and UTF8-non-ascii by RFC 6531 §3.3
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u00a0-\U0010ffff]+))?")
# size-value = 1*20DIGIT (RFC 1870 §3)
_SIZE = re.compile(r"[0-9]{1,20}")
# xtext = *( xchar / hexchar );  hexchar = "+" 2HEXDIG, in capitals (RFC 3461 §4)
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_HEXCHAR = re.compile(r"\+([0-9A-F]{2})")
_PRINTABLE = re.compile(r"[ -~]+")

Raw = dict[str, str | None]


def split_parameters(text: str) -> Raw:
    """Split ``Mail-parameters`` or ``Rcpt-parameters`` into keywords in capitals and values.

    Raises:
        Refused: 501 5.5.4 for what is no parameter, or for a keyword that comes twice.
    """
    raw: Raw = {}
    for word in text.split():
        found = _PARAMETER.fullmatch(word)
        if found is None:
            raise Refused(Reply.of(501, "5.5.4", "Syntax error in parameters"))
        keyword = found[1].upper()
        if keyword in raw:
            raise Refused(Reply.of(501, "5.5.4", f"{keyword} is given twice"))
        raw[keyword] = found[2]
    return raw


def mail_parameters(raw: Raw) -> MailParameters:
    """Type the parameters of MAIL.

    Raises:
        Refused: 501 5.5.4 for a wrong value, 555 5.5.4 for a keyword that is not known.
    """
    raw = dict(raw)
    size = body = auth = None
    if "SIZE" in raw:
        size = _size(raw.pop("SIZE"))
    if "BODY" in raw:
        body = (raw.pop("BODY") or "").upper()
        if body not in ("7BIT", "8BITMIME"):
            raise _wrong("BODY")
    smtputf8 = "SMTPUTF8" in raw
    if smtputf8 and raw.pop("SMTPUTF8") is not None:
        raise _wrong("SMTPUTF8")
    if "AUTH" in raw:
        auth = _submitter(raw.pop("AUTH"))
    _nothing_else(raw)
    return MailParameters(size=size, body=body or "7BIT", smtputf8=smtputf8, auth=auth)


def rcpt_parameters(raw: Raw) -> RcptParameters:
    """Type the parameters of RCPT: no extension that we offer has any.

    Raises:
        Refused: 555 5.5.4.
    """
    _nothing_else(raw)
    return RcptParameters()


def decode_xtext(text: str) -> str:
    """Decode xtext (RFC 3461 §4).

    Raises:
        ValueError: not xtext, or something that is not printable ASCII comes out of it.
    """
    if not _XTEXT.fullmatch(text):
        raise ValueError("not xtext")
    decoded = _HEXCHAR.sub(lambda hexchar: chr(int(hexchar[1], 16)), text)
    if not _PRINTABLE.fullmatch(decoded):
        raise ValueError("xtext of something not printable")
    return decoded


def _size(value: str | None) -> int:
    if value is None or not _SIZE.fullmatch(value):
        raise _wrong("SIZE")
    return int(value)


def _submitter(value: str | None) -> str:
    """``AUTH=`` of MAIL: a mailbox as xtext, or ``<>`` (RFC 4954 §5)."""
    try:
        decoded = decode_xtext(value or "")
        if decoded != "<>" and parse_mailbox(decoded)[2] != len(decoded):
            raise PathError("more than a mailbox")
    except ValueError:
        raise _wrong("AUTH") from None
    return decoded


def _nothing_else(raw: Raw) -> None:
    if raw:
        raise Refused(Reply.of(555, "5.5.4", f"{next(iter(raw))[:80]} is not known here"))


def _wrong(keyword: str) -> Refused:
    return Refused(Reply.of(501, "5.5.4", f"Wrong value of {keyword}"))
