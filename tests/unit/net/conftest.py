"""A small real session behind a real door: the driver is tested apart from IMAP and SMTP.

The tests run on Trio. So does the door, or it is on asyncio in a thread of its own.
"""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

import pytest
import trio

from mailcore.backend import Peer
from mailcore.channel import Channel
from mailcore.flow import CLOSE, NEED_DATA, START_TLS, Step
from mailcore.limits import DEFAULT_LIMITS
from mailcore.net import Door, Listener, bind, session_door
from mailcore.net import asyncio as on_asyncio
from mailcore.serve.certificates import CertificateFiles, development_certificate

from .worlds import WORLDS, StartPeer, World, scripted_peers


class LineSession:
    """Answers each line with itself in upper case.

    It also knows ``quit``, ``starttls``, ``crash``, ``flood`` (an answer of 32 MiB) and, by
    :meth:`tell`, news that come by themselves.
    """

    wake: Callable[[], None]

    def __init__(self, peer: Peer, timeout: float = 30.0) -> None:
        self.peer = peer
        self.timeout = timeout
        self.closed = 0
        self.secured = False
        self.eof = False
        self.steps = 0
        self.waits = False
        self.logged_in = True
        self.looks_for_news = False
        self.delay = 0.0
        self._input = bytearray()
        self._output: list[Step] = [b"hello\r\n"]
        self._news: list[bytes] = []

    def tell(self, news: bytes) -> None:
        self._news.append(news + b"\r\n")
        self.waits = False
        self.wake()

    def receive_data(self, data: bytes) -> None:
        self.waits = False
        self._input += data

    def receive_eof(self) -> None:
        self.eof = True

    def timed_out(self) -> None:
        if not self.looks_for_news:
            self._output += [b"bye silent\r\n", CLOSE]

    def shut_down(self, reason: str) -> None:
        self._output += [b"bye " + reason.encode() + b"\r\n", CLOSE]

    def tls_started(self, channel: Channel) -> None:
        self.secured = True

    async def aclose(self) -> None:
        self.closed += 1

    async def step(self) -> Step:
        step = self._step()
        self.waits = step is NEED_DATA
        return step

    def _step(self) -> Step:
        self.steps += 1
        if self._news:
            news = b"".join(self._news)
            self._news.clear()
            return news
        if not self._output and b"\n" in self._input:
            line, _, rest = bytes(self._input).partition(b"\n")
            self._input[:] = rest
            self._answer(line.strip())
        if self._output:
            return self._output.pop(0)
        return CLOSE if self.eof else NEED_DATA

    def _answer(self, line: bytes) -> None:
        if line == b"quit":
            self._output += [b"bye\r\n", CLOSE]
        elif line == b"starttls":
            self._output += [b"go\r\n", START_TLS]
        elif line == b"flood":
            self._output += [bytes(1 << 20)] * 32
        elif line == b"crash":
            raise RuntimeError("as asked")
        else:
            self._output.append(line.upper() + b"\r\n")


@pytest.fixture(params=WORLDS, ids=lambda world: world.name)
def world(request: pytest.FixtureRequest) -> World:
    """Each event loop in turn, for scenarios ``on_both_loops``."""
    found: World = request.param
    return found


@pytest.fixture
def peer() -> Iterator[StartPeer]:
    """Start scripted servers."""
    with scripted_peers() as start:
        yield start


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> CertificateFiles:
    return development_certificate(tmp_path_factory.mktemp("tls"), [])


@pytest.fixture(scope="session")
def client_tls(certificate: CertificateFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(certificate.authority))
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


class Client:
    """A client that fails rather than waits forever."""

    def __init__(self, stream: trio.abc.Stream) -> None:
        self.stream = stream

    async def send(self, data: bytes) -> None:
        with trio.fail_after(5):
            await self.stream.send_all(data)

    async def until(self, end: bytes) -> bytes:
        """Read up to and including a word."""
        data = bytearray()
        with trio.fail_after(5):
            while end not in data[-100:]:
                more = await self.stream.receive_some(1 << 20)
                assert more, f"end of stream after {data!r}"
                data += more
        return bytes(data)

    async def rest(self) -> bytes:
        """Read up to the end of the stream."""
        data = bytearray()
        with trio.fail_after(5):
            while more := await self.stream.receive_some(1 << 20):
                data += more
        return bytes(data)


class OwnLoop:
    """The loop in which the test itself runs."""

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    async def open(self, make: Callable[[list[Listener]], Door]) -> Door:
        door = make(await bind("127.0.0.1", 0))
        await self._nursery.start(door.run)
        return door

    async def call(self, function: Callable[[], object]) -> None:
        function()

    async def drain(self, door: Door, reason: str, grace: float) -> None:
        await door.drain(reason, grace)


class AsyncioThread:
    """asyncio in a thread, which ends with the block."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._doors = AsyncExitStack()
        self._thread = threading.Thread(target=self._loop.run_forever)

    async def __aenter__(self) -> AsyncioThread:
        self._thread.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        with trio.CancelScope(shield=True):
            await self._run(self._doors.aclose)
            self._loop.call_soon_threadsafe(self._loop.stop)
            await trio.to_thread.run_sync(self._thread.join)
        self._loop.close()

    async def _run(self, function: Callable[..., Awaitable[Any]], *args: Any) -> Any:
        async def call() -> Any:
            return await function(*args)

        future = asyncio.run_coroutine_threadsafe(call(), self._loop)
        return await trio.to_thread.run_sync(future.result)

    async def open(self, make: Callable[[list[Listener]], Door]) -> Door:
        async def serve() -> Door:
            door = make(await on_asyncio.bind("127.0.0.1", 0))
            return await self._doors.enter_async_context(on_asyncio.serving(door, grace=0))

        return await self._run(serve)

    async def call(self, function: Callable[[], object]) -> None:
        async def run() -> None:
            function()

        await self._run(run)

    async def drain(self, door: Door, reason: str, grace: float) -> None:
        await self._run(door.drain, reason, grace)


class LineServer:
    """A door and the sessions that it made."""

    def __init__(self, door: Door, sessions: list[LineSession], where: Any) -> None:
        self.door = door
        self.sessions = sessions
        self.clients: list[Client] = []
        #: Call something in the loop of the door.
        self.call = where.call
        self.drain = partial(where.drain, door)

    async def connect(self, tls: ssl.SSLContext | None = None) -> Client:
        host, port = self.door.addresses[0]
        stream: trio.abc.Stream = await trio.open_tcp_stream(host, port)
        if tls is not None:
            stream = trio.SSLStream(stream, tls, server_hostname=host)
        self.clients.append(Client(stream))
        return self.clients[-1]

    async def settled(self) -> None:
        """Wait until every session waits or has ended."""
        with trio.fail_after(5):
            while not all(session.waits or session.closed for session in self.sessions):
                await trio.sleep(0.005)
            await self.call(lambda: None)  # and its driver has got around to it

    async def ended(self) -> None:
        """Wait until every session has been released."""
        with trio.fail_after(5):
            while not all(session.closed for session in self.sessions):
                await trio.sleep(0.005)


class StartDoor(Protocol):
    def __call__(
        self,
        tls: str | None = None,
        timeout: float = 30.0,
        proxies: tuple[str, ...] = (),
        **limits: Any,
    ) -> Awaitable[LineServer]: ...


@pytest.fixture(params=["trio", "asyncio"])
async def where(request: pytest.FixtureRequest, nursery: trio.Nursery) -> Any:
    """The loop in which doors are opened."""
    if request.param == "trio":
        yield OwnLoop(nursery)
        return
    async with AsyncioThread() as thread:
        yield thread


@pytest.fixture
async def start(where: Any, certificate: CertificateFiles) -> AsyncIterator[StartDoor]:
    """Start a door: ``tls`` is ``"implicit"``, ``"starttls"`` or None; more are limits."""
    servers: list[LineServer] = []

    async def start(
        tls: str | None = None,
        timeout: float = 30.0,
        proxies: tuple[str, ...] = (),
        **limits: Any,
    ) -> LineServer:
        context = certificate.context()
        sessions: list[LineSession] = []

        def new_session(peer: Peer) -> LineSession:
            sessions.append(LineSession(peer, timeout))
            return sessions[-1]

        def make(listeners: list[Listener]) -> Door:
            return session_door(
                "imap",
                listeners,
                new_session,
                implicit_tls=(lambda: context) if tls == "implicit" else None,
                starttls=(lambda: context) if tls == "starttls" else None,
                limits=replace(DEFAULT_LIMITS, **limits),
                proxies=proxies,
            )

        servers.append(LineServer(await where.open(make), sessions, where))
        return servers[-1]

    yield start
    for server in servers:
        for client in server.clients:
            await trio.aclose_forcefully(client.stream)
