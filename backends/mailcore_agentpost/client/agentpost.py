"""The client object."""

from __future__ import annotations

from types import TracebackType

from mailcore_agentpost.client.resources import (
    APIKeys,
    Events,
    FilterRules,
    Inboxes,
    Messages,
    Sessions,
)
from mailcore_agentpost.client.transport import Transport

DEFAULT_BASE_URL = "http://127.0.0.1:8025"


class AgentPost:
    """A client of the AgentPost REST API. Use it from one thread, or make one for each.

    Arguments:
        api_key: an organization's key: ``ap_sk_…``.
        base_url: where the server is.
        timeout: seconds to wait for the server at each step.
        max_retries: further tries after 429, 503 or, where that is safe, a broken connection.
        max_wait: a longer ``Retry-After`` than this many seconds is an error at once.

    Every call raises APIError (or one of its kinds) if the server refuses, and ConnectionFailed if
    there is no answer.
    """

    def __init__(
        self,
        api_key: str,
        base_url: str = DEFAULT_BASE_URL,
        *,
        timeout: float = 30.0,
        max_retries: int = 3,
        max_wait: float = 30.0,
    ) -> None:
        self._transport = Transport(
            api_key, base_url, timeout=timeout, max_retries=max_retries, max_wait=max_wait
        )
        self.inboxes = Inboxes(self._transport)
        self.messages = Messages(self._transport)
        self.api_keys = APIKeys(self._transport)
        self.filter_rules = FilterRules(self._transport)
        self.events = Events(self._transport)
        self.sessions = Sessions(self._transport)

    def close(self) -> None:
        """Close the connections to the server."""
        self._transport.close()

    def __enter__(self) -> AgentPost:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
