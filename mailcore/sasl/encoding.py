"""Base64 as SASL profiles send it: one line, no spaces, no stray characters (RFC 4648 §3.3)."""

from __future__ import annotations

import binascii

from mailcore.sasl.errors import SaslError


def encode_base64(data: bytes) -> bytes:
    """Encode a challenge or a response, without a line end."""
    return binascii.b2a_base64(data, newline=False)


def decode_base64(text: bytes) -> bytes:
    """Decode one line of a client.

    Raises:
        SaslError: anything but strict base64.
    """
    try:
        return binascii.a2b_base64(text, strict_mode=True)
    except binascii.Error:
        raise SaslError("not base64") from None


def decode_initial_response(text: bytes) -> bytes:
    """Decode the initial response of a command, where "=" stands for an empty one (RFC 4954 §4).

    Raises:
        SaslError: anything but strict base64.
    """
    return b"" if text == b"=" else decode_base64(text)
