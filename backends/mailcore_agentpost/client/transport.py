"""How the clients ask: one key, one base URL, typed answers, bounded retries."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, TypeVar

import anyio
import httpx
import msgspec

from mailcore_agentpost.client.errors import APIError, ConnectionFailed, error_class
from mailcore_agentpost.client.request import Answer, Request

T = TypeVar("T")

# 429 and 503 are said before anything was done, so the same request may come again.
_RETRIED: Final = frozenset({429, 503})
_SAFE_METHODS: Final = frozenset({"GET", "PUT", "DELETE"})
_FIRST_PAUSE: Final = 0.25


class _Problem(msgspec.Struct):
    """The members of RFC 9457 that errors are made of; a proxy's answer may have none of them."""

    code: str = ""
    detail: str = ""
    fix: str = ""
    request_id: str = ""
    field: str | None = None
    recipients: list[str] = []


@dataclass(frozen=True, slots=True)
class Options:
    """How a client asks.

    Arguments:
        api_key: an organization's key: ``ap_sk_…``.
        base_url: where the server is: ``http://127.0.0.1:8025``.
        timeout: seconds to wait for the server at each step.
        max_retries: further tries after 429, 503 or, where that is safe, a broken connection.
        max_wait: a longer ``Retry-After`` than this many seconds is an error at once.
    """

    api_key: str
    base_url: str
    timeout: float
    max_retries: int
    max_wait: float

    def http(self) -> dict[str, Any]:
        """Return the arguments of an httpx client."""
        agent = {"User-Agent": "mailcore-agentpost"}
        return {"base_url": self.base_url.rstrip("/"), "headers": agent, "timeout": self.timeout}

    def arguments(self, request: Request[Any]) -> dict[str, Any]:
        """Return the arguments of httpx for a request."""
        # Not among the client's own: the addresses of uploads are nobody's to see the key at.
        headers = {}
        if request.content is None:
            headers["Authorization"] = f"Bearer {self.api_key}"
        if request.idempotency_key is not None:
            headers["Idempotency-Key"] = request.idempotency_key
        content = request.content
        if request.body is not None:
            headers["Content-Type"] = "application/json"
            content = msgspec.json.encode(request.body)
        return {
            "method": request.method,
            "url": request.path,
            "params": {name: one for name, one in request.params.items() if one is not None},
            "content": content,
            "headers": headers,
            "timeout": self.timeout + request.patience,
        }


class _Tries:
    """Judges how a request went, try after try: done, once more after a pause, or an error."""

    def __init__(self, request: Request[Any], options: Options) -> None:
        self._options = options
        self._repeatable = request.method in _SAFE_METHODS or request.idempotency_key is not None
        self._pauses = self._all_pauses()

    def _all_pauses(self) -> Iterator[float]:
        """Yield the wait before each further try; jitter keeps many clients from coming at once."""
        for attempt in range(self._options.max_retries):
            yield _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)

    def broken(self, error: httpx.TransportError) -> float:
        """Return how long to wait after a broken connection; raises ConnectionFailed."""
        pause = next(self._pauses, None)
        if pause is None or not self._repeatable:
            raise ConnectionFailed(str(error) or type(error).__name__) from error
        return pause

    def answered(self, response: httpx.Response) -> float | None:
        """Return how long to wait after a refusal, or None after a success; raises APIError."""
        if response.is_success:
            return None
        error = _error(response)
        pause = next(self._pauses, None)
        wait = pause if error.retry_after is None else error.retry_after
        if error.status not in _RETRIED or pause is None or wait is None:
            raise error
        if wait > self._options.max_wait:
            raise error
        return wait


class Transport:
    """Asks and blocks."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = httpx.Client(**options.http())

    def close(self) -> None:
        """Close the connections to the server."""
        self._http.close()

    def ask(self, request: Request[T]) -> T:
        """Ask, and return what the answer is read as.

        Raises:
            APIError: the server refused.
            ConnectionFailed: there was no answer.
        """
        tries, arguments = _Tries(request, self._options), self._options.arguments(request)
        while True:
            try:
                response = self._http.request(**arguments)
            except httpx.TransportError as broken:
                pause: float | None = tries.broken(broken)
            else:
                pause = tries.answered(response)
                if pause is None:
                    return request.decode(Answer(response.status_code, response.content))
            time.sleep(pause or 0.0)


class AsyncTransport:
    """Asks and awaits, on Trio or asyncio."""

    def __init__(self, options: Options) -> None:
        self._options = options
        self._http = httpx.AsyncClient(**options.http())

    async def close(self) -> None:
        """Close the connections to the server."""
        await self._http.aclose()

    async def ask(self, request: Request[T]) -> T:
        """Ask as :meth:`Transport.ask` does."""
        tries, arguments = _Tries(request, self._options), self._options.arguments(request)
        while True:
            try:
                response = await self._http.request(**arguments)
            except httpx.TransportError as broken:
                pause: float | None = tries.broken(broken)
            else:
                pause = tries.answered(response)
                if pause is None:
                    return request.decode(Answer(response.status_code, response.content))
            await anyio.sleep(pause or 0.0)


def _error(response: httpx.Response) -> APIError:
    try:
        problem = msgspec.json.decode(response.content, type=_Problem)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        problem = _Problem()
    retry_after = response.headers.get("retry-after", "")
    return error_class(response.status_code)(
        problem.detail or response.reason_phrase,
        status=response.status_code,
        code=problem.code,
        fix=problem.fix,
        request_id=problem.request_id or response.headers.get("x-request-id", ""),
        field=problem.field,
        retry_after=float(retry_after) if retry_after.isdecimal() else None,
        recipients=problem.recipients,
    )
