"""IMAP and SMTP on asyncio, with nothing but the standard library.

Each ``serve_…`` is open while its block runs, and is drained at its end::

    async with serve_imap(backend, port=1993, tls=context) as door:
        print(door.addresses)
        await asyncio.Event().wait()

Several doors that share their limits are made one by one, as :mod:`mailcore.net` has them::

    door = imap_door(backend, await bind("*", 993), tls=context, admission=admission)
    async with serving(door): ...
"""

from __future__ import annotations

import asyncio
import math
import socket as stdlib_socket
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final

from mailcore.backend import Backend, Receives
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.binding import Listener, listen, listen_unix
from mailcore.net.doors import TLS, imap_door, smtp_door
from mailcore.net.listener import Door
from mailcore.net.loop import Event, Loop, Scope, Socket, Tasks
from mailcore.smtp.session import Listener as Habits
from mailcore.smtp.session.listener import ORDINARY

GOODBYE: Final = "Server shutting down"
#: Octets that a connection may send while others wait.
_TURN: Final = 256 * 1024
#: Seconds that connections have to end by themselves when their door is drained.
GRACE: Final = 5.0


class AsyncioSocket:
    """A non-blocking socket that is waited for before it is read.

    ``loop.sock_recv`` tries first, and does not let others run if there is something: a peer that
    never pauses would have the loop for itself. So would one that reads as fast as it is sent to.

    The loop has to be one that watches sockets: on Windows that is the ``SelectorEventLoop``.

    Arguments:
        socket: owned from here on.
    """

    __slots__ = ("_loop", "_sent", "_socket", "_waiters")

    def __init__(self, socket: stdlib_socket.socket) -> None:
        socket.setblocking(False)
        self._socket = socket
        self._loop = asyncio.get_running_loop()
        self._waiters: set[asyncio.Future[None]] = set()
        # Octets since others had their turn.
        self._sent = 0

    @property
    def family(self) -> stdlib_socket.AddressFamily:
        return self._socket.family

    async def accept(self) -> tuple[AsyncioSocket, Any]:
        while True:
            await self._wait(self._loop.add_reader, self._loop.remove_reader)
            with suppress(BlockingIOError):
                socket, address = self._socket.accept()
                return AsyncioSocket(socket), address

    async def recv(self, size: int, flags: int = 0, /) -> bytes:
        while True:
            await self._wait(self._loop.add_reader, self._loop.remove_reader)
            with suppress(BlockingIOError):
                return self._socket.recv(size, flags)

    async def send(self, data: memoryview, /) -> int:
        while True:
            if self._sent > _TURN:
                self._sent = 0
                await asyncio.sleep(0)  # before, for a call that is cancelled has done nothing
            with suppress(BlockingIOError):
                sent = self._socket.send(data)
                self._sent += sent
                return sent
            await self._wait(self._loop.add_writer, self._loop.remove_writer)

    async def _wait(self, add: Callable[..., None], remove: Callable[[int], Any]) -> None:
        number = self._socket.fileno()
        if number < 0:
            raise ConnectionAbortedError("the socket is closed")
        ready = self._loop.create_future()
        self._waiters.add(ready)
        add(number, _finish, ready)
        try:
            await ready
            self._sent = 0
        finally:
            self._waiters.discard(ready)
            if self._socket.fileno() >= 0:  # else the number may be another's by now
                remove(number)

    def shutdown(self, how: int) -> None:
        self._socket.shutdown(how)

    def setsockopt(self, level: int, option: int, value: int, /) -> None:
        self._socket.setsockopt(level, option, value)

    def getsockname(self) -> Any:
        return self._socket.getsockname()

    def fileno(self) -> int:
        return self._socket.fileno()

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

    def wrap(self, socket: stdlib_socket.socket) -> Socket:
        return AsyncioSocket(socket)

    async def resolve(self, host: str | None, port: int) -> list[tuple[int, tuple[Any, ...]]]:
        infos = await asyncio.get_running_loop().getaddrinfo(
            host, port, type=stdlib_socket.SOCK_STREAM, flags=stdlib_socket.AI_PASSIVE
        )
        return list(dict.fromkeys((family, address) for family, _, _, _, address in infos))


ASYNCIO: Final[Loop] = AsyncioLoop()


async def bind(host: str, port: int) -> list[Listener]:
    """Listen on every address of a name, as :func:`mailcore.net.bind`.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    return await listen(ASYNCIO, host, port)


def bind_unix(path: Path, mode: int = 0o660) -> Listener:
    """Listen on a unix socket, as :func:`mailcore.net.bind_unix`; call it in the running loop.

    Raises:
        OSError: somebody listens there, or something else than a socket is there.
    """
    return listen_unix(ASYNCIO, path, mode)


@asynccontextmanager
async def serving(
    door: Door, *, reason: str = GOODBYE, grace: float = GRACE
) -> AsyncIterator[Door]:
    """Serve a door while the block runs; then accept no more, say goodbye to all and wait.

    Arguments:
        door: made in this loop.
        reason: one line for the clients that are still there.
        grace: seconds to wait for them; 0 cuts them off.
    """
    task = asyncio.create_task(door.run())
    try:
        yield door
    finally:
        await door.drain(reason, grace)
        await task


@asynccontextmanager
async def serve_imap(
    backend: Backend,
    *,
    tls: TLS,
    starttls: TLS = None,
    disabled: Collection[str] = (),
    proxies: Collection[str] = (),
    host: str = "127.0.0.1",
    port: int = 0,
    limits: Limits = DEFAULT_LIMITS,
    grace: float = GRACE,
) -> AsyncIterator[Door]:
    """Serve IMAP while the block runs; arguments as for :func:`mailcore.net.serve_imap`.

    Arguments:
        grace: seconds that connections have at the end of the block.

    Raises:
        OSError: can not listen there.
    """
    listeners = await bind(host, port)
    door = imap_door(
        backend,
        listeners,
        tls=tls,
        starttls=starttls,
        disabled=disabled,
        proxies=proxies,
        limits=limits,
    )
    async with serving(door, grace=grace):
        yield door


@asynccontextmanager
async def serve_smtp(
    backend: Backend,
    *,
    tls: TLS,
    starttls: TLS = None,
    hostname: str = "localhost",
    host: str = "127.0.0.1",
    port: int = 0,
    listener: Habits = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    grace: float = GRACE,
) -> AsyncIterator[Door]:
    """Serve submission while the block runs; arguments as for :func:`mailcore.net.serve_smtp`.

    Arguments:
        grace: seconds that connections have at the end of the block.

    Raises:
        OSError: can not listen there.
    """
    door = smtp_door(
        backend,
        await bind(host, port),
        mode="submission",
        hostname=hostname,
        tls=tls,
        starttls=starttls,
        listener=listener,
        limits=limits,
    )
    async with serving(door, grace=grace):
        yield door


@asynccontextmanager
async def serve_mx(
    backend: Receives,
    *,
    starttls: TLS = None,
    lmtp: bool = False,
    hostname: str = "localhost",
    host: str = "127.0.0.1",
    port: int = 0,
    listener: Habits = ORDINARY,
    limits: Limits = DEFAULT_LIMITS,
    grace: float = GRACE,
) -> AsyncIterator[Door]:
    """Take mail while the block runs; arguments as for :func:`mailcore.net.serve_mx`.

    Arguments:
        grace: seconds that connections have at the end of the block.

    Raises:
        OSError: can not listen there.
    """
    door = smtp_door(
        backend,
        await bind(host, port),
        mode="lmtp" if lmtp else "mx",
        hostname=hostname,
        starttls=starttls,
        listener=listener,
        limits=limits,
    )
    async with serving(door, grace=grace):
        yield door
