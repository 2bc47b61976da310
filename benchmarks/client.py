"""The driver's end of connections, as lean as it can be: it must not be what is measured.

A :class:`Line` asks one thing at a time; a :class:`Swarm` keeps many connections busy with work
that was made beforehand, as much as they can do or at a pace.
"""

from __future__ import annotations

import select
import socket
import ssl
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final

from benchmarks.target import HOST, client_context

#: Of every IMAP command. No line of the corpus starts like this.
TAG: Final = b"q7"
_READ: Final = 256 * 1024
_KEPT: Final = 4096
_TIMEOUT: Final = 300.0
# What is left of a pause is waited for awake: epoll counts in milliseconds.
_AWAKE: Final = 0.002
_CONTEXT: Final = client_context()

#: Octets to send, and how many lines answer them: 0 for all up to the tagged one.
Step = tuple[bytes, int]
#: Steps that are one piece of work, each sent when the one before is answered.
Work = tuple[Step, ...]


class Refused(Exception):
    """The server said no, so that there is nothing to be measured."""


def command(text: bytes) -> Step:
    """Make an IMAP command of its text without tag and line end."""
    return TAG + b" " + text + b"\r\n", 0


def append(mailbox: bytes, message: bytes) -> Step:
    """Make an APPEND that does not wait for a continuation (RFC 7888)."""
    return command(b"APPEND %s {%d+}\r\n" % (mailbox, len(message)) + message)


def connect(port: int, *, tls: bool) -> socket.socket:
    """Connect, and do the handshake."""
    plain = socket.create_connection((HOST, port), _TIMEOUT)
    plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if not tls:
        return plain
    wrapped = _CONTEXT.wrap_socket(plain, server_hostname="localhost")
    # A server that holds its greeting back until its session tickets are acknowledged (Postfix
    # does) would wait 40 ms for the kernel to do so, on loopback.
    if hasattr(socket, "TCP_QUICKACK"):
        wrapped.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 1)
    return wrapped


class Line:
    """A connection that waits for each answer."""

    def __init__(self, port: int, *, tls: bool = False) -> None:
        self.socket = connect(port, tls=tls)
        self._buffer = memoryview(bytearray(_READ))
        self._answer(1)

    @classmethod
    def imap(cls, port: int, user: str, password: str, *, tls: bool = False) -> Line:
        """Connect and log in.

        Raises:
            Refused: wrong password.
        """
        line = cls(port, tls=tls)
        line.ask(b"LOGIN %s %s" % (user.encode(), password.encode()))
        return line

    def read(self, text: bytes) -> bytes:
        """Send an IMAP command and return the end of the answer, a few KB of it.

        Raises:
            Refused: it was not OK.
        """
        octets, lines = command(text)
        self.socket.sendall(octets)
        got = b""
        while not (got.endswith(b"\n") and _is_whole(got, lines)):
            data = self.socket.recv(_READ)
            if not data:
                raise Refused("the connection was closed")
            got = (got + data)[-_KEPT:]
        return got

    def ask(self, text: bytes) -> int:
        """Send an IMAP command and return the octets of the whole answer.

        Raises:
            Refused: it was not OK.
        """
        return self.take(command(text))

    def take(self, step: Step) -> int:
        """Send a step and return the octets of the answer.

        Raises:
            Refused: as for :meth:`ask`.
        """
        octets, lines = step
        self.socket.sendall(octets)
        return self._answer(lines)

    def _answer(self, lines: int) -> int:
        total = 0
        tail = b""
        while True:
            count = self.socket.recv_into(self._buffer)
            if not count:
                raise Refused("the connection was closed")
            total += count
            got = bytes(self._buffer[max(0, count - 1024) : count])
            tail = (tail + got)[-1024:] if count < 1024 else got
            if tail.endswith(b"\n") and _is_whole(tail, lines):
                return total

    def ehlo(self) -> None:
        """Say EHLO; its answer has as many lines as the server likes."""
        self.socket.sendall(b"EHLO client.example.org\r\n")
        got = b""
        while not (got.endswith(b"\n") and b"250 " in got[got.rfind(b"\n", 0, -1) + 1 :]):
            got += self.socket.recv(_READ)

    def drain(self) -> None:
        """Wait for the tagged answer of what was sent otherwise."""
        self._answer(0)

    def close(self) -> None:
        """Hang up."""
        self.socket.close()


def _is_whole(tail: bytes, lines: int) -> bool:
    if lines:
        if any(line[:1] in (b"4", b"5") for line in tail.splitlines()[-lines:]):  # of SMTP
            raise Refused(tail.decode("utf-8", "replace").strip())
        return tail.count(b"\n") >= lines
    last = tail[tail.rfind(b"\n", 0, -1) + 1 :]
    if not last.startswith(TAG):
        return False
    if not last.startswith(TAG + b" OK"):
        raise Refused(last.decode("utf-8", "replace").strip())
    return True


@dataclass(slots=True)
class Tally:
    """What a swarm has done.

    Arguments:
        count: pieces of work that were done.
        seconds: they took in all.
        latencies: of each of these, in seconds.
        memory: of the server when it mattered, in octets; 0 for whenever the row has ended.
        connections: that the row is about; 0 if it is about something else.
        each: what one of these adds to the memory of the server, in octets.
    """

    count: int = 0
    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    memory: int = 0
    connections: int = 0
    each: float = 0.0


class _Member:
    __slots__ = ("got", "lines", "since", "socket", "steps", "works")

    def __init__(self, connection: socket.socket, works: Iterator[Work]) -> None:
        self.socket = connection
        self.works = works
        # What is still to be sent of the piece of work in hand.
        self.steps: Iterator[Step] = iter(())
        self.got = b""
        self.lines = 0
        self.since = 0.0


class Swarm:
    """Connections that each do one piece of work at a time.

    Arguments:
        sockets: connected and logged in.
        works: for each connection, by its number; the last to run out ends a run.
    """

    def __init__(
        self, sockets: Iterable[socket.socket], works: Callable[[int], Iterator[Work]]
    ) -> None:
        self._members: dict[int, _Member] = {}
        self._poll = select.epoll()
        for number, connection in enumerate(sockets):
            connection.setblocking(False)
            self._members[connection.fileno()] = _Member(connection, works(number))
            self._poll.register(connection.fileno(), select.EPOLLIN)

    def run(self, seconds: float | None = None) -> Tally:
        """Work until the time is over (what is under way is done first) or there is no more.

        Raises:
            Refused: a step was not answered with OK.
        """
        tally = Tally()
        start = time.perf_counter()
        end = None if seconds is None else start + seconds
        busy = sum(self._begin(member, start) for member in self._members.values())
        while busy:
            for member in self._done(_TIMEOUT):
                now = time.perf_counter()
                tally.latencies.append(now - member.since)
                if (end is not None and now > end) or not self._begin(member, now):
                    busy -= 1
        tally.seconds = time.perf_counter() - start
        tally.count = len(tally.latencies)
        return tally

    def run_at(self, rate: float, seconds: float) -> Tally:
        """Begin a piece of work at each tick of a clock, whether or not the server keeps up.

        What finds no connection free waits for one, and its latency counts from its tick.

        Arguments:
            rate: ticks a second.
            seconds: for which it ticks.

        Raises:
            Refused: as for :meth:`run`.
        """
        tally = Tally()
        start = time.perf_counter()
        ticks = deque(start + number / rate for number in range(max(1, int(rate * seconds))))
        free = deque(self._members.values())
        while ticks or len(free) < len(self._members):
            while ticks and free and ticks[0] <= time.perf_counter():
                if self._begin(free[0], ticks[0]):
                    ticks.popleft()
                    free.popleft()
                else:
                    ticks.clear()
            pause = ticks[0] - time.perf_counter() if ticks and free else _TIMEOUT
            for member in self._done(max(0.0, pause - _AWAKE)):
                tally.latencies.append(time.perf_counter() - member.since)
                free.append(member)
        tally.seconds = time.perf_counter() - start
        tally.count = len(tally.latencies)
        return tally

    def close(self) -> None:
        """Hang up, all of them."""
        self._poll.close()
        for member in self._members.values():
            member.socket.close()

    def _begin(self, member: _Member, now: float) -> bool:
        """Begin the next piece of work; return False if there is none."""
        work = next(member.works, None)
        if work is None:
            return False
        member.steps = iter(work)
        member.since = now
        return self._step(member)

    def _step(self, member: _Member) -> bool:
        """Send the next step of the work in hand; return False if it is done."""
        step = next(member.steps, None)
        if step is None:
            return False
        octets, member.lines = step
        member.got = b""
        self._send(member.socket, octets)
        return True

    def _done(self, timeout: float) -> Iterator[_Member]:
        """Wait for answers, and send what follows them; yield whose work is done."""
        for descriptor, _ in self._poll.poll(timeout):
            member = self._members[descriptor]
            if self._receive(member) and not self._step(member):
                yield member

    def _send(self, connection: socket.socket, octets: bytes) -> None:
        view = memoryview(octets)
        while view:
            try:
                view = view[connection.send(view) :]
            except (BlockingIOError, ssl.SSLWantWriteError):
                select.select((), (connection,), ())

    def _receive(self, member: _Member) -> bool:
        """Take what has come; return whether the answer is whole."""
        while True:
            try:
                data = member.socket.recv(_READ)
            except (BlockingIOError, ssl.SSLWantReadError):
                return False
            if not data:
                raise Refused(f"the connection was closed after {member.got[-200:]!r}")
            got = member.got + data
            if got.endswith(b"\n") and _is_whole(got, member.lines):
                return True
            # Only the end of a long answer matters, unless lines are counted.
            member.got = got if member.lines else got[-_KEPT:]
