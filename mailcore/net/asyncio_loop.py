"""asyncio, as :mod:`mailcore.net.loop` has it."""

from __future__ import annotations

import asyncio
import math
import socket as stdlib_socket
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager, suppress
from types import TracebackType
from typing import Any, Final

from mailcore.net.loop import Event, Loop, Scope, Socket, Tasks, Timer
from mailcore.net.waited import WaitedSocket


class AsyncioSocket(WaitedSocket):
    """A non-blocking socket that is waited for before it is read.

    ``loop.sock_recv`` tries first, and does not let others run if there is something: a peer that
    never pauses would have the loop for itself.

    The loop has to be one that watches sockets: on Windows that is the ``SelectorEventLoop``.

    Arguments:
        socket: owned from here on.
    """

    __slots__ = ("_loop", "_receiving", "_waiters")

    def __init__(self, socket: stdlib_socket.socket) -> None:
        super().__init__(socket)
        self._loop = asyncio.get_running_loop()
        self._waiters: set[asyncio.Future[None]] = set()
        self._receiving: asyncio.Future[None] | None = None

    async def accept(self) -> tuple[AsyncioSocket, Any]:
        while True:
            await self._readable()
            with suppress(BlockingIOError):
                socket, address = self._socket.accept()
                return AsyncioSocket(socket), address

    def interrupt(self) -> None:
        self._interrupted = True
        if self._receiving is not None:
            _finish(self._receiving)

    async def _readable(self) -> None:
        if self._interrupted:
            return
        self._receiving = self._loop.create_future()
        try:
            await self._wait(self._receiving, self._loop.add_reader, self._loop.remove_reader)
        finally:
            self._receiving = None

    async def writable(self) -> None:
        ready = self._loop.create_future()
        await self._wait(ready, self._loop.add_writer, self._loop.remove_writer)

    async def _wait(
        self,
        ready: asyncio.Future[None],
        add: Callable[..., None],
        remove: Callable[[int], Any],
    ) -> None:
        number = self._socket.fileno()
        if number < 0:
            raise ConnectionAbortedError("the socket is closed")
        self._waiters.add(ready)
        add(number, _finish, ready)
        try:
            await ready
        finally:
            self._waiters.discard(ready)
            if self._socket.fileno() >= 0:  # else the number may be another's by now
                remove(number)

    def close(self) -> None:
        number = self._socket.fileno()
        if number >= 0 and self._waiters:
            self._loop.remove_reader(number)
            self._loop.remove_writer(number)
        self._socket.close()
        for waiter in self._waiters:
            if not waiter.done():
                waiter.set_exception(ConnectionAbortedError("the socket was closed"))


def _finish(ready: asyncio.Future[None]) -> None:
    if not ready.done():
        ready.set_result(None)


class AsyncioScope:
    """A block of a task that is cancelled by itself, as ``asyncio.timeout`` does it.

    That one leaves its block with an exception, and a scope can be cancelled before its time.

    Arguments:
        deadline: by the clock of the loop.
    """

    __slots__ = ("_deadline", "_pending", "_task", "_timer", "cancel_called", "cancelled_caught")

    def __init__(self, deadline: float = math.inf) -> None:
        self._deadline = deadline
        self._task: asyncio.Task[Any] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pending = 0
        self.cancel_called = False
        self.cancelled_caught = False

    def cancel(self) -> None:
        if not self.cancel_called:
            self.cancel_called = True
            if self._task is not None:
                self._task.cancel()

    def __enter__(self) -> AsyncioScope:
        task = asyncio.current_task()
        assert task is not None
        self._task = task
        self._pending = task.cancelling()
        if self.cancel_called:
            task.cancel()
        self._set_timer(task)
        return self

    @property
    def deadline(self) -> float:
        return self._deadline

    @deadline.setter
    def deadline(self, deadline: float) -> None:
        self._deadline = deadline
        if self._task is not None:
            self._set_timer(self._task)

    def _set_timer(self, task: asyncio.Task[Any]) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._deadline != math.inf and not self.cancel_called:
            self._timer = task.get_loop().call_at(self._deadline, self.cancel)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
        /,
    ) -> bool:
        task, self._task = self._task, None
        assert task is not None
        if self._timer is not None:
            self._timer.cancel()
        if not self.cancel_called:
            return False
        only_ours = task.uncancel() <= self._pending
        self.cancelled_caught = only_ours and kind is asyncio.CancelledError
        return self.cancelled_caught


class AsyncioTasks:
    """A task group with the word of a nursery."""

    def __init__(self) -> None:
        self._group = asyncio.TaskGroup()

    def start_soon(self, function: Callable[..., Awaitable[Any]], /, *args: Any) -> None:
        async def call() -> None:
            await function(*args)

        self._group.create_task(call())

    async def __aenter__(self) -> AsyncioTasks:
        await self._group.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._group.__aexit__(kind, error, traceback)


class AsyncioLoop:
    """asyncio, as :class:`mailcore.net.loop.Loop` has it."""

    broken: tuple[type[Exception], ...] = (OSError,)

    def current_time(self) -> float:
        return asyncio.get_running_loop().time()

    def clock(self) -> Callable[[], float]:
        return asyncio.get_running_loop().time

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def scope(self, deadline: float = math.inf, *, shield: bool = False) -> Scope:
        # A task is told once that it is cancelled: what it still does in the end is not disturbed.
        return AsyncioScope(deadline)

    def event(self) -> Event:
        return asyncio.Event()

    def tasks(self) -> AbstractAsyncContextManager[Tasks]:
        return AsyncioTasks()

    def caller(self) -> Callable[[Callable[[], object]], None]:
        loop = asyncio.get_running_loop()

        def call_soon(function: Callable[[], object]) -> None:
            with suppress(RuntimeError):  # the loop is closed
                loop.call_soon_threadsafe(function)

        return call_soon

    def call_at(self, deadline: float, function: Callable[[], object]) -> Timer:
        return asyncio.get_running_loop().call_at(deadline, function)

    def wrap(self, socket: stdlib_socket.socket) -> Socket:
        return AsyncioSocket(socket)

    async def resolve(self, host: str | None, port: int) -> list[tuple[int, tuple[Any, ...]]]:
        infos = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=stdlib_socket.SOCK_STREAM, flags=stdlib_socket.AI_PASSIVE
        )
        return list(dict.fromkeys((family, address) for family, _, _, _, address in infos))


ASYNCIO: Final[Loop] = AsyncioLoop()
