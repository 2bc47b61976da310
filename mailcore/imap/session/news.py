"""What a session has heard of beside its selected mailbox, until it tells its client."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager

from mailcore.backend import Hint


class News:
    """Hints that wait. They come from any thread; all else is the session's task.

    Arguments:
        limit: hints that may wait; the oldest are forgotten.
    """

    def __init__(self, limit: int) -> None:
        self._waiting: deque[Hint] = deque(maxlen=limit)
        self._own: Hint | None = None

    def note(self, hint: Hint) -> bool:
        """Take a hint; return False if it only says what this client does itself."""
        if hint == self._own:
            return False
        self._waiting.append(hint)
        return True

    def take(self) -> Iterator[Hint]:
        """Yield the hints that wait, each once, those first that came first."""
        while self._waiting:
            yield self._waiting.popleft()

    @contextmanager
    def causing(self, hint: Hint) -> Iterator[None]:
        """Within this, the hint is no news: the client knows what it has asked for."""
        self._own = hint
        try:
            yield
        finally:
            self._own = None
