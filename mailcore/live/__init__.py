"""The connections that a server has now, for whoever looks on: where each stands and what was said.

No event loop and no socket: a driver tells a :class:`LiveSession` what it does, and whoever runs
the server asks :class:`LiveSessions`::

    live = LiveSessions()
    async with serve_imap(backend, port=993, tls=context, live=live):  # or a door, made with it
        ...
    for session in live:
        print(session.id, session.peer.host, session.standing().state, session.octets_out)

A session of one's own can be looked at if it is :class:`mailcore.observer.Observable`.
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
