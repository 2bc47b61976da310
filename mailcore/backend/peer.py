"""Who is asking."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from mailcore.channel import NO_CHANNEL, Channel


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection.

    Arguments:
        protocol: the door it came in by.
        host: its address as text, or "" where there is none (a unix socket, a linked test pair).
        port: its port, or 0.
        tls: whether the transport is encrypted.
        name: its name in the DNS, as a trusted proxy told (XCLIENT); "" if none did.
        channel: what TLS has settled.
    """

    protocol: Literal["imap", "smtp", "lmtp", "http"]
    host: str = ""
    port: int = 0
    tls: bool = False
    name: str = ""
    channel: Channel = field(default=NO_CHANNEL, compare=False)
