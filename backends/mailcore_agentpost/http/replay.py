"""A stream that gives back what was read from it too early."""

from __future__ import annotations

import trio


class ReplayedStream(trio.abc.Stream):
    """A stream whose first octets are ones that were read already.

    Arguments:
        stream: where the others come from and everything is sent to.
        replay: the octets to receive first.
    """

    def __init__(self, stream: trio.abc.Stream, replay: bytes) -> None:
        self._stream = stream
        self._replay = memoryview(replay)

    async def receive_some(self, max_bytes: int | None = None) -> bytes:
        """Return replayed octets while there are any, then new ones."""
        if not self._replay:
            return bytes(await self._stream.receive_some(max_bytes))
        await trio.lowlevel.checkpoint()
        size = len(self._replay) if max_bytes is None else max_bytes
        data, self._replay = bytes(self._replay[:size]), self._replay[size:]
        return data

    async def send_all(self, data: bytes | bytearray | memoryview) -> None:
        """Send through the stream beneath."""
        await self._stream.send_all(data)

    async def wait_send_all_might_not_block(self) -> None:
        """Wait until the stream beneath may take more."""
        await self._stream.wait_send_all_might_not_block()

    async def aclose(self) -> None:
        """Close the stream beneath."""
        await self._stream.aclose()
