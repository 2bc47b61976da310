"""Transfer encodings undone piece by piece, so that no body has to be in memory (RFC 3516 §4.2)."""

from __future__ import annotations

import binascii
from typing import Final, Protocol

from mailcore.message.transfer import decode_body

_DIGITS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/="
_NOT_DIGITS: Final = bytes(set(range(256)) - set(_DIGITS))
# A line longer than that is cut; RFC 2045 §6.7 allows 76 octets.
_LONGEST_LINE: Final = 1 << 16


class Decoder(Protocol):
    """Undoes a transfer encoding."""

    def feed(self, data: bytes) -> bytes:
        """Return what these octets make, as far as that is certain."""
        ...

    def finish(self) -> bytes:
        """Return what was held back."""
        ...


class _Identity:
    def feed(self, data: bytes) -> bytes:
        return data

    def finish(self) -> bytes:
        return b""


class _Base64:
    """Foreign octets are ignored, and the padding is the end (RFC 2045 §6.8)."""

    def __init__(self) -> None:
        self._held = b""
        self._ended = False

    def feed(self, data: bytes) -> bytes:
        if self._ended:
            return b""
        digits, padding, _ = (self._held + data.translate(None, _NOT_DIGITS)).partition(b"=")
        if padding:
            self._ended = True
            self._held = digits
            return b""
        whole = len(digits) & ~3
        self._held = digits[whole:]
        return binascii.a2b_base64(digits[:whole])

    def finish(self) -> bytes:
        return decode_body(self._held, "base64")


class _QuotedPrintable:
    """Line by line: what stands at the end of a line decides what it means."""

    def __init__(self) -> None:
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        data = self._held + data
        end = data.rfind(b"\n") + 1
        if not end and len(data) > _LONGEST_LINE:
            # Not within "=3D".
            escape = data.rfind(b"=", len(data) - 2)
            end = len(data) if escape < 0 else escape
        self._held = data[end:]
        return decode_body(data[:end], "quoted-printable")

    def finish(self) -> bytes:
        return decode_body(self._held, "quoted-printable")


_DECODERS: Final[dict[str, type[Decoder]]] = {
    "7bit": _Identity,
    "8bit": _Identity,
    "binary": _Identity,
    "base64": _Base64,
    "quoted-printable": _QuotedPrintable,
}


def decoder(encoding: str) -> Decoder | None:
    """Return a decoder; None if nobody knows this encoding.

    Arguments:
        encoding: Content-Transfer-Encoding, in any case.
    """
    make = _DECODERS.get(encoding.lower())
    return None if make is None else make()
