"""Who is watching, and telling them: what changed, and when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Set
from dataclasses import dataclass

from mailcore.backend import AccountEnded, Hint, MailboxMoved


def folder_id(folder: int) -> str:
    """Return the identity of a folder as the engine knows it (RFC 8474 §4)."""
    return f"fld_{folder}"


@dataclass(frozen=True, slots=True)
class Watcher:
    """A live connection: what it sees, and by what right."""

    inbox: str
    key: str
    organization: str
    tell: Callable[[Hint], None]


class Hub:
    """Carries hints from whoever changed something to all that watch. From any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Replaced, never changed: whoever tells needs no lock.
        self._watchers: dict[str, tuple[Watcher, ...]] = {}
        #: How often something ended: who authenticated while this changed must look again.
        self.endings = 0

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell a watcher from now on; return the function that ends that."""
        with self._lock:
            self._watchers[watcher.inbox] = (*self._watchers.get(watcher.inbox, ()), watcher)

        def remove() -> None:
            with self._lock:
                left = self._watchers.get(watcher.inbox, ())
                left = tuple(one for one in left if one is not watcher)
                if left:
                    self._watchers[watcher.inbox] = left
                else:
                    self._watchers.pop(watcher.inbox, None)

        return remove

    def moved(self, folders: Set[tuple[str, int]]) -> None:
        """Tell that folders changed, each as (inbox, folder)."""
        for inbox, folder in folders:
            for watcher in self._watchers.get(inbox, ()):
                watcher.tell(MailboxMoved(folder_id(folder)))

    def end(
        self,
        reason: str,
        *,
        key: str | None = None,
        inbox: str | None = None,
        organization: str | None = None,
    ) -> None:
        """Have the live connections of a key, an inbox or an organization say goodbye."""
        with self._lock:
            self.endings += 1
            everybody = [one for watchers in self._watchers.values() for one in watchers]
        for watcher in everybody:
            if key == watcher.key or inbox == watcher.inbox or organization == watcher.organization:
                watcher.tell(AccountEnded(reason))
