"""What proxies and filters say of the client that they speak for: XCLIENT and XFORWARD.

Both are Postfix's, and described in its XCLIENT_README and XFORWARD_README. A value is xtext, or
a word in brackets that says that there is none.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Final

from mailcore.smtp.types import Reply
from mailcore.smtp.wire.refusal import Refused
from mailcore.smtp.wire.xtext import decode_xtext, encode_xtext

# xclient-command = "XCLIENT" 1*( SP attribute-name "=" attribute-value )
# attribute-value = xtext / "[UNAVAILABLE]" / "[TEMPUNAVAIL]"
_ATTRIBUTE = re.compile(r"([A-Za-z]+)=([!-~]+)")
_UNKNOWN: Final = frozenset({"[UNAVAILABLE]", "[TEMPUNAVAIL]"})
_PORT = re.compile(r"0*[1-9][0-9]{0,4}")
_LONGEST: Final = 255

Check = Callable[[str], bool]


def _is_address(value: str) -> bool:
    """Tell whether this is IPv4, or IPv6 behind the tag that mail puts there."""
    tag, _, rest = value.partition(":")
    try:
        if tag.upper() == "IPV6":
            return "%" not in rest and bool(ipaddress.IPv6Address(rest))
        return bool(ipaddress.IPv4Address(value))
    except ValueError:
        return False


def _is_port(value: str) -> bool:
    return _PORT.fullmatch(value) is not None and int(value) <= 65535


def _is_text(value: str) -> bool:
    return len(value) <= _LONGEST


def _is_word(value: str) -> bool:
    return _is_text(value) and " " not in value


XCLIENT_ATTRIBUTES: Final[Mapping[str, Check]] = {
    "NAME": _is_word,
    "ADDR": _is_address,
    "PORT": _is_port,
    "PROTO": lambda value: value.upper() in ("SMTP", "ESMTP"),
    "HELO": _is_word,
    "LOGIN": _is_text,
    "DESTADDR": _is_address,
    "DESTPORT": _is_port,
}
XFORWARD_ATTRIBUTES: Final[Mapping[str, Check]] = {
    "NAME": _is_word,
    "ADDR": _is_address,
    "PORT": _is_port,
    "PROTO": _is_word,
    "HELO": _is_word,
    "IDENT": _is_word,
    "SOURCE": lambda value: value.upper() in ("LOCAL", "REMOTE"),
}


def parse_attributes(argument: str, known: Mapping[str, Check]) -> Mapping[str, str]:
    """Parse the attributes of XCLIENT or XFORWARD; "" is the value of what is unavailable.

    Raises:
        Refused: 501 5.5.4 for none at all, one that is not known or comes twice, a wrong value.
    """
    attributes: dict[str, str] = {}
    for word in argument.split():
        found = _ATTRIBUTE.fullmatch(word)
        name = found[1].upper() if found else ""
        if found is None or name not in known or name in attributes:
            raise Refused(Reply.of(501, "5.5.4", "Syntax: NAME=value, each once"))
        attributes[name] = _value(name, found[2], known[name])
    if not attributes:
        raise Refused(Reply.of(501, "5.5.4", "An attribute is missing"))
    return attributes


def _value(name: str, text: str, check: Check) -> str:
    if text.upper() in _UNKNOWN:
        return ""
    try:
        value = decode_xtext(text)
    except ValueError:
        value = ""
    if not value or not check(value):
        raise Refused(Reply.of(501, "5.5.4", f"Wrong value of {name}"))
    return value


def format_attributes(attributes: Mapping[str, str]) -> str:
    """Write attributes; the inverse of :func:`parse_attributes`."""
    return " ".join(f"{name}={_written(value)}" for name, value in attributes.items())


def _written(value: str) -> str:
    if value.upper() in _UNKNOWN:
        return "+5B" + encode_xtext(value[1:])  # a name that only looks like none
    return encode_xtext(value) or "[UNAVAILABLE]"
