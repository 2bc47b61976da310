"""How one IMAP listener differs from another: what an operator sets for it."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.session.capability_table import CAPABILITIES
from mailcore.networks import Networks


@dataclass(frozen=True, slots=True, kw_only=True)
class ImapListener:
    """What is special about one listener.

    Arguments:
        disable: capabilities to do without, as CAPABILITY spells them: ``COMPRESS=DEFLATE``.
        proxy_protocol: addresses and networks of proxies whose connections all begin with a header
            of the PROXY protocol. Whoever comes from elsewhere comes without one.

    Raises:
        ValueError: no such capability or network.
    """

    disable: tuple[str, ...] = ()
    proxy_protocol: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        Networks(self.proxy_protocol)
        for name in self.disable:
            if not CAPABILITIES.knows(name):
                raise ValueError(f"no such capability: {name!r}")
