"""What can go wrong with a server, at a word."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Literal

from mailcore.backend import BackendError, Delivery, Recipient
from mailcore.channel import Channel
from mailcore.flow import CLOSE, Session, Step
from mailcore.net.loop import Loop
from mailcore.smtp.types import Reply
from mailcore.testing.certificates import Badness

Protocol = Literal["imap", "smtp"]

#: Octets of what a client has said that faults look at: the last ones.
_REMEMBERED = 16 * 1024
_LITERAL = re.compile(rb"\{(\d+)\}\r\n")


class Fault:
    """Something that goes wrong until it is removed, or has happened often enough.

    It is removed by :meth:`remove`, or at the end of a block::

        with server.faults.delay(3, "EHLO"):
            ...
    """

    def __init__(self, times: int | None, remove: Callable[[Fault], None]) -> None:
        #: How often it has happened.
        self.happened = 0
        self._times = times
        self._remove = remove

    @property
    def over(self) -> bool:
        """Whether it happens no more."""
        return self._times is not None and self.happened >= self._times

    def remove(self) -> None:
        """Let it happen no more. Harmless when repeated."""
        self._remove(self)

    def __enter__(self) -> Fault:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.remove()


class _Connection:
    """What faults know and do about one connection."""

    def __init__(self, protocol: Protocol, loop: Loop) -> None:
        self.protocol = protocol
        self.loop = loop
        self.greeted = False
        self.ended = False
        #: What came since the server last spoke.
        self.heard = b""
        #: Whether the server waits for a message, after 354.
        self.in_data = False


class _OnConnection(Fault):
    """A fault that sees what is said on a connection."""

    protocol: Protocol | None = None

    def heard(self, connection: _Connection) -> None:
        """Look at what came."""

    async def said(self, connection: _Connection, data: bytes) -> bytes:
        """Return what is sent in the place of what the server says."""
        return data


class _Greeting(_OnConnection):
    def __init__(
        self, octets: bytes, times: int | None, remove: Callable[[Fault], None], protocol: Protocol
    ) -> None:
        super().__init__(times, remove)
        self.protocol = protocol
        self._octets = octets

    async def said(self, connection: _Connection, data: bytes) -> bytes:
        if connection.greeted:
            return data
        self.happened += 1
        return self._octets


class _Delay(_OnConnection):
    def __init__(
        self,
        seconds: float,
        command: str | None,
        times: int | None,
        remove: Callable[[Fault], None],
    ) -> None:
        super().__init__(times, remove)
        self._seconds = seconds
        self._asked = None if command is None else _begins_with(command)

    async def said(self, connection: _Connection, data: bytes) -> bytes:
        if self._asked is None or self._asked.search(connection.heard):
            self.happened += 1
            await connection.loop.sleep(self._seconds)
        return data


class _Hangup(_OnConnection):
    def __init__(
        self, command: str, times: int | None, remove: Callable[[Fault], None], after: bool
    ) -> None:
        super().__init__(times, remove)
        self._asked = _begins_with(command)
        self._after = after

    async def said(self, connection: _Connection, data: bytes) -> bytes:
        if not self._asked.search(connection.heard):
            return data
        self.happened += 1
        connection.ended = True
        return data if self._after else b""


class _LostMessage(_OnConnection):
    protocol: Protocol | None = "smtp"

    def __init__(self, stored: bool, times: int | None, remove: Callable[[Fault], None]) -> None:
        super().__init__(times, remove)
        self._stored = stored

    def heard(self, connection: _Connection) -> None:
        if connection.in_data and not self._stored and _is_whole(connection.heard):
            self.happened += 1
            connection.ended = True

    async def said(self, connection: _Connection, data: bytes) -> bytes:
        if not (connection.in_data and self._stored and _is_whole(connection.heard)):
            return data
        self.happened += 1
        connection.ended = True
        return b""


class _CutLiteral(_OnConnection):
    protocol: Protocol | None = "imap"

    def __init__(self, octets: int, times: int | None, remove: Callable[[Fault], None]) -> None:
        super().__init__(times, remove)
        self._octets = octets

    async def said(self, connection: _Connection, data: bytes) -> bytes:
        for found in _LITERAL.finditer(data):
            if int(found[1]) > self._octets:
                self.happened += 1
                connection.ended = True
                return data[: found.end() + self._octets]
        return data


class _BadCertificate(Fault):
    def __init__(self, bad: Badness, times: int | None, remove: Callable[[Fault], None]) -> None:
        super().__init__(times, remove)
        self.bad = bad


class _Refusal(Fault):
    def __init__(
        self, recipient: str, reply: Reply, times: int | None, remove: Callable[[Fault], None]
    ) -> None:
        super().__init__(times, remove)
        self.address = recipient.lower()
        self.reply = reply


def _begins_with(command: str) -> re.Pattern[bytes]:
    """Match a line that begins with a command, after an IMAP tag or not."""
    word = re.escape(command.encode())
    return re.compile(rb"^(?:[^ \r\n]+ )?" + word + rb"(?![a-z])", re.IGNORECASE | re.MULTILINE)


def _is_whole(data: bytes) -> bool:
    return data == b".\r\n" or b"\r\n.\r\n" in data


class Faults:
    """What goes wrong with a server from now on.

    Every fault concerns all connections, those that are there too, and takes ``times``: after how
    many it is over; None for no end.
    """

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._lock = threading.Lock()

    def refuse(
        self,
        recipient: str,
        code: int = 451,
        text: str = "Try again later",
        *,
        times: int | None = None,
    ) -> Fault:
        """Refuse a recipient, before the backend is asked: 451 for now, 550 for good."""
        reply = Reply.of(code, f"{code // 100}.7.1", text)
        return self._add(_Refusal(recipient, reply, times, self._forget))

    def greet(self, octets: bytes, *, protocol: Protocol, times: int | None = None) -> Fault:
        """Greet with something else, or with nothing: ``b"* BYE full\\r\\n"``."""
        return self._add(_Greeting(octets, times, self._forget, protocol))

    def delay(
        self, seconds: float, command: str | None = None, *, times: int | None = None
    ) -> Fault:
        """Hold back answers, by the server's clock.

        Arguments:
            command: only to this one: ``"EHLO"``, ``"UID FETCH"``.
        """
        return self._add(_Delay(seconds, command, times, self._forget))

    def hang_up(self, command: str, *, after: bool = False, times: int | None = None) -> Fault:
        """Close the connection in the place of an answer.

        Arguments:
            command: to this one: ``"RCPT"``, ``"DATA"``, ``"LOGIN"``.
            after: answer first.
        """
        return self._add(_Hangup(command, times, self._forget, after))

    def lose_message(self, *, stored: bool = False, times: int | None = None) -> Fault:
        """Close the connection after the last octet of a message, before it is answered (SMTP).

        Arguments:
            stored: the message is there, and only its reply is lost (RFC 5321 §4.5.3.2.6): a client
                that sends it again makes two of it.
        """
        return self._add(_LostMessage(stored, times, self._forget))

    def cut_literal(self, octets: int = 10, *, times: int | None = None) -> Fault:
        """Close the connection after so many octets of a longer literal (IMAP)."""
        return self._add(_CutLiteral(octets, times, self._forget))

    def certificate(self, bad: Badness, *, times: int | None = None) -> Fault:
        """Show a bad certificate: "expired", "wrong name" or "unknown authority"."""
        return self._add(_BadCertificate(bad, times, self._forget))

    def clear(self) -> None:
        """Let everything go well again."""
        with self._lock:
            self._faults.clear()

    def _add(self, fault: Fault) -> Fault:
        with self._lock:
            self._faults.append(fault)
        return fault

    def _forget(self, fault: Fault) -> None:
        with self._lock:
            if fault in self._faults:
                self._faults.remove(fault)

    def certificate_now(self) -> Badness | None:
        """Return what is wrong with the certificate of the next handshake."""
        for fault in self._current():
            if isinstance(fault, _BadCertificate):
                fault.happened += 1
                return fault.bad
        return None

    def refusal_of(self, address: str) -> Reply | None:
        """Return what refuses a recipient now."""
        for fault in self._current():
            if isinstance(fault, _Refusal) and fault.address == address.lower():
                fault.happened += 1
                return fault.reply
        return None

    def on_connections(self, protocol: Protocol) -> list[_OnConnection]:
        """Return the faults that connections of a protocol have now."""
        return [
            fault
            for fault in self._current()
            if isinstance(fault, _OnConnection) and fault.protocol in (None, protocol)
        ]

    def _current(self) -> list[Fault]:
        with self._lock:
            return [fault for fault in self._faults if not fault.over]


class FaultyDelivery:
    """A delivery that refuses recipients.

    Arguments:
        delivery: that does the work.
        faults: of the server.
    """

    def __init__(self, delivery: Delivery, faults: Faults) -> None:
        self._faults = faults
        self._delivery = delivery
        self.mail_from = delivery.mail_from
        self.deliver = delivery.deliver

    async def rcpt_to(self, recipient: Recipient) -> None:
        refusal = self._faults.refusal_of(recipient.path.address)
        if refusal is not None:
            raise BackendError(refusal.lines[0], reply=refusal)
        await self._delivery.rcpt_to(recipient)


class FaultySession:
    """A session with whom things go wrong.

    Arguments:
        session: that does the work.
        faults: of the server; looked at anew each time.
        protocol: that is spoken.
        loop: in which it is served.
    """

    def __init__(self, session: Session, faults: Faults, protocol: Protocol, loop: Loop) -> None:
        self._session = session
        self._faults = faults
        self._connection = _Connection(protocol, loop)

    @property
    def wake(self) -> Callable[[], None]:
        return self._session.wake

    @wake.setter
    def wake(self, wake: Callable[[], None]) -> None:
        self._session.wake = wake

    @property
    def delay(self) -> float:
        return self._session.delay

    @delay.setter
    def delay(self, seconds: float) -> None:
        self._session.delay = seconds

    @property
    def logged_in(self) -> bool:
        return self._session.logged_in

    @property
    def timeout(self) -> float:
        return self._session.timeout

    def receive_data(self, data: bytes) -> None:
        connection = self._connection
        connection.heard = (connection.heard + data)[-_REMEMBERED:]
        for fault in self._faults.on_connections(connection.protocol):
            fault.heard(connection)
        if not connection.ended:
            self._session.receive_data(data)

    def receive_eof(self) -> None:
        self._session.receive_eof()

    async def step(self) -> Step:
        connection = self._connection
        if connection.ended:
            return CLOSE
        step = await self._session.step()
        if not isinstance(step, bytes):
            return step
        data = step
        for fault in self._faults.on_connections(connection.protocol):
            data = await fault.said(connection, data)
        connection.in_data = step.startswith(b"354 ")
        connection.greeted = True
        connection.heard = b""
        if data:
            return data
        return CLOSE if connection.ended else await self.step()

    def timed_out(self) -> None:
        self._session.timed_out()

    def shut_down(self, reason: str) -> None:
        self._session.shut_down(reason)

    def tls_started(self, channel: Channel) -> None:
        self._session.tls_started(channel)

    async def aclose(self) -> None:
        await self._session.aclose()
