"""Commands of an IMAP client and what the server says to them, one after the other."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator
from dataclasses import replace

from mailcore.errors import LocalProtocolError
from mailcore.flow import NEED_DATA, PAUSED
from mailcore.imap import ClientConnection, ClientEvent, Command
from mailcore.imap import commands as c
from mailcore.imap import responses as r
from mailcore.imap.types import State, Status
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.net.imap_results import CommandRefused, ImapError
from mailcore.net.stream import Stream


class ImapExchange:
    """A connection to an IMAP server, for one task at a time.

    What a cancelled or abandoned command still has to say is read before the next one.

    Arguments:
        stream: connected, with TLS if that is there from the start.
        timeout: seconds that the server may say nothing while it is asked for something.
        limits: bounds on what the server may send, and of one message.
    """

    def __init__(
        self, stream: Stream, *, timeout: float = 60.0, limits: Limits = DEFAULT_LIMITS
    ) -> None:
        self._stream = stream
        self._timeout = timeout
        self._limits = limits
        #: The connection itself, to look at.
        self.connection = ClientConnection(limits)
        #: Messages in the selected mailbox, as far as the server has told.
        self.exists = 0
        # The command whose end has not been read.
        self._open: Command | None = None
        # Whether the server waits for octets of a message, or of a login.
        self._owes_octets = False
        # Whether the IDLE that is open has been ended by us.
        self._said_done = False

    async def greet(self) -> r.Untagged:
        """Wait for the greeting and return it.

        Raises:
            ImapError: the server says goodbye at once.
        """
        greeting = await self._next()
        assert isinstance(greeting, r.Untagged)
        if greeting.status is Status.BYE:
            raise ImapError(f"the server does not serve: {greeting.text}")
        return greeting

    async def start_tls(self, context: ssl.SSLContext, host: str) -> None:
        """Encrypt the connection (RFC 9051 §6.2.1).

        Raises:
            ImapError: the server does not offer it, or skips the login to get around it.
        """
        if self.connection.state is not State.NOT_AUTHENTICATED:
            raise ImapError("the server greets without TLS as if it knew us")
        if "STARTTLS" not in await self.capabilities():
            raise ImapError("the server does not offer STARTTLS")
        await self.run(c.StartTls(""))
        self.connection.start_tls()
        await self._stream.start_tls(context, server_hostname=host)

    async def capabilities(self) -> frozenset[str]:
        """Return what the server offers now, in upper case; asks only if that is not known."""
        if self.connection.capabilities is None:
            await self.run(c.Capability(""))
        return self.connection.capabilities or frozenset()

    async def logout(self) -> None:
        """Say goodbye (RFC 9051 §6.1.3)."""
        if not self.connection.closed:
            await self.run(c.Logout(""))

    async def run(self, command: Command) -> list[r.Response]:
        """Give any command; return all that came before its end, and the tagged response last.

        Arguments:
            command: its tag does not matter; a new one is put in its place.

        Raises:
            CommandRefused: NO or BAD.
            ImapError: the connection is gone, or the server silent.
            LocalProtocolError: it is not allowed now, or cannot be written.
            RemoteProtocolError: the server broke the protocol.
        """
        await self._begin(command)
        return [response async for response in self._responses()]

    async def _begin(self, command: Command) -> Command:
        await self._finish()
        command = replace(command, tag=self.connection.new_tag())
        self.connection.send(command)
        self._open = command
        await self._flush()
        return command

    async def _finish(self) -> None:
        """Read what an abandoned command still has to say."""
        if self._owes_octets:
            raise ImapError("a command was broken off: this connection can not go on")
        await self._end_idle()
        while self._open is not None:
            await self._next()

    async def _responses(self) -> AsyncIterator[r.Response]:
        """Yield what belongs to the open command, its tagged response last."""
        while True:
            event = await self._next()
            assert not isinstance(event, c.ConnectionClosed)
            if isinstance(event, r.Tagged) and event.status is not Status.OK:
                raise CommandRefused(event)
            yield event
            if isinstance(event, r.Tagged):
                return

    async def _next(self) -> r.Response:
        while True:
            event = self.connection.next_event()
            if isinstance(event, c.ConnectionClosed):
                raise ImapError("the server has closed the connection")
            if event is PAUSED:
                raise LocalProtocolError("the TLS handshake is due")
            if event is NEED_DATA:
                await self._receive()
                continue
            self._note(event)
            return event

    def _note(self, event: ClientEvent) -> None:
        if isinstance(event, r.Tagged):
            self._open = None
            self._owes_octets = False
        elif isinstance(event, r.Exists):
            self.exists = event.count
        elif isinstance(event, r.Expunged):
            self.exists -= 1
        elif isinstance(event, r.Vanished) and not event.earlier:
            self.exists -= sum(abs(last - first) + 1 for first, last in event.uids.ranges)

    async def _receive(self) -> None:
        await self._flush()
        loop = self._stream.loop
        with loop.scope(loop.current_time() + self._timeout) as scope:
            data = await self._stream.receive()
        if scope.cancelled_caught:
            raise ImapError(f"the server has said nothing for {self._timeout:g} seconds")
        if data:
            self.connection.receive_data(data)
        else:
            self.connection.receive_eof()

    async def _flush(self) -> None:
        if data := self.connection.data_to_send():
            await self._stream.send(data)

    async def _end_idle(self) -> None:
        if isinstance(self._open, c.Idle) and not self._said_done:
            self.connection.send(c.IdleDone(self._open.tag))
            self._said_done = True
            await self._flush()
