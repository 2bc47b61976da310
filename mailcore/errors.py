"""The two ways a protocol can be broken: by us, or by them."""

from __future__ import annotations


class ProtocolError(Exception):
    """Base of the errors that a sans-IO connection raises."""


class LocalProtocolError(ProtocolError):
    """You did it: the calling program tried something that the protocol does not allow now."""


class RemoteProtocolError(ProtocolError):
    """They did it: the peer broke the protocol in a way that the connection cannot survive."""
