"""The connections that a server has now, for whoever looks on: where each stands and what was said.

No event loop and no socket: a driver tells a :class:`LiveSession` what it does, and whoever runs
the server asks :class:`LiveSessions`.
"""

from mailcore.live.sessions import LiveSession, LiveSessions
from mailcore.live.tally import BUCKETS, Durations, Tally
from mailcore.live.transcript import Line, Transcript

__all__ = [
    "BUCKETS",
    "Durations",
    "Line",
    "LiveSession",
    "LiveSessions",
    "Tally",
    "Transcript",
]
