"""Where a server listens: addresses, unix sockets, and what a crash has left of them."""

from __future__ import annotations

import socket as stdlib_socket
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from mailcore.net.loop import Loop, Socket

_BACKLOG: Final = 1024


@dataclass(frozen=True, slots=True)
class Listener:
    """A listening socket, and the event loop in which it is served.

    Arguments:
        socket: bound, and listening.
        loop: for its connections.
        owns_file: whether the file of a unix socket goes when this is closed.
    """

    socket: Socket
    loop: Loop
    owns_file: bool = True


async def listen(loop: Loop, host: str, port: int) -> list[Listener]:
    """Listen on every address of a name, with one and the same port.

    Arguments:
        host: a name or address; ``""`` or ``"*"`` for all interfaces.
        port: 0 for any free one.

    Raises:
        OSError: the port is taken, or the address is not of this machine.
    """
    name = None if host in ("", "*") else host
    listeners: list[Listener] = []
    try:
        for family, address in await loop.resolve(name, port):
            if listeners and port == 0:
                address = (address[0], addresses(listeners)[0][1], *address[2:])
            listeners.append(Listener(loop.wrap(_listen(family, address)), loop))
    except BaseException:
        close(listeners)
        raise
    return listeners


def listen_unix(loop: Loop, path: Path, mode: int) -> Listener:
    """Listen on a unix socket; one that nobody listens on any more is replaced.

    Arguments:
        path: of the socket; its directory must exist.
        mode: who may connect, as of a file.

    Raises:
        OSError: somebody listens there, or something else than a socket is there.
    """
    sock = stdlib_socket.socket(stdlib_socket.AF_UNIX, stdlib_socket.SOCK_STREAM)
    try:
        _remove_stale(path)
        sock.bind(str(path))
        path.chmod(mode)
        sock.listen(_BACKLOG)
        return Listener(loop.wrap(sock), loop)
    except BaseException:
        sock.close()
        raise


def take_over(loop: Loop, sock: stdlib_socket.socket) -> Listener:
    """Listen on a socket that whoever started this process has opened, and keeps.

    The file of a unix socket stays when it is closed here.
    """
    sock.setblocking(False)
    return Listener(loop.wrap(sock), loop, owns_file=False)


def _remove_stale(path: Path) -> None:
    if not path.is_socket():
        return  # bind says what is wrong with anything else
    with stdlib_socket.socket(stdlib_socket.AF_UNIX, stdlib_socket.SOCK_STREAM) as probe:
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:
            path.unlink()


def _listen(family: int, address: tuple[Any, ...]) -> stdlib_socket.socket:
    sock = stdlib_socket.socket(family, stdlib_socket.SOCK_STREAM)
    try:
        sock.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_REUSEADDR, 1)
        if family == stdlib_socket.AF_INET6:
            sock.setsockopt(stdlib_socket.IPPROTO_IPV6, stdlib_socket.IPV6_V6ONLY, 1)
        sock.bind(address)
        sock.listen(_BACKLOG)
        return sock
    except BaseException:
        sock.close()
        raise


def close(listeners: Sequence[Listener]) -> None:
    """Stop listening; connections already accepted live on. The file of a unix socket goes, too."""
    for listener in listeners:
        socket = listener.socket
        is_file = socket.fileno() >= 0 and socket.family == stdlib_socket.AF_UNIX
        if is_file and listener.owns_file:
            Path(socket.getsockname()).unlink(missing_ok=True)
        socket.close()


def addresses(listeners: Sequence[Listener]) -> list[tuple[str, int]]:
    """Return host and port of each listener; path and 0 of a unix socket."""
    names = [listener.socket.getsockname() for listener in listeners]
    return [(name, 0) if isinstance(name, str) else (name[0], name[1]) for name in names]


def tune(socket: Socket) -> None:
    """Send small answers at once, and notice in time that an idle peer is gone for good."""
    with suppress(OSError):  # the peer may be gone already
        socket.setsockopt(stdlib_socket.IPPROTO_TCP, stdlib_socket.TCP_NODELAY, 1)
        socket.setsockopt(stdlib_socket.SOL_SOCKET, stdlib_socket.SO_KEEPALIVE, 1)
