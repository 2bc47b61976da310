"""Addresses and networks that an operator names: whom a listener trusts."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from typing import Final

#: Stands for whoever reaches a unix socket, which has no address.
UNIX: Final = "unix"


class Networks:
    """A set of addresses and networks.

    Arguments:
        names: addresses (``192.0.2.1``), networks (``2001:db8::/32``), and "unix".

    Raises:
        ValueError: one of them is none of these.
    """

    __slots__ = ("_networks", "_unix")

    def __init__(self, names: Iterable[str]) -> None:
        words = list(names)
        self._unix = UNIX in words
        self._networks = [ipaddress.ip_network(word) for word in words if word != UNIX]

    def __contains__(self, host: str) -> bool:
        """Tell whether a peer is in it; ``host`` is its address, "" on a unix socket."""
        if not host:
            return self._unix
        if not self._networks:
            return False
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        return any(address in network for network in self._networks)
