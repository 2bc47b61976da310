"""Reading the header of the PROXY protocol off a socket, and not an octet more."""

from __future__ import annotations

import socket as stdlib_socket
from dataclasses import replace
from typing import Final

from mailcore.backend import Peer
from mailcore.limits import Limits
from mailcore.net.loop import Loop, Socket
from mailcore.proxy_protocol import ProxyHeader, ProxyProtocolError, parse_header

_CHUNK: Final = 1024


async def read_proxy_header(socket: Socket, loop: Loop, limits: Limits) -> ProxyHeader:
    """Take the header; what follows it stays in the socket for TLS or whatever comes next.

    Arguments:
        socket: freshly accepted from a proxy.
        loop: in which it is used.
        limits: ``proxy_header`` and ``proxy_header_timeout``.

    Raises:
        ProxyProtocolError: there is none, or it does not come in time.
        OSError: the connection broke.
    """
    with loop.scope(loop.current_time() + limits.proxy_header_timeout):
        return await _read(socket, limits.proxy_header)
    raise ProxyProtocolError("it did not come in time")


async def _read(socket: Socket, most: int) -> ProxyHeader:
    taken = bytearray()
    while seen := await socket.recv(_CHUNK, stdlib_socket.MSG_PEEK):
        parsed = parse_header(taken + seen, most)
        taken += await socket.recv(len(seen) if parsed is None else parsed[1] - len(taken))
        if parsed is not None:
            return parsed[0]
    raise ProxyProtocolError("the connection ended within it" if taken else "nothing came")


def told_by(header: ProxyHeader, proxy: Peer) -> Peer:
    """Return the client as its proxy tells of it; the proxy itself where it tells nothing."""
    if header.source is None:
        return replace(proxy, proxy=header)
    host, port, _ = header.source
    return replace(
        proxy, host=host, port=port, tls=proxy.tls or header.tls is not None, proxy=header
    )
