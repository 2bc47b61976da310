"""Content transfer encodings, undone (RFC 2045 §6)."""

from __future__ import annotations

import binascii
import re

_BASE64 = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_NOT_BASE64 = bytes(set(range(256)) - set(_BASE64))
# RFC 2045 §6.7 rule 3: white space at the end of a line was added on the way. The look-behind
# keeps long runs of spaces linear.
_TRAILING_SPACE_MARKS = (b" \r", b" \n", b"\t\r", b"\t\n")
_TRAILING_SPACE = re.compile(rb"(?<![ \t])[ \t]++(?=\r?\n|\Z)")


def decode_body(raw: bytes, encoding: str) -> bytes:
    """Undo a content transfer encoding, as far as the octets allow; never an error.

    Arguments:
        raw: the octets of a body.
        encoding: Content-Transfer-Encoding, in any case; unknown ones change nothing.
    """
    match encoding.lower():
        case "base64":
            return decode_base64(raw)
        case "quoted-printable":
            return binascii.a2b_qp(_without_trailing_space(raw))
        case _:
            return raw


def _without_trailing_space(raw: bytes) -> bytes:
    # Most bodies have none, and looking for it is faster than the expression that removes it.
    if raw.endswith((b" ", b"\t")) or any(mark in raw for mark in _TRAILING_SPACE_MARKS):
        return _TRAILING_SPACE.sub(b"", raw)
    return raw


def decode_base64(raw: bytes) -> bytes:
    """Decode base64 up to its padding; foreign octets are ignored (RFC 2045 §6.8)."""
    try:
        return binascii.a2b_base64(raw)
    except binascii.Error:
        digits = raw.split(b"=", 1)[0].translate(None, _NOT_BASE64)
        # A single digit left over holds no whole octet.
        digits = digits[: len(digits) - (len(digits) % 4 == 1)]
        return binascii.a2b_base64(digits + b"==")


def decode_q(raw: bytes) -> bytes:
    """Decode the "Q" encoding of encoded words (RFC 2047 §4.2)."""
    return binascii.a2b_qp(raw, header=True)
