"""What the sockets of both event loops do alike."""

from __future__ import annotations

import socket as stdlib_socket
from abc import ABC, abstractmethod
from typing import Any

from mailcore.net.loop import Interrupted


class WaitedSocket(ABC):
    """A non-blocking socket that is waited for before it is read; the loop says how.

    Arguments:
        socket: owned from here on.
    """

    __slots__ = ("_interrupted", "_socket")

    def __init__(self, socket: stdlib_socket.socket) -> None:
        socket.setblocking(False)
        self._socket = socket
        self._interrupted = False

    @property
    def family(self) -> stdlib_socket.AddressFamily:
        return self._socket.family

    @abstractmethod
    async def _readable(self) -> None:
        """Wait until there is something to read, or ``_interrupted`` is set."""

    async def recv(self, size: int, flags: int = 0, /) -> bytes:
        while True:
            await self._readable()
            try:
                data = self._socket.recv(size, flags)
            except BlockingIOError:
                if self._interrupted:
                    self._interrupted = False
                    raise Interrupted from None
                continue
            self._interrupted = False
            return data

    def send(self, data: bytes | memoryview, /) -> int:
        try:
            return self._socket.send(data)
        except BlockingIOError:
            return 0

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        self._socket.setsockopt(level, option, value)

    def getsockname(self) -> Any:
        return self._socket.getsockname()

    def fileno(self) -> int:
        return self._socket.fileno()
