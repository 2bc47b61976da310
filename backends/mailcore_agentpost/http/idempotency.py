"""``Idempotency-Key``: a request that is repeated under its key does nothing a second time."""

from __future__ import annotations

import hashlib

import msgspec

from mailcore_agentpost.http.problems import invalid
from mailcore_agentpost.http.routing import Call
from mailcore_agentpost.types import KeyRow

_MAX_LENGTH = 255


def idempotency_key(call: Call[KeyRow]) -> str | None:
    """Return the key of a request, if it has one.

    Raises:
        Problem: 422, it is empty or too long.
    """
    key = call.request.header("idempotency-key")
    if key is not None and not (0 < len(key) <= _MAX_LENGTH and key.isprintable()):
        raise invalid(f"An idempotency key has 1 to {_MAX_LENGTH} characters.", "Idempotency-Key")
    return key


def fingerprint(call: Call[KeyRow]) -> bytes:
    """Return what a repetition has in common with the first request: path and body."""
    return hashlib.sha256(msgspec.json.encode((call.request.path, call.body))).digest()
