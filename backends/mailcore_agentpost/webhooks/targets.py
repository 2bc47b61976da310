"""Where a webhook may connect to: the addresses that a name really has, judged before connecting.

A name that was judged and then looked up again could have got another address in between. So the
name is looked up once, and the connection goes to an address that was judged.
"""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterable
from typing import Any

import httpcore
import trio


class PrivateTarget(Exception):
    """This address is not on the public internet."""


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """Connects to public addresses only.

    Arguments:
        allow_private: connect to any.
    """

    def __init__(self, *, allow_private: bool) -> None:
        self._allow_private = allow_private
        self._backend = httpcore.TrioBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Look the host up and connect to the first of its addresses that answers.

        Raises:
            PrivateTarget: one of its addresses is not public.
            httpcore.ConnectError: there is none, or none answers.
        """
        try:
            found = await trio.socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except OSError as error:
            raise httpcore.ConnectError(f"{host}: {error.strerror or error}") from error
        except UnicodeError as error:
            # Labels of a name have at most 63 octets (RFC 1035 §2.3.4), and something in them.
            raise httpcore.ConnectError(f"{host} is no name that can be looked up") from error
        addresses = list(dict.fromkeys(str(entry[4][0]) for entry in found))
        if not self._allow_private and not all(map(is_public, addresses)):
            raise PrivateTarget(f"{host} is at a private address")
        for address in addresses[:-1]:
            try:
                return await self._backend.connect_tcp(address, port, timeout, local_address)
            except httpcore.ConnectError:
                continue
        return await self._backend.connect_tcp(addresses[-1], port, timeout, local_address)

    async def sleep(self, seconds: float) -> None:
        await trio.sleep(seconds)


def is_public(address: str) -> bool:
    """Tell whether an address is one of the public internet (RFC 6890)."""
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address):
        for inner in (parsed.ipv4_mapped, parsed.sixtofour):
            if inner is not None:
                return is_public(str(inner))
    return parsed.is_global and not parsed.is_multicast
