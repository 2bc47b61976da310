"""Scenarios that run on Trio and on asyncio alike."""

from __future__ import annotations

import asyncio
import inspect
import socket
import threading
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from functools import partial, wraps
from typing import Any, Final

import trio

from mailcore import net
from mailcore.net import Door, Listener, imap_door, smtp_door
from mailcore.net import asyncio as net_on_asyncio
from mailcore.net.asyncio_loop import ASYNCIO
from mailcore.net.loop import Loop, within
from mailcore.net.trio_loop import TRIO

#: What a peer says, each after it has heard some words.
Script = Sequence[tuple[bytes, bytes]]
#: Starts a server that follows a script with each client, one script after the other.
StartPeer = Callable[..., tuple[str, int]]

#: Seconds that a scenario may take.
_PATIENCE: Final = 30.0


@dataclass(frozen=True)
class World:
    """An event loop, and what mailcore has for programs on it.

    Arguments:
        name: of the loop.
        loop: its words.
        net: the module whose ``connect_imap``, ``bind`` and so on are for it.
        start: runs an async function in a new loop.
    """

    name: str
    loop: Loop
    net: Any
    start: Callable[[Callable[[], Coroutine[Any, Any, None]]], None]

    @asynccontextmanager
    async def serving(self, make: Callable[[list[Listener]], Door]) -> AsyncIterator[Door]:
        """Serve the door that is made of new listeners, while the block runs."""
        door = make(await self.net.bind("127.0.0.1", 0))
        async with self.loop.tasks() as tasks:
            tasks.start_soon(door.run)
            try:
                yield door
            finally:
                with self.loop.scope(shield=True):
                    await door.drain("", 0)

    def imap(self, backend: Any, **options: Any) -> AbstractAsyncContextManager[Door]:
        """Serve IMAP; options as for ``imap_door``."""
        return self.serving(lambda listeners: imap_door(backend, listeners, **options))

    def smtp(self, backend: Any, mode: Any, **options: Any) -> AbstractAsyncContextManager[Door]:
        """Serve SMTP or LMTP; options as for ``smtp_door``."""
        return self.serving(
            lambda listeners: smtp_door(
                backend, listeners, mode=mode, hostname="localhost", **options
            )
        )

    def run(self, scenario: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run it to its end."""

        async def in_time() -> None:
            with within(self.loop, _PATIENCE):
                await scenario()

        self.start(in_time)


def _run_asyncio(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main())


WORLDS: Final = (
    World("trio", TRIO, net, trio.run),
    World("asyncio", ASYNCIO, net_on_asyncio, _run_asyncio),
)


def on_both_loops(scenario: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """Make a test of an async function that takes ``world``, and fixtures that are not async."""

    @wraps(scenario)
    def test(**given: Any) -> None:
        given["world"].run(partial(scenario, **given))

    assert "world" in inspect.signature(scenario).parameters
    return test


def _follow(script: Script, client: socket.socket) -> None:
    heard = b""
    with client, suppress(OSError):
        for until, say in script:
            while until not in heard:
                if not (data := client.recv(65536)):
                    return
                heard += data
            heard = heard[heard.index(until) + len(until) :]
            client.sendall(say)


@contextmanager
def scripted_peers() -> Iterator[StartPeer]:
    """Give what starts servers that follow scripts, in threads that end with the block."""
    started: list[tuple[socket.socket, threading.Thread]] = []

    def start(*scripts: Script) -> tuple[str, int]:
        listener = socket.create_server(("127.0.0.1", 0))

        def serve() -> None:
            with listener, suppress(OSError):
                for script in scripts:
                    _follow(script, listener.accept()[0])

        started.append((listener, threading.Thread(target=serve)))
        started[-1][1].start()
        host, port = listener.getsockname()
        return host, port

    yield start
    for listener, thread in started:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)  # nobody came, or not often enough
        thread.join()
