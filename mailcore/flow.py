"""The words in which connections and sessions tell their driver what comes next."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Final, Literal, Protocol

from mailcore.channel import Channel


class Flow(Enum):
    """Sentinels, as h11 has them: compare with ``is``."""

    NEED_DATA = "receive more octets, then ask again"
    PAUSED = "answer the last event first; pipelined input waits"
    START_TLS = "do the TLS handshake as server, then report it"
    CLOSE = "close the transport"

    def __repr__(self) -> str:
        return self.name


NEED_DATA: Final = Flow.NEED_DATA
PAUSED: Final = Flow.PAUSED
START_TLS: Final = Flow.START_TLS
CLOSE: Final = Flow.CLOSE

Step = bytes | Literal[Flow.NEED_DATA, Flow.START_TLS, Flow.CLOSE]


_FIRST_DELAY: Final = 0.5
_LONGEST_DELAY: Final = 8.0


def delay_after(failures: int) -> float:
    """Return the seconds by which to hold back the answer to a wrong password.

    Arguments:
        failures: on this connection so far, this one included.
    """
    return min(_FIRST_DELAY * float(2 ** min(failures - 1, 10)), _LONGEST_DELAY)


class Session(Protocol):
    """What a driver needs to know of a session, be it IMAP or SMTP. No sockets, no clocks.

    The driver's whole loop::

        while True:
            step = await session.step()
            if step is CLOSE: break
            elif step is NEED_DATA: session.receive_data(await receive())  # b"" : receive_eof()
            elif step is START_TLS: ...; session.tls_started(channel)
            else: await sleep(session.delay); await send(step)
    """

    #: Set by the driver; called by the session, from any thread, when a waiting driver should stop
    #: receiving and call :meth:`step` again.
    wake: Callable[[], None]

    #: Seconds by which to hold back what the last step returned: more than 0 after a wrong
    #: password, see :func:`delay_after`.
    delay: float

    @property
    def logged_in(self) -> bool:
        """Whether the peer has done what this door asks for; until then its time is short."""
        ...

    @property
    def timeout(self) -> float:
        """Seconds that the peer now has to send something before :meth:`timed_out`."""
        ...

    def receive_data(self, data: bytes) -> None:
        """Take octets from the transport."""
        ...

    def receive_eof(self) -> None:
        """Take note that the peer will send no more."""
        ...

    async def step(self) -> Step:
        """Return octets to send now, or what the driver has to do before the next call."""
        ...

    def timed_out(self) -> None:
        """The peer was silent for :attr:`timeout` seconds: say goodbye in the next steps."""
        ...

    def shut_down(self, reason: str) -> None:
        """Say goodbye (BYE, 421) once the command in hand is answered. From any thread."""
        ...

    def tls_started(self, channel: Channel) -> None:
        """The handshake that START_TLS asked for is done, and has settled this."""
        ...

    async def aclose(self) -> None:
        """Release what the session holds, after the transport is gone. Harmless when repeated."""
        ...
