"""What a session has heard of beside its selected mailbox, until it tells its client."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from mailcore.backend import Hint


class News:
    """Hints that wait. They come from any thread; all else is the session's task.

    Arguments:
        limit: hints that may wait; those beyond are lost, and :attr:`overflowed` says so.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        # Its ends are safe for threads; nothing else of it is touched.
        self._waiting: deque[Hint] = deque()
        self._own: Hint | None = None
        #: Whether hints were lost.
        self.overflowed = False

    def __len__(self) -> int:
        return len(self._waiting)

    def note(self, hint: Hint) -> bool:
        """Take a hint; return False if it only says what this client does itself."""
        if hint == self._own:
            return False
        if len(self._waiting) < self._limit:
            self._waiting.append(hint)
        else:
            self.overflowed = True
        return True

    def take(self) -> list[Hint]:
        """Return the hints that wait, each once, those first that came first; none wait then."""
        taken: dict[Hint, None] = {}
        while self._waiting:
            taken.setdefault(self._waiting.popleft())
        return list(taken)

    @contextmanager
    def causing(self, hint: Hint) -> Iterator[None]:
        """Within this, the hint is no news: the client knows what it has asked for."""
        self._own = hint
        try:
            yield
        finally:
            self._own = None
