"""The hash of a body that DKIM signs (RFC 6376 §3.4), from pieces, however large it is."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from typing import Final

_WSP_BEFORE_CRLF: Final = re.compile(rb"[ \t]+\r\n")
_WSP: Final = re.compile(rb"[ \t]+")
_BATCH: Final = 1024

ALGORITHMS: Final = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}


class BodyHash:
    """Takes a body in pieces.

    Arguments:
        algorithm: "sha256" or "sha1".
        relaxed: whether white space counts for little (§3.4.4), or all of it counts (§3.4.3).
    """

    def __init__(self, algorithm: str, *, relaxed: bool) -> None:
        self._hash = ALGORITHMS[algorithm]()
        self._relaxed = relaxed
        # What may yet turn out to be the end of a line, and empty lines that may be the last.
        self._tail = b""
        self._lines = 0
        self._empty = True

    def update(self, piece: bytes) -> None:
        """Take octets; line ends are CRLF."""
        data, self._tail = self._split(self._tail + piece)
        if self._relaxed:
            data = _WSP.sub(b" ", _WSP_BEFORE_CRLF.sub(b"\r\n", data))
        end = len(data)
        while data.endswith(b"\r\n", 0, end):
            end -= 2
        self._take(data[:end])
        self._lines += (len(data) - end) // 2

    def digest(self) -> bytes:
        """Return the hash. Nothing can be taken after that."""
        self._take(self._tail)
        self._lines = 0
        if not self._empty or not self._relaxed:
            self._hash.update(b"\r\n")
        return self._hash.digest()

    def _split(self, data: bytes) -> tuple[bytes, bytes]:
        end = b""
        if data.endswith(b"\r"):
            data, end = data[:-1], b"\r"
        if self._relaxed and data.endswith((b" ", b"\t")):
            data, end = data.rstrip(b" \t"), b" " + end
        return data, end

    def _take(self, octets: bytes) -> None:
        """Take what is no empty line: those before it were not the last."""
        if not octets:
            return
        self._empty = False
        while self._lines:
            batch = min(self._lines, _BATCH)
            self._hash.update(b"\r\n" * batch)
            self._lines -= batch
        self._hash.update(octets)


def body_hash(pieces: Iterable[bytes], algorithm: str, *, relaxed: bool) -> bytes:
    """Return the hash of a body.

    Arguments:
        pieces: its octets in order.
        algorithm, relaxed: see :class:`BodyHash`.
    """
    found = BodyHash(algorithm, relaxed=relaxed)
    for piece in pieces:
        found.update(piece)
    return found.digest()
