"""``client.server``."""

from __future__ import annotations

from typing import Any

import msgspec

from mailcore_agentpost.client.request import Request, to
from mailcore_agentpost.http.types import Health, Readiness


def health() -> Request[Health]:
    """Tell whether the server answers."""
    return Request(method="GET", path="/healthz", decode=to(Health))


def readiness() -> Request[Readiness]:
    """Tell whether mail can be served now; ServerError 503 if not."""
    return Request(method="GET", path="/readyz", decode=to(Readiness))


def metrics() -> Request[str]:
    """Return the metrics of the server, in the format of Prometheus."""
    return Request(
        method="GET", path="/metrics", decode=lambda answer: answer.content.decode("utf-8")
    )


def openapi() -> Request[dict[str, Any]]:
    """Return the description of the API (OpenAPI 3.1)."""
    return Request(
        method="GET",
        path="/openapi.json",
        decode=lambda answer: msgspec.json.decode(answer.content, type=dict[str, Any]),
    )
