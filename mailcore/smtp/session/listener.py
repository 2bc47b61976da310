"""How one SMTP or LMTP listener differs from another: what an operator sets for each."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from mailcore.smtp.quirks import Quirk, parse_quirks
from mailcore.smtp.session.extensions import check_keywords

#: In ``trusted``: whoever reaches a unix socket, which has no address.
UNIX = "unix"


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What is special about one listener.

    Arguments:
        quirks: breaches of the protocol that pass there, by the names of :class:`Quirk` in small
            letters with hyphens.
        disable: keywords of extensions to do without.
        trusted: addresses and networks of proxies and filters that may say whom they speak for
            (XCLIENT, XFORWARD); "unix" for all on a unix socket.

    Raises:
        ValueError: no such quirk, extension or network.
    """

    quirks: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parse_quirks(self.quirks)
        check_keywords(self.disable)
        for network in self.trusted:
            if network != UNIX:
                ipaddress.ip_network(network)

    @property
    def allowed(self) -> Quirk:
        """The quirks as flags."""
        return parse_quirks(self.quirks)

    def trusts(self, host: str) -> bool:
        """Tell whether a peer is one of the trusted.

        Arguments:
            host: its address as text; "" on a unix socket.
        """
        if not host:
            return UNIX in self.trusted
        try:
            address = ipaddress.ip_address(host.partition("%")[0])
        except ValueError:
            return False
        networks = (ipaddress.ip_network(one) for one in self.trusted if one != UNIX)
        return any(address in network for network in networks)


#: A listener about which nothing is special.
ORDINARY = Listener()
