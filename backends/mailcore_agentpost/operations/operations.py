"""All of it together, as the HTTP door gets it."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore_agentpost.operations.sessions import SessionService


@dataclass(frozen=True, slots=True)
class Operations:
    """What the HTTP door shows of the workings of the server.

    Arguments:
        sessions: the live connections.
    """

    sessions: SessionService
