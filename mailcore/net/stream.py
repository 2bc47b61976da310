"""One end of a TCP connection: plain, TLS, or plain that becomes TLS.

The streams of Trio and asyncio would do, but they are built for anything; straight over the socket
a round trip costs about half, and TLS is the same on both loops. What is received and sent here
survives cancellation: nothing is lost when a waiting :meth:`Stream.receive` is cancelled, and the
next call goes on where it was.
"""

from __future__ import annotations

import socket as stdlib_socket
import ssl
from contextlib import suppress
from typing import Final

from mailcore.channel import NO_CHANNEL, Channel
from mailcore.net.loop import Interrupted, Loop, Socket
from mailcore.net.tls import channel_of

#: How much is asked of the socket at a time, and encrypted at a time.
CHUNK: Final = 64 * 1024
_NOTHING: Final = memoryview(b"")
#: How long a peer that is told goodbye has to read it before the socket is closed.
LINGER: Final = 0.5


class Stream:
    """A byte stream over a connected socket.

    Arguments:
        socket: connected; owned by the stream from here on.
        loop: in which it is used.
    """

    __slots__ = (
        "_incoming", "_left", "_outgoing", "_peer_done", "_socket", "_tls", "_unsent", "loop"
    )  # fmt: skip

    def __init__(self, socket: Socket, loop: Loop) -> None:
        self._socket = socket
        self.loop = loop
        self._incoming = ssl.MemoryBIO()
        self._outgoing = ssl.MemoryBIO()
        self._tls: ssl.SSLObject | None = None
        # Of what was given to send: what is not encrypted yet, and what of it is not sent yet.
        self._left = _NOTHING
        self._unsent = _NOTHING
        self._peer_done = False

    @property
    def tls(self) -> ssl.SSLObject | None:
        """The TLS layer, to ask for version and cipher; None while the stream is plain."""
        return self._tls

    @property
    def channel(self) -> Channel:
        """What the TLS handshake has settled."""
        return NO_CHANNEL if self._tls is None else channel_of(self._tls)

    async def start_tls(
        self, context: ssl.SSLContext, *, server_hostname: str | None = None
    ) -> None:
        """Do the handshake, on a fresh connection or after STARTTLS.

        Arguments:
            server_hostname: be the client, of a server that has this name; None to be the server.

        Raises:
            ssl.SSLError: the peer does not speak TLS, or there is no common ground.
            OSError: the connection broke.
        """
        client = server_hostname is not None
        tls = context.wrap_bio(
            self._incoming,
            self._outgoing,
            server_side=not client,
            server_hostname=server_hostname,
        )
        while True:
            try:
                tls.do_handshake()
            except ssl.SSLWantReadError:
                await self.flush()
                await self._feed()
            except ssl.SSLError:
                await self.flush()  # the alert that says why
                raise
            else:
                break
        self._tls = tls
        # A server's session tickets wait in the outgoing buffer and leave together with the
        # greeting; a client's last words must not wait, for the server does.
        if client:
            await self.flush()

    async def receive(self) -> bytes:
        """Return octets as soon as there are some; ``b""`` once the peer will send no more.

        Raises:
            Interrupted: there were none, and :meth:`interrupt` was called.
            OSError: the connection broke.
        """
        if self._tls is None:
            data = await self._socket.recv(CHUNK)
            self._peer_done = not data
            return data
        while not self._peer_done:
            if data := self._decrypt(self._tls):
                return data
            if not self._peer_done:
                if not self._push():
                    await self.flush()
                await self._feed()
        return b""

    def interrupt(self) -> None:
        """Have the :meth:`receive` that waits, or the next one, wait no more."""
        self._socket.interrupt()

    def _decrypt(self, tls: ssl.SSLObject) -> bytes:
        """Return what all complete records in the buffer hold."""
        parts = []
        incoming = self._incoming
        try:
            while incoming.pending or tls.pending() or incoming.eof:
                if not (part := tls.read(CHUNK)):
                    self._peer_done = True
                    break
                parts.append(part)
        except ssl.SSLWantReadError:
            pass
        except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
            self._peer_done = True
        return b"".join(parts)

    async def send(self, data: bytes) -> None:
        """Return when all of it is in the hands of the kernel.

        Raises:
            OSError: the connection broke.
        """
        if not self.send_now(data):
            await self.flush()

    def send_now(self, data: bytes) -> bool:
        """Hand over what the kernel takes now; return whether that is all, or :meth:`flush` is due.

        Raises:
            OSError: the connection broke.
        """
        if not (self._unsent or self._left or self._outgoing.pending) and len(data) <= CHUNK:
            # Nothing waits, as nearly always, and this is one piece: no need to keep account of it.
            if self._tls is not None and data:
                self._tls.write(data)
                data = self._outgoing.read()
            sent = self._socket.send(data)
            if sent == len(data):
                return True
            self._unsent = memoryview(data)[sent:]
            return self._push()
        # After a flush that was cancelled, there may be more.
        self._left = memoryview(bytes(self._left) + data) if self._left else memoryview(data)
        return self._push()

    async def flush(self) -> None:
        """Return when all that was given to send is in the hands of the kernel.

        Raises:
            OSError: the connection broke.
        """
        while not self._push():
            await self._socket.writable()

    def _push(self) -> bool:
        """Send until all is sent, or the kernel takes no more."""
        while True:
            while self._unsent:
                sent = self._socket.send(self._unsent)
                if not sent:
                    return False
                self._unsent = self._unsent[sent:]
            if self._outgoing.pending:
                self._unsent = memoryview(self._outgoing.read())
            elif not self._left:
                return True
            elif self._tls is None:
                self._unsent, self._left = self._left, _NOTHING
            else:
                self._tls.write(self._left[:CHUNK])
                self._left = self._left[CHUNK:]

    async def _feed(self) -> None:
        data = await self._socket.recv(CHUNK)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def aclose(self) -> None:
        """Close in order: TLS goodbye, end of our octets, a moment for the peer to read, socket.

        Closing a socket with unread input makes the kernel send a reset, which can destroy a
        ``* BYE`` that the peer has not read yet; so what still comes in is swallowed for a moment.
        """
        try:
            with self.loop.scope(self.loop.current_time() + LINGER):
                await self._say_goodbye()
                while not self._peer_done:
                    self._peer_done = not await self._socket.recv(CHUNK)
        except Interrupted:
            pass
        except self.loop.broken:
            pass
        finally:
            self._socket.close()

    async def _say_goodbye(self) -> None:
        if self._tls is not None:
            with suppress(ssl.SSLWantReadError):  # the peer's own close_notify is not waited for
                self._tls.unwrap()
            await self.flush()
        self._socket.shutdown(stdlib_socket.SHUT_WR)
