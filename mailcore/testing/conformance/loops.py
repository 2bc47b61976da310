"""What the suite asks of an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from typing import Any, Protocol


class EventLoop(Protocol):
    """One kind of event loop."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run a coroutine function in a loop of its own."""
        ...

    async def sleep(self, seconds: float) -> None:
        """Let others run."""
        ...

    def cancelling(self) -> AbstractContextManager[Callable[[], object]]:
        """Give a function that cancels the block; the cancellation ends with the block."""
        ...


class Trio:
    """Trio."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        import trio

        trio.run(main)

    async def sleep(self, seconds: float) -> None:
        import trio

        await trio.sleep(seconds)

    @contextmanager
    def cancelling(self) -> Iterator[Callable[[], object]]:
        import trio

        with trio.CancelScope() as scope:
            yield scope.cancel


class Asyncio:
    """asyncio."""

    def run(self, main: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run(main())

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    @contextmanager
    def cancelling(self) -> Iterator[Callable[[], object]]:
        task = asyncio.current_task()
        assert task is not None
        with suppress(asyncio.CancelledError):
            yield task.cancel
        task.uncancel()
