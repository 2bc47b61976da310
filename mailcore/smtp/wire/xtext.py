"""xtext: values of parameters that may hold anything printable (RFC 3461 §4, RFC 6533 §3)."""

from __future__ import annotations

import re

# xtext = *( xchar / hexchar );  hexchar = "+" 2HEXDIG, in capitals (RFC 3461 §4)
_XTEXT = re.compile(r"(?:[!-*,-<>-~]|\+[0-9A-F]{2})+")
_HEXCHAR = re.compile(r"\+([0-9A-F]{2})")
_NOT_XCHAR = re.compile(r"[^!-*,-<>-~]")
_PRINTABLE = re.compile(r"[ -~]+")
# utf-8-addr-xtext = 1*(QCHAR / EmbeddedUnicodeChar);  utf-8-addr-unitext also holds UTF-8
# EmbeddedUnicodeChar = %x5C.78 "{" HEXPOINT "}" (RFC 6533 §3)
_EMBEDDED = re.compile(r"\\x\{([0-9A-F]{1,6})\}")
_NOT_QCHAR = re.compile(r"[^!-*,-<>-\[\]-~]")
_UNITEXT = re.compile(r"(?:[!-*,-<>-\[\]-~\u00a0-\U0010ffff]|\\x\{[0-9A-F]{1,6}\})+")
_INVISIBLE = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


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


def encode_xtext(text: str) -> str:
    """Encode printable ASCII as xtext; the inverse of :func:`decode_xtext`."""
    return _NOT_XCHAR.sub(lambda other: f"+{ord(other[0]):02X}", text)


def decode_unitext(text: str) -> str:
    """Decode utf-8-addr-xtext or utf-8-addr-unitext (RFC 6533 §3).

    Raises:
        ValueError: it is neither, or a control character comes out of it.
    """
    if not _UNITEXT.fullmatch(text):
        raise ValueError("not utf-8-addr-unitext")
    decoded = _EMBEDDED.sub(lambda point: chr(int(point[1], 16)), text)
    if _INVISIBLE.search(decoded):
        raise ValueError("unitext of something not printable")
    return decoded


def encode_unitext(text: str) -> str:
    """Encode as utf-8-addr-xtext, which is ASCII; the inverse of :func:`decode_unitext`."""
    return _NOT_QCHAR.sub(lambda other: rf"\x{{{ord(other[0]):X}}}", text)
