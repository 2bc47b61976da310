"""What the doors, the stream and the driver ask of an event loop, in Trio's words.

:mod:`mailcore.net.trio` and :mod:`mailcore.net.asyncio` answer; all else is the same on both.
"""

from __future__ import annotations

import socket as stdlib_socket
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from types import TracebackType
from typing import Any, Protocol


class Interrupted(Exception):
    """A :meth:`Socket.recv` was told to wait no more."""


class Socket(Protocol):
    """A connected or listening socket that is waited for in the event loop.

    A call that is cancelled has done nothing.
    """

    @property
    def family(self) -> stdlib_socket.AddressFamily: ...

    def accept(self) -> Awaitable[tuple[Any, Any]]: ...

    async def recv(self, size: int, flags: int = 0, /) -> bytes:
        """Wait for octets, whatever comes, and let others run meanwhile.

        Raises:
            Interrupted: there were none, and :meth:`interrupt` was called.
        """
        ...

    def interrupt(self) -> None:
        """Have the :meth:`recv` that waits, or the next one, wait no more."""
        ...

    def send(self, data: bytes | memoryview, /) -> int:
        """Hand over what the kernel takes now, and return how much that was; 0 for nothing."""
        ...

    async def writable(self) -> None:
        """Wait until the kernel takes something."""
        ...

    def shutdown(self, how: int) -> None: ...

    def setsockopt(self, level: int, option: int, value: int, /) -> None: ...

    def getsockname(self) -> Any: ...

    def fileno(self) -> int: ...

    def close(self) -> None:
        """Close it; a call that waits for it raises one of :attr:`Loop.broken`."""
        ...


class Scope(Protocol):
    """A block that can be cancelled by itself: ``with scope: ...``."""

    #: When it is cancelled, by the clock of the loop; it may be set while the block runs.
    deadline: float

    @property
    def cancelled_caught(self) -> bool:
        """Whether the block was left because the scope was cancelled."""
        ...

    def cancel(self) -> None:
        """Leave the block. Called in the thread of the loop, before the block or while it waits."""
        ...

    def __enter__(self) -> Any: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool | None: ...


class Timer(Protocol):
    """A call that is to come."""

    def cancel(self) -> None:
        """Let it not come."""
        ...


class Event(Protocol):
    """Something that happens once."""

    def set(self) -> None: ...

    def is_set(self) -> bool: ...

    def wait(self) -> Awaitable[object]: ...


class Tasks(Protocol):
    """Tasks that end before the block in which they were started."""

    def start_soon(self, function: Callable[..., Awaitable[Any]], /, *args: Any) -> None: ...


class Loop(Protocol):
    """One kind of event loop."""

    #: What a socket raises when it breaks, or is closed while somebody waits for it.
    broken: tuple[type[Exception], ...]

    def current_time(self) -> float:
        """Return the seconds of the clock that deadlines are told by."""
        ...

    def clock(self) -> Callable[[], float]:
        """Make a function that returns :meth:`current_time` and need not look for the loop."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        ...

    def scope(self, deadline: float = ..., *, shield: bool = False) -> Scope:
        """Make a scope that is cancelled at the deadline, if not before.

        Arguments:
            shield: what cancels the task waits until the block is done.
        """
        ...

    def event(self) -> Event:
        """Make an event."""
        ...

    def tasks(self) -> AbstractAsyncContextManager[Tasks]:
        """Open a block that may start tasks."""
        ...

    def caller(self) -> Callable[[Callable[[], object]], None]:
        """Make a function that lets this loop call something soon, from any thread.

        It does nothing once the loop has ended.
        """
        ...

    def call_at(self, deadline: float, function: Callable[[], object]) -> Timer:
        """Call a function at a moment, in the thread of the loop."""
        ...

    def wrap(self, socket: stdlib_socket.socket) -> Socket:
        """Take over a socket."""
        ...

    async def resolve(self, host: str | None, port: int) -> list[tuple[int, tuple[Any, ...]]]:
        """Return family and address of all that a server of this name listens on.

        Raises:
            OSError: there is no such name.
        """
        ...


@contextmanager
def within(loop: Loop, seconds: float) -> Iterator[None]:
    """Leave the block when it has taken too long.

    Raises:
        TimeoutError: it has.
    """
    with loop.scope(loop.current_time() + seconds) as scope:
        yield
    if scope.cancelled_caught:
        raise TimeoutError(f"it took longer than {seconds:g} seconds")
