"""A client and a session joined without a network: what one sends, the other has."""

from __future__ import annotations

from collections.abc import Coroutine
from typing import Any, TypeVar

from mailcore.channel import NO_CHANNEL
from mailcore.flow import CLOSE, NEED_DATA, START_TLS, Session
from mailcore.smtp.client import Answer, ClientConnection
from mailcore.smtp.state import State

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine that waits for nothing, such as a session over the memory backend.

    Raises:
        RuntimeError: it does wait for something: run it in its event loop.
    """
    try:
        work.send(None)
    except StopIteration as stop:
        result: T = stop.value
        return result
    work.close()
    raise RuntimeError("this coroutine waits for something")


class Link:
    """The client's end.

    Arguments:
        session: fresh. Its ``wake`` is set here.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        #: Whether the session has closed the connection.
        self.closed = False
        #: Whether the session asked to be called again.
        self.woken = False
        session.wake = self._wake

    def _wake(self) -> None:
        self.woken = True

    async def exchange(self, data: bytes = b"") -> bytes:
        """Send octets; return all that the session says before it waits for more."""
        if data:
            self.session.receive_data(data)
        self.woken = False
        output: list[bytes] = []
        while True:
            step = await self.session.step()
            if step is NEED_DATA:
                break
            if step is CLOSE:
                self.closed = True
                break
            if step is START_TLS:
                self.session.tls_started(NO_CHANNEL)
            else:
                output.append(step)
        return b"".join(output)

    def say(self, data: bytes = b"") -> bytes:
        """:meth:`exchange` for a session over a backend that waits for nothing."""
        return run(self.exchange(data))

    def close(self) -> None:
        """Hang up."""
        run(self.session.aclose())


def converse(client: ClientConnection, link: Link) -> list[Answer]:
    """Carry what a SMTP client has to say to the session, and what that says back, until both wait.

    After a granted STARTTLS both begin again, with no TLS between them.

    Raises:
        RemoteProtocolError: the session said what no server says.
    """
    answers: list[Answer] = []
    while True:
        said = client.data_to_send()
        heard = link.say(said)
        if heard:
            client.receive_data(heard)
        if link.closed:
            client.receive_eof()
        while isinstance(event := client.next_event(), Answer):
            answers.append(event)
        if client.state is State.HANDSHAKE:
            client.tls_started()
        if not said and not heard:
            return answers
