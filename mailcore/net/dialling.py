"""How a client comes to a server: by the first of its addresses that answers (RFC 8305)."""

from __future__ import annotations

import errno
import os
import socket as stdlib_socket
from collections.abc import Iterable, Iterator
from itertools import chain, zip_longest
from typing import Any, Final

from mailcore.net.binding import tune
from mailcore.net.loop import Event, Loop, Socket

#: RFC 8305 §8: seconds that an address has before the next is tried beside it.
ATTEMPT_DELAY: Final = 0.25

_Address = tuple[int, tuple[Any, ...]]


async def dial(loop: Loop, host: str, port: int) -> Socket:
    """Connect to a server.

    Arguments:
        host: a name or an address; a path for a unix socket.
        port: without meaning for a path.

    Raises:
        OSError: nobody answers there.
    """
    if host.startswith("/"):
        return await _connect(loop, stdlib_socket.AF_UNIX, host)
    socket = await _race(loop, _in_turn(await loop.resolve(host, port)))
    tune(socket)
    return socket


def _in_turn(addresses: Iterable[_Address]) -> Iterator[_Address]:
    """Let the families alternate (RFC 8305 §4): one of them may lead nowhere."""
    families: dict[int, list[_Address]] = {}
    for address in addresses:
        families.setdefault(address[0], []).append(address)
    return (one for one in chain(*zip_longest(*families.values())) if one is not None)


async def _race(loop: Loop, addresses: Iterable[_Address]) -> Socket:
    """Return the first that is connected; each attempt begins when the one before fails or is slow.

    Raises:
        OSError: all of them failed.
    """
    connected: list[Socket] = []
    errors: list[OSError] = []

    async def attempt(family: int, address: tuple[Any, ...], failed: Event) -> None:
        try:
            connected.append(await _connect(loop, family, address))
        except OSError as error:
            errors.append(error)
            failed.set()
        else:
            race.cancel()

    try:
        with loop.scope() as race:
            async with loop.tasks() as attempts:
                for family, address in addresses:
                    failed = loop.event()
                    attempts.start_soon(attempt, family, address, failed)
                    with loop.scope(loop.current_time() + ATTEMPT_DELAY):
                        await failed.wait()
        if not connected:
            raise errors[0]
        return connected.pop(0)
    finally:
        for socket in connected:  # too late, or of no use to one who was cancelled
            socket.close()


async def _connect(loop: Loop, family: int, address: Any) -> Socket:
    plain = stdlib_socket.socket(family, stdlib_socket.SOCK_STREAM)
    socket = loop.wrap(plain)
    try:
        error = plain.connect_ex(address)
        if error == errno.EINPROGRESS:
            await socket.writable()
            error = plain.getsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_ERROR)
        if error:
            raise OSError(error, os.strerror(error))
    except BaseException:
        socket.close()
        raise
    return socket
