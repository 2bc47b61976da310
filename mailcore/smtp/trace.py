"""The Received field, for backends that stamp what they accept (RFC 5321 §4.4)."""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from functools import lru_cache

from mailcore.smtp.types import ForwardPath
from mailcore.smtp.wire.path import ADDRESS_LITERAL, DOMAIN, PathError, format_path

_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
# What may stand in a token of the field; all else becomes "?".
_NOT_TOKEN = re.compile(r"[^A-Za-z0-9!#$%&'*+\-./:=?@\[\]^_`{|}~]")
# RFC 5322 §2.1.1: a line has at most 998 octets.
_LONGEST_ADDRESS = 900


def received_field(
    *,
    hello: str,
    host: str,
    by: str,
    protocol: str,
    when: datetime,
    identifier: str = "",
    recipient: ForwardPath | None = None,
) -> bytes:
    """Make a Received field, folded, with its CRLF, to be put in front of a message.

    Nothing that a client said can end the field or begin another one.

    Arguments:
        hello: the name that the client gave itself.
        host: the client's address as text; what is no IP address is left out.
        by: the name of this server.
        protocol: that of :class:`mailcore.backend.MailTransaction` ("ESMTPS", RFC 3848).
        when: the time of arrival; must carry a time zone.
        identifier: under which this server logs or keeps the message; "" for none.
        recipient: give it only where there is a single one, or the others learn of it (§7.2).

    Raises:
        ValueError: ``when`` has no time zone.
    """
    lines = [f"Received: from {_from_domain(hello)}{_tcp_info(host)}"]
    with_id = f" id {_token(identifier)}" if identifier else ""
    lines.append(f"by {_token(by)} with {_token(protocol)}{with_id}")
    if recipient is not None and (written := _written(recipient)):
        lines.append(f"for {written}")
    lines[-1] += ";"
    lines.append(_date_time(when))
    return ("\r\n\t".join(lines) + "\r\n").encode()


def _from_domain(hello: str) -> str:
    if hello.isascii() and (DOMAIN.fullmatch(hello) or ADDRESS_LITERAL.fullmatch(hello)):
        return hello
    return _token(hello) or "unknown"


@lru_cache(maxsize=1024)
def _tcp_info(host: str) -> str:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    return f" ([IPv6:{address}])" if address.version == 6 else f" ([{address}])"


def _token(text: str) -> str:
    return _NOT_TOKEN.sub("?", text)[:255]


def _written(recipient: ForwardPath) -> str:
    try:
        written = format_path(recipient)
    except PathError:
        return ""
    return written if len(written.encode()) <= _LONGEST_ADDRESS else ""


def _date_time(when: datetime) -> str:
    """``date-time`` of RFC 5322 §3.3; strftime would follow the locale."""
    offset = when.utcoffset()
    if offset is None:
        raise ValueError("a time without a time zone")
    minutes = int(offset.total_seconds() // 60)
    zone = f"{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}{abs(minutes) % 60:02}"
    day = f"{_DAYS[when.weekday()]}, {when.day} {_MONTHS[when.month - 1]} {when.year:04}"
    return f"{day} {when.hour:02}:{when.minute:02}:{when.second:02} {zone}"
