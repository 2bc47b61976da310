"""Message octets on their way in: in memory while small, in a temporary file when not."""

from __future__ import annotations

import mmap
import os
import tempfile
from collections.abc import Iterator
from types import TracebackType
from typing import IO

from mailcore.limits import DEFAULT_LIMITS

CHUNK = 64 * 1024


class Content:
    """The octets of one message, read in chunks or as one buffer.

    Arguments:
        data: the octets to start with.
        memory: above this many octets they move to an unnamed temporary file, so that many large
            messages at a time cost disk and not memory.
    """

    __slots__ = ("_bytes", "_file", "_map", "_memory", "size")

    def __init__(self, data: bytes = b"", *, memory: int = DEFAULT_LIMITS.spool_memory) -> None:
        self._bytes = bytearray()
        self._file: IO[bytes] | None = None
        self._map: mmap.mmap | None = None
        self._memory = memory
        self.size = 0
        if data:
            self.write(data)

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Add octets at the end."""
        if self._file is None:
            if self.size + len(data) <= self._memory:
                self._bytes += data
                self.size += len(data)
                return
            self._file = tempfile.TemporaryFile()  # noqa: SIM115 - closed by close()
            self._file.write(self._bytes)
            self._bytes.clear()
        self._file.write(data)
        self.size += len(data)

    def buffer(self) -> bytes | mmap.mmap:
        """Return all of it as one object with ``find`` and slicing: bytes, or a map of the file."""
        if self._file is None:
            return bytes(self._bytes)
        self._file.flush()
        if self._map is None or len(self._map) != self.size:
            self._map = mmap.mmap(self._file.fileno(), 0, access=mmap.ACCESS_READ)
        return self._map

    def chunks(self, size: int = CHUNK) -> Iterator[bytes]:
        """Yield all of it in order, ``size`` octets at a time."""
        if self._file is None:
            data = bytes(self._bytes)
            yield from (data[start : start + size] for start in range(0, len(data), size))
            return
        # Read, and not mapped: what was seen of a map counts as memory until it is closed.
        self._file.flush()
        for start in range(0, self.size, size):
            yield os.pread(self._file.fileno(), min(size, self.size - start), start)

    def close(self) -> None:
        """Give the memory and the file back. Harmless when repeated."""
        if self._map is not None:
            self._map.close()
            self._map = None
        if self._file is not None:
            self._file.close()
            self._file = None
        self._bytes.clear()
        self.size = 0

    def __enter__(self) -> Content:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
