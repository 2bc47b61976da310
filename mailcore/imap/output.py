"""What a connection has to send: as it is, or compressed from some place on (RFC 4978)."""

from __future__ import annotations

from mailcore.imap.compression import Deflate
from mailcore.observer import Observer


class Output:
    """Octets in their order. Those that are put in are compressed when they are taken."""

    def __init__(self) -> None:
        self._waiting: list[bytes] = []
        # What was put in before the layer above changed.
        self._ready = b""
        self._layer: Deflate | None = None
        #: Told what is taken, before it is compressed.
        self.observer: Observer | None = None
        #: Octets that wait, as they were put in.
        self.pending = 0

    def put(self, data: bytes) -> None:
        """Add octets at the end."""
        self._waiting.append(data)
        self.pending += len(data)

    def take(self) -> bytes:
        """Return all that is to be sent now, once; the peer can read all of it at once."""
        if not self._waiting and not self._ready:
            return b""
        data = b"".join(self._waiting)
        self._waiting.clear()
        self.pending = 0
        if self.observer is not None and data:
            self.observer.sent(data)
        if self._layer is not None:
            data = self._layer.compress(data)
        data, self._ready = self._ready + data, b""
        return data

    def begin_layer(self, layer: Deflate) -> None:
        """Compress what is put in from now on."""
        self._ready = self.take()
        self._layer = layer

    def end_layer(self) -> None:
        """Compress what is put in from now on no more."""
        if self._layer is not None:
            self._ready = self.take() + self._layer.finish()
            self._layer = None
