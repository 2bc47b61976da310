"""The parameters of MAIL and RCPT, read and written (RFC 5321 §4.1.2).

A row of the table for each keyword: which field of :class:`MailParameters` or
:class:`RcptParameters` it fills, how its value is read, and how it is written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from mailcore.smtp.types import (
    NO_MAIL_PARAMETERS,
    NO_RCPT_PARAMETERS,
    DeliverBy,
    MailParameters,
    RcptParameters,
    Reply,
)
from mailcore.smtp.wire.path import PathError, parse_mailbox
from mailcore.smtp.wire.refusal import Refused
from mailcore.smtp.wire.xtext import decode_unitext, decode_xtext, encode_unitext, encode_xtext

# esmtp-param = esmtp-keyword ["=" esmtp-value]
# esmtp-keyword = (ALPHA / DIGIT) *(ALPHA / DIGIT / "-")
# esmtp-value = 1*(%d33-60 / %d62-126), and UTF8-non-ascii by RFC 6531 §3.3
_PARAMETER = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:=([!-<>-~\u00a0-\U0010ffff]+))?")
# size-value = 1*20DIGIT (RFC 1870 §3)
_SIZE = re.compile(r"[0-9]{1,20}")
# future-release-interval = 1*9DIGIT (RFC 4865 §3)
_INTERVAL = re.compile(r"0*[1-9][0-9]{0,8}")
# future-release-date-time = Internet-style-date-time, of RFC 3339
_DATE_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)
# by-value = by-time ";" by-mode [by-trace];  by-time = ["-" / "+"] 1*9digit (RFC 2852 §4)
_BY = re.compile(r"([-+]?[0-9]{1,9});([NR])(T?)", re.IGNORECASE)
# priority-value = (["-"] NZDIGIT) / "0" (RFC 6710 §7)
_PRIORITY = re.compile(r"-?[1-9]|0")
# original-recipient-address = addr-type ";" xtext;  addr-type = atom (RFC 3461 §4.2)
_ORIGINAL = re.compile(r"([A-Za-z0-9!#$%&'*+\-/=?^_`{|}~]+);(.+)")
# RFC 3461 §4.2, §4.4: that long they may be.
_ORCPT_OCTETS = 500
_ENVID_OCTETS = 100

Raw = dict[str, str | None]


@dataclass(frozen=True, slots=True)
class _Row:
    """One keyword: the field, the way from its value and back.

    Arguments:
        read: None is "no value"; raises ValueError for a wrong one.
        write: gives the value; None for none.
    """

    field: str
    read: Callable[[str | None], object]
    write: Callable[[Any], str | None] = str


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
    return MailParameters(**_typed(raw, _MAIL)) if raw else NO_MAIL_PARAMETERS


def rcpt_parameters(raw: Raw) -> RcptParameters:
    """Type the parameters of RCPT.

    Raises:
        Refused: 501 5.5.4 for a wrong value, 555 5.5.4 for a keyword that is not known.
    """
    return RcptParameters(**_typed(raw, _RCPT)) if raw else NO_RCPT_PARAMETERS


def format_mail_parameters(parameters: MailParameters) -> str:
    """Write the parameters of MAIL, each behind a space; the inverse of :func:`mail_parameters`."""
    return _format(parameters, _MAIL)


def format_rcpt_parameters(parameters: RcptParameters) -> str:
    """Write the parameters of RCPT, each behind a space; the inverse of :func:`rcpt_parameters`."""
    return _format(parameters, _RCPT)


def _typed(raw: Raw, table: Mapping[str, _Row]) -> dict[str, Any]:
    typed: dict[str, Any] = {}
    for keyword, value in raw.items():
        row = table.get(keyword)
        if row is None:
            raise Refused(Reply.of(555, "5.5.4", f"{keyword[:80]} is not known here"))
        if row.field in typed:
            # RFC 4865 §4.2: HOLDFOR and HOLDUNTIL are two ways to say one thing.
            raise Refused(Reply.of(501, "5.5.4", f"{keyword} says again what was said"))
        try:
            typed[row.field] = row.read(value)
        except ValueError:
            raise Refused(Reply.of(501, "5.5.4", f"Wrong value of {keyword}")) from None
    return typed


def _format(parameters: MailParameters | RcptParameters, table: Mapping[str, _Row]) -> str:
    default = type(parameters)()
    words = []
    for keyword, row in table.items():
        value = getattr(parameters, row.field)
        if value != getattr(default, row.field) and _fits(keyword, value):
            written = row.write(value)
            words.append(keyword if written is None else f"{keyword}={written}")
    return "".join(f" {word}" for word in words)


def _fits(keyword: str, value: object) -> bool:
    """``hold`` has two keywords."""
    return isinstance(value, datetime) is (keyword == "HOLDUNTIL")


def _text(value: str | None) -> str:
    if value is None:
        raise ValueError("a value is missing")
    return value


def _matching(pattern: re.Pattern[str], value: str | None) -> str:
    if not pattern.fullmatch(_text(value)):
        raise ValueError("not what the grammar says")
    return _text(value)


def _size(value: str | None) -> int:
    return int(_matching(_SIZE, value))


def _flag(value: str | None) -> bool:
    if value is not None:
        raise ValueError("no value is allowed")
    return True


def _one_of(*words: str) -> Callable[[str | None], str]:
    def read(value: str | None) -> str:
        word = _text(value).upper()
        if word not in words:
            raise ValueError(f"not one of {words}")
        return word

    return read


def _submitter(value: str | None) -> str:
    """``AUTH=`` of MAIL: a mailbox as xtext, or ``<>`` (RFC 4954 §5)."""
    decoded = decode_xtext(_text(value))
    if decoded != "<>" and parse_mailbox(decoded)[2] != len(decoded):
        raise PathError("more than a mailbox")
    return decoded


def _envelope_id(value: str | None) -> str:
    if len(_text(value)) > _ENVID_OCTETS:
        raise ValueError("too long")
    return decode_xtext(_text(value))


def _hold_until(value: str | None) -> datetime:
    return datetime.fromisoformat(_matching(_DATE_TIME, _text(value).upper()))


def _write_moment(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _deliver_by(value: str | None) -> DeliverBy:
    found = _BY.fullmatch(_text(value))
    if found is None:
        raise ValueError("not a by-value")
    seconds, returns = int(found[1]), found[2].upper() == "R"
    # RFC 2852 §4: what is to be returned needs time to be delivered first.
    if returns and seconds <= 0:
        raise ValueError("mode R needs a time to come")
    return DeliverBy(seconds, returns, bool(found[3]))


def _write_deliver_by(by: DeliverBy) -> str:
    return f"{by.seconds};{'R' if by.returns else 'N'}{'T' * by.trace}"


def _notify(value: str | None) -> tuple[str, ...]:
    # notify-esmtp-value = "NEVER" / 1#notify-list-element (RFC 3461 §4.1)
    words = tuple(_text(value).upper().split(","))
    if words != ("NEVER",) and not {"SUCCESS", "FAILURE", "DELAY"}.issuperset(words):
        raise ValueError("not a list of events")
    if len(set(words)) != len(words):
        raise ValueError("the same event twice")
    return words


def _original_recipient(value: str | None) -> str:
    found = _ORIGINAL.fullmatch(_text(value))
    if found is None or len(found[0].encode()) > _ORCPT_OCTETS:
        raise ValueError("not an original recipient")
    kind = found[1].lower()
    decode = decode_unitext if kind == "utf-8" else decode_xtext
    return f"{kind};{decode(found[2])}"


def _write_original_recipient(orcpt: str) -> str:
    kind, _, address = orcpt.partition(";")
    return f"{kind};{(encode_unitext if kind == 'utf-8' else encode_xtext)(address)}"


_MAIL: Mapping[str, _Row] = {
    "SIZE": _Row("size", _size),
    "BODY": _Row("body", _one_of("7BIT", "8BITMIME", "BINARYMIME")),
    "SMTPUTF8": _Row("smtputf8", _flag, lambda _: None),
    "AUTH": _Row("auth", _submitter, encode_xtext),
    "RET": _Row("ret", _one_of("FULL", "HDRS")),
    "ENVID": _Row("envid", _envelope_id, encode_xtext),
    "REQUIRETLS": _Row("require_tls", _flag, lambda _: None),
    "HOLDFOR": _Row("hold", lambda value: int(_matching(_INTERVAL, value))),
    "HOLDUNTIL": _Row("hold", _hold_until, _write_moment),
    "BY": _Row("deliver_by", _deliver_by, _write_deliver_by),
    "MT-PRIORITY": _Row("priority", lambda value: int(_matching(_PRIORITY, value))),
}
_RCPT: Mapping[str, _Row] = {
    "NOTIFY": _Row("notify", _notify, ",".join),
    "ORCPT": _Row("orcpt", _original_recipient, _write_original_recipient),
}
