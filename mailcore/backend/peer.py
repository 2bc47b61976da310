"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mailcore.channel import NO_CHANNEL, Channel
from mailcore.proxy_protocol import ProxyHeader


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Arguments:
        protocol: the door it came in by.
        host: its address as text, or "" where there is none (a unix socket, a linked test pair).
        port: its port, or 0.
        tls: whether the transport is encrypted, all the way or up to a trusted proxy.
        name: its name in the DNS, as a trusted proxy told (XCLIENT); "" if none did.
        channel: what TLS has settled.
        proxy: what a trusted proxy has told of the connection (the PROXY protocol), from which
            ``host`` and ``port`` are; None if it came straight.
    """

    protocol: Literal["imap", "smtp", "lmtp", "http"]
    host: str = ""
    port: int = 0
    tls: bool = False
    name: str = ""
    channel: Channel = field(default=NO_CHANNEL, compare=False)
    proxy: ProxyHeader | None = field(default=None, compare=False)
