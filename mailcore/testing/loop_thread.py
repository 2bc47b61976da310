"""asyncio in a thread, by a clock that can be put forward."""

from __future__ import annotations

import asyncio
import inspect
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from types import TracebackType
from typing import Any


class _Loop(asyncio.SelectorEventLoop):
    ahead = 0.0

    def time(self) -> float:
        return super().time() + self.ahead


class LoopThread:
    """A loop that runs while the block does."""

    def __init__(self) -> None:
        self.loop = _Loop()
        self._thread = threading.Thread(target=self._run, name="mailcore.testing", daemon=True)

    def _run(self) -> None:
        asyncio.set_event_loop(self.loop)
        self.loop.run_forever()

    def call(self, function: Callable[..., Any], *args: Any) -> Any:
        """Call a function in the thread of the loop; return what it returns.

        What a coroutine function gives is awaited.
        """

        async def run() -> Any:
            result = function(*args)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def __enter__(self) -> LoopThread:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


class Clock:
    """The time that a server goes by: deadlines, IDLE, login delays, dates of messages.

    It runs like any other, and can be put forward::

        server.clock.advance(minutes=31)  # whoever has idled gets "* BYE"
    """

    def __init__(self, thread: LoopThread) -> None:
        self._thread = thread

    def advance(self, seconds: float = 0.0, *, minutes: float = 0.0, hours: float = 0.0) -> None:
        """Put the clock forward; whatever has become due happens at once."""
        total = seconds + 60 * minutes + 3600 * hours
        if total < 0:
            raise ValueError("time does not go back")

        def put_forward() -> None:
            self._thread.loop.ahead += total

        self._thread.call(put_forward)

    def monotonic(self) -> float:
        """Return the seconds that deadlines are told by."""
        return time.monotonic() + self._thread.loop.ahead

    def now(self) -> datetime:
        """Return the date."""
        return datetime.now(UTC) + timedelta(seconds=self._thread.loop.ahead)
