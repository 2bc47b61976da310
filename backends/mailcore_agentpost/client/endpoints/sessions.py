"""``client.sessions``: the live IMAP and SMTP connections."""

from __future__ import annotations

from mailcore_agentpost.client.request import Request, listing, nothing, path, to
from mailcore_agentpost.http.types import SessionPage, SessionWithTranscript


def list_page(*, limit: int = 50, cursor: str | None = None) -> Request[SessionPage]:
    """Return one page of connections, the youngest first; the last ones that ended too."""
    return listing(SessionPage, path("sessions"), limit, cursor)


def get(session_id: str, *, after: int = 0) -> Request[SessionWithTranscript]:
    """Return one connection with the lines of its transcript after a number."""
    return Request(
        method="GET",
        path=path("sessions", session_id),
        decode=to(SessionWithTranscript),
        params={"after": after},
    )


def close(session_id: str) -> Request[None]:
    """End a connection."""
    return Request(method="DELETE", path=path("sessions", session_id), decode=nothing)
