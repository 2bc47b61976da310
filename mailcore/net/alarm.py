"""A deadline that is put off with every command, and costs next to nothing for that."""

from __future__ import annotations

import math
from collections.abc import Callable

from mailcore.net.loop import Loop, Timer


class Alarm:
    """Calls a function when its deadline has passed.

    A timer that runs is left alone when the deadline moves on: it looks again when it is due.

    Arguments:
        loop: whose clock counts.
        ring: called in its thread, once for each :meth:`set` that is not followed by a later one.
    """

    __slots__ = ("_deadline", "_due", "_loop", "_ring", "_timer")

    def __init__(self, loop: Loop, ring: Callable[[], object]) -> None:
        self._loop = loop
        self._ring = ring
        self._deadline = math.inf
        self._timer: Timer | None = None
        # When the timer looks.
        self._due = math.inf

    def set(self, deadline: float) -> None:
        """Ring at this time, and at no other."""
        self._deadline = deadline
        if deadline < self._due:
            self.cancel()
            self._start(deadline)

    def cancel(self) -> None:
        """Ring no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
            self._due = math.inf

    def _start(self, deadline: float) -> None:
        self._due = deadline
        self._timer = self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        self._due = math.inf
        if self._deadline > self._loop.current_time():
            self._start(self._deadline)
        else:
            self._ring()
