"""How one SMTP or LMTP listener differs from another: what an operator sets for each."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

from mailcore.networks import Networks
from mailcore.smtp.quirks import Quirk, parse_quirks
from mailcore.smtp.session.extensions import check_keywords


@dataclass(frozen=True, slots=True, kw_only=True)
class Listener:
    """What is special about one listener.

    Arguments:
        quirks: breaches of the protocol that pass there, by the names of :class:`Quirk` in small
            letters with hyphens.
        disable: keywords of extensions to do without.
        trusted: addresses and networks of proxies and filters that may say whom they speak for
            (XCLIENT, XFORWARD); "unix" for all on a unix socket.
        proxy_protocol: addresses and networks of proxies whose connections all begin with a header
            of the PROXY protocol; "unix" likewise. Whoever comes from elsewhere comes without one.

    Raises:
        ValueError: no such quirk, extension or network.
    """

    quirks: tuple[str, ...] = ()
    disable: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    proxy_protocol: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parse_quirks(self.quirks)
        check_keywords(self.disable)
        Networks(self.trusted)
        Networks(self.proxy_protocol)

    @property
    def allowed(self) -> Quirk:
        """The quirks as flags."""
        return parse_quirks(self.quirks)

    def trusts(self, host: str) -> bool:
        """Tell whether a peer is one of the trusted.

        Arguments:
            host: its address as text; "" on a unix socket.
        """
        return host in _networks(tuple(self.trusted))


@lru_cache(maxsize=64)
def _networks(names: tuple[str, ...]) -> Networks:
    """Read the names once, and not with every connection."""
    return Networks(names)


#: A listener about which nothing is special.
ORDINARY = Listener()
