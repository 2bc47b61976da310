"""What proves that a webhook is ours: AgentPost's own header, and those of Standard Webhooks."""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets
from collections.abc import Sequence

_PREFIX = "whsec_"
_OCTETS = 32


def new_secret() -> str:
    """Make a secret: ``whsec_`` and base64, as Standard Webhooks writes it."""
    return _PREFIX + base64.b64encode(secrets.token_bytes(_OCTETS)).decode()


def signature_headers(
    identifier: str, timestamp: int, body: bytes, keys: Sequence[str]
) -> dict[str, str]:
    """Return the header fields that sign a body.

    Arguments:
        identifier: of the delivery; the same for each attempt, so that receivers can tell
            a repetition.
        timestamp: seconds since 1970, of this attempt. Receivers refuse what is 300 s old.
        body: the octets that are sent.
        keys: secrets, the newest first; while one is being replaced there are two.
    """
    own = hmac.new(keys[0].encode(), b"%d.%b" % (timestamp, body), hashlib.sha256)
    standard = b"%b.%d.%b" % (identifier.encode(), timestamp, body)
    signatures = (hmac.digest(_octets(key), standard, hashlib.sha256) for key in keys)
    return {
        "X-AgentPost-Signature": own.hexdigest(),
        "X-AgentPost-Timestamp": str(timestamp),
        "Webhook-Id": identifier,
        "Webhook-Timestamp": str(timestamp),
        "Webhook-Signature": " ".join(f"v1,{base64.b64encode(one).decode()}" for one in signatures),
    }


def _octets(secret: str) -> bytes:
    return base64.b64decode(secret.removeprefix(_PREFIX))
