"""The layer that COMPRESS=DEFLATE puts under a connection, for both roles (RFC 4978)."""

from __future__ import annotations

import zlib
from typing import Final

# RFC 4978 §4: raw deflate, without header and checksum.
_RAW: Final = -15
# Most of what a server says is short lines that repeat themselves, which the quick levels find too.
_LEVEL: Final = 3
# Half of zlib's usual memory for each connection, for a few percent more octets.
_MEMORY: Final = 7


class BadCompression(Exception):
    """The octets are not compressed, or not rightly."""


class Deflate:
    """Compresses what is sent, and expands what comes, no more of it at a time than is asked for.

    What comes waits compressed until somebody has room for it: a few octets can stand for a
    thousand times as many.
    """

    def __init__(self) -> None:
        self._out = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW, _MEMORY)
        self._in = zlib.decompressobj(_RAW)
        self._waiting = b""

    @property
    def ended(self) -> bool:
        """Whether the peer has ended its stream: what it says from there on is plain."""
        return self._in.eof

    def compress(self, data: bytes) -> bytes:
        """Return what to send, complete: the peer can read all of it at once."""
        if not data:
            return b""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def finish(self) -> bytes:
        """Return the end of what is sent compressed."""
        return self._out.flush(zlib.Z_FINISH)

    def receive(self, data: bytes) -> None:
        """Take octets of the peer; they wait."""
        self._waiting += data

    def expand(self, limit: int) -> bytes:
        """Return up to ``limit`` octets of what the peer has said; b"" if there are none.

        Raises:
            BadCompression: no more can be read.
        """
        if self._in.eof:
            if self._waiting:
                raise BadCompression("octets behind the end of the stream")
            return b""
        try:
            # Without octets, too: zlib holds back what had no room in the last call.
            data = self._in.decompress(self._waiting, limit)
        except zlib.error as error:
            raise BadCompression(str(error)) from None
        self._waiting = self._in.unconsumed_tail or self._in.unused_data
        return data

    def take_plain(self) -> bytes:
        """Return the octets that were not expanded: they follow the end of the layer."""
        data, self._waiting = self._waiting, b""
        return data
