"""Our IMAP client and a session joined without a network."""

from __future__ import annotations

from mailcore.flow import NEED_DATA, PAUSED, Session
from mailcore.imap import (
    AppendBegin,
    AppendChunk,
    AppendEnd,
    ClientConnection,
    ClientEvent,
    Command,
    ConnectionClosed,
    Tagged,
)
from mailcore.testing.link import Link


class Pair:
    """A client connection and a session joined without a network.

    Arguments:
        session: fresh. Its ``wake`` is set here.
        client: fresh.
    """

    def __init__(self, session: Session, client: ClientConnection | None = None) -> None:
        self.client = client or ClientConnection()
        self.link = Link(session)
        self._started = False

    def talk(self) -> list[ClientEvent]:
        """Let both sides say what they have to say; return what the client heard."""
        heard: list[ClientEvent] = []
        while True:
            said = self.client.data_to_send()
            if not (said or self.link.woken) and self._started:
                return heard
            self._started = True
            self.client.receive_data(self.link.say(said))
            if self.link.closed:
                self.client.receive_eof()
            heard += self._hear()

    def _hear(self) -> list[ClientEvent]:
        heard: list[ClientEvent] = []
        while True:
            event = self.client.next_event()
            if event is NEED_DATA:
                return heard
            if event is PAUSED:
                self.client.start_tls()
                continue
            heard.append(event)
            if isinstance(event, ConnectionClosed):
                return heard

    def do(self, command: Command) -> list[ClientEvent]:
        """Give a command; return what the client heard, its tagged response last.

        Raises:
            RuntimeError: the server waits for more.
        """
        self.client.send(command)
        heard = self.talk()
        if not any(isinstance(event, Tagged) and event.tag == command.tag for event in heard):
            raise RuntimeError(f"{type(command).__name__} was not answered: {heard}")
        return heard

    def append(self, begin: AppendBegin, data: bytes) -> list[ClientEvent]:
        """Give an APPEND with its message; return what the client heard."""
        self.client.send(begin)
        heard = self.talk()
        if any(isinstance(event, Tagged) for event in heard):
            return heard
        self.client.send(AppendChunk(data))
        self.client.send(AppendEnd(begin.tag))
        return heard + self.talk()

    def close(self) -> None:
        """Hang up."""
        self.link.close()
