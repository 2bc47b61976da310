"""A client comes to the first address that answers, on both loops."""

from __future__ import annotations

import socket as stdlib_socket
import time
from pathlib import Path
from typing import Any

import pytest

from mailcore.net.dialling import ATTEMPT_DELAY, dial
from mailcore.net.loop import Loop, within

from .worlds import World, on_both_loops

_V4, _V6 = stdlib_socket.AF_INET, stdlib_socket.AF_INET6


def with_addresses(loop: Loop, *addresses: tuple[int, tuple[Any, ...]]) -> Loop:
    """Make a loop that finds these for any name."""

    class Finds(type(loop)):  # type: ignore[misc]
        async def resolve(self, host: str | None, port: int) -> Any:
            return list(addresses)

    found: Loop = Finds()
    return found


@pytest.fixture
def listener() -> Any:
    with stdlib_socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(5)
        yield listener


@pytest.fixture
def silent() -> Any:
    """An address that answers nothing at all: its backlog is full."""
    with stdlib_socket.create_server(("127.0.0.1", 0), backlog=0) as full:
        waiting = []
        for _ in range(4):
            waiting.append(stdlib_socket.socket())
            waiting[-1].setblocking(False)
            waiting[-1].connect_ex(full.getsockname())
        yield full.getsockname()
        for one in waiting:
            one.close()


async def _says(loop: Loop, host: str, port: int, listener: stdlib_socket.socket) -> bytes:
    """Connect, and return what comes."""
    socket = await dial(loop, host, port)
    accepted, _ = listener.accept()
    accepted.sendall(b"hello")
    accepted.close()
    try:
        return await socket.recv(100)
    finally:
        socket.close()


def taken_port() -> int:
    """Return a port where nobody listens."""
    with stdlib_socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@on_both_loops
async def test_a_name(world: World, listener: Any) -> None:
    port = listener.getsockname()[1]
    assert await _says(world.loop, "localhost", port, listener) == b"hello"


@on_both_loops
async def test_a_path(world: World, tmp_path: Path) -> None:
    with stdlib_socket.socket(stdlib_socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "door"))
        listener.listen()
        assert await _says(world.loop, str(tmp_path / "door"), 0, listener) == b"hello"


@on_both_loops
async def test_nobody_there(world: World, tmp_path: Path) -> None:
    with pytest.raises(ConnectionRefusedError):
        await dial(world.loop, "127.0.0.1", taken_port())
    with pytest.raises(FileNotFoundError):
        await dial(world.loop, str(tmp_path / "door"), 0)
    with pytest.raises(OSError):
        await dial(world.loop, "nowhere.invalid", 1)


@on_both_loops
async def test_after_one_that_refuses_the_next_is_asked_at_once(
    world: World, listener: Any
) -> None:
    refusing = ("127.0.0.1", taken_port())
    loop = with_addresses(world.loop, *[(_V4, refusing)] * 9, (_V4, listener.getsockname()))
    begun = time.monotonic()
    assert await _says(loop, "any.test", 1, listener) == b"hello"
    assert time.monotonic() - begun < 9 * ATTEMPT_DELAY


@on_both_loops
async def test_beside_one_that_is_silent_the_next_is_tried(
    world: World, listener: Any, silent: Any
) -> None:
    loop = with_addresses(world.loop, (_V4, silent), (_V4, silent), (_V4, listener.getsockname()))
    begun = time.monotonic()
    assert await _says(loop, "any.test", 1, listener) == b"hello"
    assert time.monotonic() - begun >= 2 * ATTEMPT_DELAY


@on_both_loops
async def test_families_take_turns(world: World, listener: Any, silent: Any) -> None:
    """Five addresses of a family that leads nowhere cost the wait for one."""
    lost = (_V6, ("::1", taken_port(), 0, 0))
    loop = with_addresses(world.loop, (_V4, silent), (_V4, silent), lost, lost, (_V4, silent))
    order = []

    class Notes(type(loop)):  # type: ignore[misc]
        def wrap(self, socket: stdlib_socket.socket) -> Any:
            order.append(socket.family)
            return super().wrap(socket)

    with pytest.raises(TimeoutError, match="longer than"), within(loop, 0.6):
        await dial(Notes(), "any.test", 1)
    assert order == [_V4, _V6, _V4, _V6, _V4][: len(order)]
    assert len(order) >= 4
