"""Live connections: looked at, and closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from mailcore.live import Line
from mailcore_agentpost.http.paging import cut, decode_number
from mailcore_agentpost.http.routing import V1, Call, Route
from mailcore_agentpost.http.types import (
    PageQuery,
    Session,
    SessionPage,
    SessionWithTranscript,
    TranscriptLine,
    TranscriptQuery,
)
from mailcore_agentpost.operations import SessionService, Visible
from mailcore_agentpost.types import KeyRow


class SessionHandlers:
    """Answers ``/sessions``."""

    def __init__(self, sessions: SessionService) -> None:
        self._sessions = sessions

    async def list_sessions(self, call: Call[KeyRow]) -> SessionPage:
        """Return a page of connections, the youngest first."""
        limit = call.query.limit
        before = decode_number(call.query.cursor)
        found = await self._sessions.list(call.key, before=before, limit=limit + 1)
        page = cut(found, limit, lambda one: str(one.live.number))
        return SessionPage(
            has_more=page.has_more,
            next_cursor=page.next_cursor,
            data=[Session(**_fields(one)) for one in page.rows],
        )

    async def get_session(self, call: Call[KeyRow]) -> SessionWithTranscript:
        """Return a connection with its transcript."""
        found = await self._sessions.get(call.key, call.path["session_id"])
        transcript = found.live.transcript
        lines = [] if transcript is None else transcript.lines(call.query.after)
        return SessionWithTranscript(**_fields(found), transcript=[_line(one) for one in lines])

    async def close_session(self, call: Call[KeyRow]) -> None:
        """End a connection."""
        await self._sessions.close(call.key, call.path["session_id"])


def _fields(one: Visible) -> dict[str, Any]:
    live, sender = one.live, one.sender
    standing = live.standing()
    peer = live.peer
    host = f"[{peer.host}]" if ":" in peer.host else peer.host
    return {
        "id": live.id,
        "protocol": peer.protocol,
        "door": live.door,
        "state": standing.state,
        "client": f"{host}:{peer.port}" if peer.port else host,
        "tls": standing.tls,
        "inbox_id": sender and sender.inbox,
        "email": sender and sender.address,
        "key_id": sender and sender.key,
        "mailbox": standing.mailbox,
        "idling": standing.idling,
        "command": standing.command,
        "commands": live.commands,
        "octets_in": live.octets_in,
        "octets_out": live.octets_out,
        "opened_at": _time(live.opened_at),
        "last_at": live.last_at and _time(live.last_at),
        "ended_at": live.ended_at and _time(live.ended_at),
    }


def _line(line: Line) -> TranscriptLine:
    return TranscriptLine(number=line.number, at=_time(line.at), side=line.side, text=line.text)


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def routes(sessions: SessionHandlers) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    one = f"{V1}/sessions/{{session_id}}"
    return (
        Route(
            method="GET",
            path=f"{V1}/sessions",
            handler=sessions.list_sessions,
            summary="List the live IMAP and SMTP connections, and the last that ended",
            scope="messages:read",
            query=PageQuery,
            response=SessionPage,
        ),
        Route(
            method="GET",
            path=one,
            handler=sessions.get_session,
            summary="Return a connection with its transcript",
            scope="messages:read",
            query=TranscriptQuery,
            response=SessionWithTranscript,
        ),
        Route(
            method="DELETE",
            path=one,
            handler=sessions.close_session,
            summary="Close a connection",
            scope="inboxes:write",
            status=204,
        ),
    )
