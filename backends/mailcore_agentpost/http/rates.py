"""How much may still be sent, in the fields of draft-ietf-httpapi-ratelimit-headers-10.

They are told with every send, taken or refused. ``t`` is the number of seconds after which the
first of the messages that count now counts no more: the windows slide.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from mailcore_agentpost.http.routing import Call
from mailcore_agentpost.http.service import Refused, Service
from mailcore_agentpost.types import KeyRow, MessageRow, Outgoing, Rate


async def send_telling_rates(
    service: Service, call: Call[KeyRow], inbox: str, message: Outgoing
) -> MessageRow:
    """Send a message, and have the answer say how many more may follow it."""
    try:
        row = await service.send(call.key, inbox, message)
    except Refused:
        call.fields.update(rate_fields(await service.send_rates(call.key, inbox)))
        raise
    call.fields.update(rate_fields(await service.send_rates(call.key, inbox)))
    return row


def rate_fields(rates: Sequence[Rate]) -> dict[str, str]:
    """Return the header fields of an answer to a send."""
    if not rates:
        return {}
    policy = (f'"{rate.name}";q={rate.quota};w={rate.window:.0f}' for rate in rates)
    left = (
        f'"{rate.name}";r={rate.remaining}' + (f";t={math.ceil(rate.reset)}" if rate.reset else "")
        for rate in rates
    )
    return {"RateLimit-Policy": ", ".join(policy), "RateLimit": ", ".join(left)}
