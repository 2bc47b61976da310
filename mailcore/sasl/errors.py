"""What can go wrong in an exchange."""

from __future__ import annotations


class SaslError(Exception):
    """A message that its mechanism, or base64, does not allow. The exchange is over."""


class WrongProof(SaslError):
    """A well-formed message that does not prove what it has to. The exchange is over."""
