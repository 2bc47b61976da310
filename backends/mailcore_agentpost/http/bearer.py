"""The key that a request shows (RFC 6750 §2.1)."""

from __future__ import annotations

import re

from mailcore_agentpost.http.exchange import Request
from mailcore_agentpost.http.problems import unauthorized

# credentials  =  "Bearer" 1*SP b64token
_CREDENTIALS = re.compile(r"bearer +([A-Za-z0-9._~+/-]+=*)", re.IGNORECASE)
_MAX_LENGTH = 512


def bearer_token(request: Request) -> str:
    """Return the key in the Authorization field.

    Raises:
        Problem: 401, there is none, or something else.
    """
    value = request.header("authorization")
    if value is None:
        raise unauthorized("This request shows no API key.")
    match = _CREDENTIALS.fullmatch(value) if len(value) <= _MAX_LENGTH else None
    if match is None:
        raise unauthorized("The Authorization field holds no bearer key.")
    return match[1]
