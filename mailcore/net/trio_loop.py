"""Trio, as :mod:`mailcore.net.loop` has it."""

from __future__ import annotations

import heapq
import itertools
import math
import socket as stdlib_socket
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from typing import Any, Final

import trio

from mailcore.net.loop import Event, Loop, Scope, Socket, Tasks, Timer
from mailcore.net.waited import WaitedSocket


class TrioSocket(WaitedSocket):
    """A non-blocking socket that is waited for before it is read.

    Trio's own tries first, and lets others run after each call, at the cost of a round of the
    event loop.

    Arguments:
        socket: owned from here on.
    """

    __slots__ = ("_receiving",)

    def __init__(self, socket: stdlib_socket.socket) -> None:
        super().__init__(socket)
        self._receiving = False

    async def accept(self) -> tuple[TrioSocket, Any]:
        while True:
            await trio.lowlevel.wait_readable(self._socket)
            with suppress(BlockingIOError):
                socket, address = self._socket.accept()
                return TrioSocket(socket), address

    async def _readable(self) -> None:
        if self._interrupted:
            return
        self._receiving = True
        try:
            await trio.lowlevel.wait_readable(self._socket)
        except trio.ClosedResourceError:
            if not self._interrupted:
                raise
        finally:
            self._receiving = False

    def interrupt(self) -> None:
        self._interrupted = True
        if self._receiving:
            trio.lowlevel.notify_closing(self._socket)

    async def writable(self) -> None:
        await trio.lowlevel.wait_writable(self._socket)

    def detach(self) -> trio.socket.SocketType:
        """Hand it over to whoever knows Trio's own sockets; nothing is left here to close."""
        return trio.socket.from_stdlib_socket(stdlib_socket.socket(fileno=self._socket.detach()))

    def close(self) -> None:
        if self._socket.fileno() >= 0:
            trio.lowlevel.notify_closing(self._socket)
            self._socket.close()


class _Alarm:
    """One call of :class:`_Clock`."""

    __slots__ = ("_clock", "function")

    def __init__(self, clock: _Clock, function: Callable[[], object]) -> None:
        self._clock = clock
        self.function: Callable[[], object] | None = function

    def cancel(self) -> None:
        if self.function is not None:
            self.function = None
            self._clock.forget_one()


class _Clock:
    """Calls functions at their time, in a task that is Trio's own: for all sockets of one run.

    A scope for each wait costs as much as all else that happens in a round trip.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[float, int, _Alarm]] = []
        self._numbers = itertools.count()
        self._cancelled = 0
        self._scope = trio.CancelScope()

    def call_at(self, deadline: float, function: Callable[[], object]) -> _Alarm:
        alarm = _Alarm(self, function)
        heapq.heappush(self._waiting, (deadline, next(self._numbers), alarm))
        self._scope.deadline = min(self._scope.deadline, deadline)
        return alarm

    def forget_one(self) -> None:
        """Note that an alarm was cancelled; take them out when they are many."""
        self._cancelled += 1
        if self._cancelled > len(self._waiting) // 2:
            self._waiting = [one for one in self._waiting if one[2].function is not None]
            heapq.heapify(self._waiting)
            self._cancelled = 0

    async def run(self) -> None:
        while True:
            with trio.CancelScope(deadline=self._next()) as self._scope:
                await trio.sleep_forever()
            while self._next() <= trio.current_time():
                function = heapq.heappop(self._waiting)[2].function
                if function is None:
                    self._cancelled -= 1
                else:
                    function()

    def _next(self) -> float:
        return self._waiting[0][0] if self._waiting else math.inf


_clock: Final[trio.lowlevel.RunVar[_Clock]] = trio.lowlevel.RunVar("mailcore.net.clock")


class TrioLoop:
    """Trio, as :class:`mailcore.net.loop.Loop` has it."""

    broken: tuple[type[Exception], ...] = (
        OSError,
        trio.BrokenResourceError,
        trio.ClosedResourceError,
    )

    def current_time(self) -> float:
        return trio.current_time()

    def clock(self) -> Callable[[], float]:
        return trio.lowlevel.current_clock().current_time

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)

    def scope(self, deadline: float = math.inf, *, shield: bool = False) -> Scope:
        return trio.CancelScope(deadline=deadline, shield=shield)

    def event(self) -> Event:
        return trio.Event()

    def tasks(self) -> AbstractAsyncContextManager[Tasks]:
        return trio.open_nursery()

    def caller(self) -> Callable[[Callable[[], object]], None]:
        token = trio.lowlevel.current_trio_token()

        def call_soon(function: Callable[[], object]) -> None:
            with suppress(trio.RunFinishedError):
                token.run_sync_soon(function, idempotent=True)

        return call_soon

    def call_at(self, deadline: float, function: Callable[[], object]) -> Timer:
        try:
            clock = _clock.get()
        except LookupError:
            clock = _Clock()
            _clock.set(clock)
            trio.lowlevel.spawn_system_task(clock.run, name="mailcore.net.clock")
        return clock.call_at(deadline, function)

    def wrap(self, socket: stdlib_socket.socket) -> Socket:
        return TrioSocket(socket)

    async def resolve(self, host: str | None, port: int) -> list[tuple[int, tuple[Any, ...]]]:
        infos = await trio.socket.getaddrinfo(
            host, port, type=trio.socket.SOCK_STREAM, flags=trio.socket.AI_PASSIVE
        )
        return list(dict.fromkeys((family, address) for family, _, _, _, address in infos))


TRIO: Final[Loop] = TrioLoop()
