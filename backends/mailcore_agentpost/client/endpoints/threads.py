"""``client.threads``."""

from __future__ import annotations

from collections.abc import Iterable

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import AddLabels, Thread, ThreadPage


def list_page(inbox_id: str, *, limit: int = 50, cursor: str | None = None) -> Request[ThreadPage]:
    """Return one page of threads, the one with the latest message first."""
    return listing(ThreadPage, path("inboxes", inbox_id, "threads"), limit, cursor)


def get(thread_id: str) -> Request[Thread]:
    """Return one thread with its messages."""
    return Request(method="GET", path=path("threads", thread_id), decode=to(Thread))


def add_labels(thread_id: str, labels: Iterable[str]) -> Request[Thread]:
    """Add labels to every message of a thread."""
    return Request(
        method="POST",
        path=path("threads", thread_id, "labels"),
        decode=to(Thread),
        body=AddLabels(labels=[*labels]),
    )


def remove_label(thread_id: str, label: str) -> Request[None]:
    """Take one label off every message of a thread."""
    where = path("threads", thread_id, "labels", label)
    return Request(method="DELETE", path=where, decode=nothing)
