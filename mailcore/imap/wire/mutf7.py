"""Modified UTF-7, in which IMAP4rev1 spells mailbox names (RFC 3501 §5.1.3)."""

from __future__ import annotations

import binascii
import re

# Printable US-ASCII stands for itself, but for "&", which is "&-".
_SHIFTED = re.compile("&|[^\x20-\x7e]+")
_ENCODED = re.compile(r"&([A-Za-z0-9+,]*+)-")
_PRINTABLE = re.compile("[\x20-\x7e]")


def encode_mutf7(name: str) -> bytes:
    """Encode a mailbox name.

    Raises:
        ValueError: a lone surrogate.
    """

    def shifted(match: re.Match[str]) -> str:
        if match[0] == "&":
            return "&-"
        encoded = binascii.b2a_base64(match[0].encode("utf-16-be"), newline=False)
        return "&" + encoded.decode("ascii").rstrip("=").replace("/", ",") + "-"

    return _SHIFTED.sub(shifted, name).encode("ascii")


def decode_mutf7(name: str) -> str:
    """Decode a mailbox name; characters beyond US-ASCII are taken as they are.

    Raises:
        ValueError: an "&" that begins no valid run.
    """
    decoded = _ENCODED.sub(_decode_run, name)
    if name.count("&") != len(_ENCODED.findall(name)):
        raise ValueError("& without -")
    return decoded


def _decode_run(match: re.Match[str]) -> str:
    run = match[1]
    if not run:
        return "&"
    padded = run.replace(",", "/") + "=" * (-len(run) % 4)
    octets = binascii.a2b_base64(padded, strict_mode=True)
    # Bits that are left over must be zero, or one name would have many spellings.
    if binascii.b2a_base64(octets, newline=False).decode("ascii") != padded:
        raise ValueError("stray bits")
    text = octets.decode("utf-16-be")
    if _PRINTABLE.search(text):
        raise ValueError("a printable character that should stand for itself")
    return text
