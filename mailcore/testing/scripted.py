"""Scripts over real sockets: a server that says what a script has, and a client."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from pathlib import Path
from typing import Literal

from mailcore.backend import Peer
from mailcore.flow import CLOSE, NEED_DATA, START_TLS, Session
from mailcore.net.asyncio import bind
from mailcore.net.asyncio import serving as serving_door
from mailcore.net.doors import session_door
from mailcore.testing.certificates import client_context, server_context
from mailcore.testing.loop_thread import LoopThread
from mailcore.testing.script import Script, ScriptedPeer, ScriptError
from mailcore.testing.server import Address


class ScriptedServer:
    """A server that plays its script to every client; made by :func:`scripted_server`."""

    def __init__(self, address: Address) -> None:
        self.address = address
        #: One for each connection.
        self.peers: list[ScriptedPeer] = []

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts the server."""
        return client_context()

    def check(self) -> None:
        """Raise the first ScriptError, also for a script that was not played to its end."""
        if not self.peers:
            raise ScriptError("nobody connected")
        for peer in self.peers:
            peer.check()


@contextmanager
def scripted_server(script: Script | Path | str, *, tls: bool = False) -> Iterator[ScriptedServer]:
    """Serve a script on a free port while the block runs; at its end see that it was kept to.

    Arguments:
        script: or the path of its file.
        tls: from the start. For STARTTLS the script has ``-- tls``.

    Raises:
        ScriptError: a client said something else than the script has, or left before its end.
    """
    script = script if isinstance(script, Script) else Script.load(script)

    server = ScriptedServer(Address("localhost", 0))

    def new_session(peer: object) -> ScriptedPeer:
        server.peers.append(ScriptedPeer(script, "S"))
        return server.peers[-1]

    with serving(new_session, tls=tls, grace=1) as server.address:
        yield server
    server.check()


@contextmanager
def serving(
    new_session: Callable[[Peer], Session], *, tls: bool = False, grace: float = 0
) -> Iterator[Address]:
    """Serve sessions on a free port while the block runs; give where to connect to.

    Arguments:
        new_session: makes one for each connection.
        tls: from the start.
        grace: seconds that connections have at the end of the block.
    """

    async def open_door() -> Address:
        door = session_door(
            "imap",  # only its name in the log
            await bind("localhost", 0),
            new_session,
            implicit_tls=server_context if tls else None,
            starttls=server_context,
        )
        await doors.enter_async_context(serving_door(door, grace=grace))
        return Address("localhost", door.addresses[0][1])

    with LoopThread() as thread:
        doors = AsyncExitStack()
        try:
            yield thread.call(open_door)
        finally:
            thread.call(doors.aclose)


def scripted_client(
    script: Script | Path | str,
    address: tuple[str, int],
    *,
    tls: ssl.SSLContext | None = None,
    security: Literal["tls", "plain"] = "plain",
    timeout: float = 30.0,
) -> None:
    """Play the client of a script to a server.

    Arguments:
        script: or the path of its file.
        address: host and port.
        tls: a client's context for ``-- tls``, or from the start.
        security: "tls" for a handshake before anything is said.
        timeout: seconds in which the server has to say something.

    Raises:
        ScriptError: the server said something else than the script has.
        OSError: the connection broke, or the server was silent.
    """
    script = script if isinstance(script, Script) else Script.load(script)
    peer = ScriptedPeer(script, "C")
    context = tls or ssl.create_default_context()
    connection = socket.create_connection(address, timeout)
    try:
        if security == "tls":
            connection = context.wrap_socket(connection, server_hostname=address[0])
        while (step := peer.next_step()) is not CLOSE:
            if step is NEED_DATA:
                data = connection.recv(65536)
                peer.receive_data(data) if data else peer.receive_eof()
            elif step is START_TLS:
                connection = context.wrap_socket(connection, server_hostname=address[0])
            elif isinstance(step, bytes):
                time.sleep(peer.delay)
                connection.sendall(step)
    finally:
        connection.close()
    peer.check()
