"""Every connection of a server while it lives, and the last ones that ended."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter

from mailcore.backend import Peer
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.live.tally import Tally
from mailcore.live.transcript import Transcript
from mailcore.log import log_event
from mailcore.observer import Observable, Standing

logger = logging.getLogger("mailcore.live")


class LiveSession:
    """One connection, as whoever looks on sees it: an :class:`mailcore.observer.Observer`.

    Arguments:
        number: unique in this run of the server, and rising.
        door: which it came in by: ``imap``, ``smtp``, ``submission``, ``mx``, ``lmtp``.
        peer: the client.
        session: what serves it.
        close: ends it, with a reason for the client.
        tally: counts what it does.
        transcript: octets of it to keep; 0 for none.
    """

    def __init__(
        self,
        number: int,
        door: str,
        peer: Peer,
        session: Observable,
        close: Callable[[str], None],
        tally: Tally,
        transcript: int,
    ) -> None:
        self.number = number
        #: What it is called in the log, and to those who ask: ``imap-17``.
        self.id = f"{peer.protocol}-{number}"
        self.door = door
        self.peer = peer
        self.opened_at = time.time()
        #: When it ended, or None.
        self.ended_at: float | None = None
        #: Octets of the protocol, without TLS and compression.
        self.octets_in = 0
        self.octets_out = 0
        self.commands = 0
        #: When the last command was answered; None before the first.
        self.last_at: float | None = None
        #: What was said; None if that is not kept.
        self.transcript = Transcript(transcript) if transcript else None
        self._session: Observable | None = session
        self._close = close
        self._tally = tally
        self._began = perf_counter()
        self._standing = session.standing()
        #: What was logged in to, also after the end; None if nobody was.
        self.account: object | None = None

    def standing(self) -> Standing:
        """Return where it stands, or stood when it ended."""
        if self._session is not None:
            self._standing = self._session.standing()
        return self._standing

    def close(self, reason: str) -> None:
        """Have the client told goodbye after the command in hand; the second time, cut it off.

        Arguments:
            reason: one line for the client.
        """
        if self._session is not None:
            self._close(reason)

    def end(self) -> None:
        """The connection is gone; what was known of it stays."""
        self.standing()
        self._session = None
        self.ended_at = time.time()

    # ------------------------------------------------------------------ what the session tells

    def received(self, data: bytes) -> None:
        self.octets_in += len(data)
        if self.transcript is not None:
            self.transcript.add("client", data)

    def sent(self, data: bytes) -> None:
        self.octets_out += len(data)
        if self.transcript is not None:
            self.transcript.add("server", data)

    def began(self) -> None:
        self._began = perf_counter()

    def answered(self, command: str, status: str, reason: str) -> None:
        self.commands += 1
        self.last_at = time.time()
        seconds = perf_counter() - self._began
        self._tally.answered(self.peer.protocol, command, status, reason, seconds)
        if reason:
            log_event(
                logger,
                "refused",
                session=self.id,
                peer=self.peer.host,
                command=command or "invalid",
                status=status,
                reason=reason,
            )

    def login_changed(self, logged_in: bool) -> None:
        self.account = self.standing().account
        if self.transcript is not None:
            self.transcript.be_careful(not logged_in)
            if not logged_in:  # what was said is the last user's, and no business of the next
                self.transcript.clear()


class LiveSessions:
    """The connections of one server. Of the thread of its event loop.

    Arguments:
        limits: ``transcript`` and ``ended_sessions``.
    """

    def __init__(self, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._live: dict[str, LiveSession] = {}
        self._ended: deque[LiveSession] = deque(maxlen=limits.ended_sessions)
        #: What all of them did so far.
        self.tally = Tally()

    @contextmanager
    def watch(
        self, number: int, door: str, peer: Peer, session: Observable, close: Callable[[str], None]
    ) -> Iterator[LiveSession]:
        """Look on while a session is served; arguments as for :class:`LiveSession`."""
        live = LiveSession(number, door, peer, session, close, self.tally, self._limits.transcript)
        session.observe(live)
        self._live[live.id] = live
        self.tally.connections[door] += 1
        try:
            yield live
        finally:
            live.end()
            del self._live[live.id]
            self.tally.received[peer.protocol] += live.octets_in
            self.tally.sent[peer.protocol] += live.octets_out
            if self._limits.ended_sessions:
                self._ended.append(live)

    def __iter__(self) -> Iterator[LiveSession]:
        """Give those that live, the oldest first."""
        return iter([*self._live.values()])

    def ended(self) -> list[LiveSession]:
        """Return the last ones that ended, the latest last."""
        return [*self._ended]

    def find(self, id: str) -> LiveSession | None:
        """Return the session with an id, alive or one of the last that ended."""
        found = self._live.get(id)
        if found is None:
            found = next((one for one in self._ended if one.id == id), None)
        return found
