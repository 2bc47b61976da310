"""The loop that runs one session over one stream, in one task.

There is no second task for news: a session that is told of something calls its ``wake``, from
whatever thread, and that ends the receive in which this task waits.
"""

from __future__ import annotations

import ssl
import threading
from collections.abc import Callable
from typing import Final

from mailcore.flow import CLOSE, NEED_DATA, START_TLS, Session
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.alarm import Alarm
from mailcore.net.loop import Interrupted
from mailcore.net.stream import Stream

#: Octets that a peer may get in a row, as fast as it reads them, before others have their turn.
_TURN: Final = 256 * 1024
#: Seconds that a session whose connection is gone has to release what it holds.
_RELEASE_TIME: Final = 5.0


class Waker:
    """Interrupts a waiting receive. Calls between two waits count as one.

    Arguments:
        stream: that is received from.
    """

    __slots__ = ("_alarm", "_call_soon", "_stream", "_thread", "_waiting", "woken")

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._call_soon = stream.loop.caller()
        self._thread = threading.get_ident()
        self._alarm = Alarm(stream.loop, self._interrupt)
        self._waiting = False
        self.woken = False

    def __call__(self) -> None:
        if threading.get_ident() == self._thread:
            self._wake()
        else:
            self._call_soon(self._wake)

    def _wake(self) -> None:
        self.woken = True
        self._interrupt()

    def _interrupt(self) -> None:
        if self._waiting:
            self._stream.interrupt()

    async def receive(self, deadline: float) -> bytes | None:
        """Return what the stream gives, or None if woken or at the deadline (the loop's clock)."""
        if self.woken:
            return None
        self._alarm.set(deadline)
        self._waiting = True
        try:
            return await self._stream.receive()
        except Interrupted:
            return None
        finally:
            self._waiting = False

    def close(self) -> None:
        """Interrupt no more."""
        self._alarm.cancel()


class Patience:
    """How long the peer may still take.

    A silent peer has the session's timeout. One that sends a command or a message in crumbs has no
    more than that, either: each octet buys only what it costs at the minimum rate. And a peer that
    has not logged in has one time for all it tries.
    """

    __slots__ = ("_login_deadline", "_now", "_rate", "_timeout", "deadline")

    def __init__(self, limits: Limits, now: Callable[[], float]) -> None:
        self._now = now
        self._rate = limits.minimum_rate
        self._login_deadline = now() + limits.login_timeout
        self.renew(0.0)

    def until(self, *, logged_in: bool) -> float:
        """Return when to give up, by the loop's clock."""
        return self.deadline if logged_in else min(self.deadline, self._login_deadline)

    def renew(self, timeout: float) -> None:
        """Start again: the session answered something."""
        self._timeout = timeout
        self.deadline = self._now() + timeout

    def expect(self, timeout: float) -> None:
        """Take note of what the session now allows; another value starts again."""
        if timeout != self._timeout:
            self.renew(timeout)

    def credit(self, octets: int) -> None:
        """Allow for what arrived."""
        limit = self._now() + self._timeout
        self.deadline = min(limit, self.deadline + octets / self._rate)


class TooSlow(OSError):
    """The peer does not read what it asked for."""


async def drive(
    session: Session,
    stream: Stream,
    *,
    limits: Limits = DEFAULT_LIMITS,
    tls: Callable[[], ssl.SSLContext] | None = None,
    login_failed: Callable[[], float] = lambda: 0.0,
) -> None:
    """Run a session until it closes or its peer is gone, and release what it holds.

    The stream stays open: closing it is for whoever made it.

    Arguments:
        session: fresh; its ``wake`` is set here. Until it is ``logged_in``, its peer has
            ``login_timeout`` in all.
        stream: connected, its TLS handshake done if it has TLS from the start.
        limits: ``minimum_rate`` and ``command_timeout`` bound a slow reader.
        tls: gives the context for STARTTLS, if the session offers that.
        login_failed: called after a wrong password; gives the seconds by which to hold back the
            answer, if the session does not ask for more.

    Raises:
        OSError: the connection broke, or the peer was too slow to read.
        ssl.SSLError: a failed STARTTLS handshake.
    """
    loop = stream.loop
    waker = Waker(stream)
    session.wake = waker
    patience = Patience(limits, loop.clock())
    ended = False
    in_a_row = 0
    try:
        while True:
            waker.woken = False
            step = await session.step()
            if step is CLOSE or (step is NEED_DATA and ended):
                return
            if step is NEED_DATA:
                ended = await _receive(session, waker, patience)
                in_a_row = 0
            elif step is START_TLS:
                await handshake(stream, tls, limits)
                session.tls_started(stream.channel)
            else:
                if session.delay:
                    await loop.sleep(max(session.delay, login_failed()))
                if not stream.send_now(step):
                    await _flush(stream, len(step), limits)
                in_a_row += len(step)
                if in_a_row > _TURN:
                    await loop.sleep(0)
                    in_a_row = 0
                patience.renew(session.timeout)
    finally:
        waker.close()
        with loop.scope(loop.current_time() + _RELEASE_TIME, shield=True):
            await session.aclose()


async def _receive(session: Session, waker: Waker, patience: Patience) -> bool:
    """Give the session what comes, or tell it what does not; return True after the last octet."""
    patience.expect(session.timeout)
    data = await waker.receive(patience.until(logged_in=session.logged_in))
    if data:
        patience.credit(len(data))
        session.receive_data(data)
    elif data is not None:
        session.receive_eof()
    elif not waker.woken:
        session.timed_out()
        patience.renew(session.timeout)  # it may only have wanted to look for news
    return data == b""


async def _flush(stream: Stream, octets: int, limits: Limits) -> None:
    seconds = limits.command_timeout + octets / limits.minimum_rate
    with stream.loop.scope(stream.loop.current_time() + seconds) as scope:
        await stream.flush()
    if scope.cancelled_caught:
        raise TooSlow(f"{octets} octets were not read in time")


async def handshake(
    stream: Stream, tls: Callable[[], ssl.SSLContext] | None, limits: Limits
) -> None:
    """Do a TLS handshake within ``limits.handshake_timeout``.

    Raises:
        OSError: the connection broke, or the handshake took too long.
        ssl.SSLError: it failed.
    """
    if tls is None:
        raise RuntimeError("the session offered STARTTLS, but the driver was given no context")
    deadline = stream.loop.current_time() + limits.handshake_timeout
    with stream.loop.scope(deadline) as scope:
        await stream.start_tls(tls())
    if scope.cancelled_caught:
        raise TooSlow("the TLS handshake took too long")
