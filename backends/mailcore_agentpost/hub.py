"""Who is watching, and telling them: what changed, what happened, and when it is over."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence, Set
from dataclasses import dataclass
from typing import Generic, TypeVar

from mailcore.backend import AccountEnded, Hint, MailboxMoved
from mailcore_agentpost.recent import RecentChanges
from mailcore_agentpost.store import Queue
from mailcore_agentpost.types import EventRow

T = TypeVar("T")


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


#: Called after a commit with events of one organization, from any thread; never blocks nor raises.
#: Without events, there may be some: whoever listens looks.
Listener = Callable[[Sequence[EventRow]], None]


class _Register(Generic[T]):
    """Whoever is to be told, by what it is interested in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        # Replaced, never changed: whoever tells needs no lock.
        self._entries: dict[str, tuple[T, ...]] = {}

    def add(self, name: str, entry: T) -> Callable[[], None]:
        """Add an entry; return the function that takes it out."""
        with self._lock:
            self._entries[name] = (*self.of(name), entry)

        def remove() -> None:
            with self._lock:
                left = tuple(one for one in self.of(name) if one is not entry)
                if left:
                    self._entries[name] = left
                else:
                    self._entries.pop(name, None)

        return remove

    def of(self, name: str) -> tuple[T, ...]:
        """Return the entries under a name."""
        return self._entries.get(name, ())

    def __iter__(self) -> Iterator[T]:
        with self._lock:
            entries = [*self._entries.values()]
        return (entry for some in entries for entry in some)


class Hub:
    """Carries hints and events from whoever changed something to all that watch. From any thread.

    A watcher sees one inbox and is told that something in it moved. A listener is told the events
    of an organization.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._watchers: _Register[Watcher] = _Register()
        self._listeners: _Register[Listener] = _Register()
        self._workers: _Register[Callable[[], None]] = _Register()
        # How often the folders of each inbox have changed otherwise: their names, for one.
        self._hints: dict[str, int] = {}
        # How often nobody knows which have.
        self._stirs = 0
        #: What the last commits did.
        self.recent = RecentChanges()
        #: How often something ended: who authenticated while this changed must look again.
        self.endings = 0

    def add(self, watcher: Watcher) -> Callable[[], None]:
        """Tell a watcher from now on; return the function that ends that."""
        return self._watchers.add(watcher.inbox, watcher)

    def listen(self, organization: str, listener: Listener) -> Callable[[], None]:
        """Tell the events of an organization from now on; return what ends that."""
        return self._listeners.add(organization, listener)

    def work_off(self, queue: Queue, worker: Callable[[], None]) -> Callable[[], None]:
        """Call back when a queue gets something to do; return what ends that."""
        return self._workers.add(queue, worker)

    def tell(
        self,
        folders: Set[tuple[str, int]],
        events: Sequence[EventRow],
        due: Set[Queue] = frozenset(),
    ) -> None:
        """Tell of a commit.

        Arguments:
            folders: which changed, each as (inbox, folder).
            events: what happened, in order.
            due: queues that have got something to do.
        """
        for inbox, folder in folders:
            for watcher in self._watchers.of(inbox):
                watcher.tell(MailboxMoved(folder_id(folder)))
        for organization in dict.fromkeys(event.org_id for event in events):
            for listener in self._listeners.of(organization):
                listener([event for event in events if event.org_id == organization])
        for queue in due:
            for worker in self._workers.of(queue):
                worker()

    def stir(self) -> None:
        """Take any folder for moved, and have all look for events and work; there may be none."""
        self.recent.forget()
        self._stirs += 1
        for listener in self._listeners:
            listener([])
        for worker in self._workers:
            worker()

    def watchers(self) -> list[Watcher]:
        """Return all that watch now."""
        return [*self._watchers]

    def names(self, inbox: str) -> int:
        """Return a number that another one has replaced once folders have got other names."""
        return self._hints.get(inbox, 0) + self._stirs

    def hint(self, inbox: str, hint: Hint) -> None:
        """Tell all that watch an inbox."""
        self._hints[inbox] = self._hints.get(inbox, 0) + 1
        for watcher in self._watchers.of(inbox):
            watcher.tell(hint)

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
        for watcher in self._watchers:
            if key == watcher.key or inbox == watcher.inbox or organization == watcher.organization:
                watcher.tell(AccountEnded(reason))
