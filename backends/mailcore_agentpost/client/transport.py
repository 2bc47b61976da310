"""How the client asks: one key, one base URL, typed answers, bounded retries."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator, Mapping
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from mailcore_agentpost.client.errors import APIError, ConnectionFailed, error_class

T = TypeVar("T")

# 429 and 503 are said before anything was done, so the same request may come again.
_RETRIED = frozenset({429, 503})
_SAFE_METHODS = frozenset({"GET", "PUT", "DELETE"})
_FIRST_PAUSE = 0.25


class _Problem(msgspec.Struct):
    """The members of RFC 9457 that errors are made of; a proxy's answer may have none of them."""

    code: str = ""
    detail: str = ""
    fix: str = ""
    request_id: str = ""
    field: str | None = None


class Transport:
    """Sends requests and decodes the answers.

    Arguments:
        api_key: an organization's key: ``ap_sk_…``.
        base_url: where the server is: ``http://127.0.0.1:8025``.
        timeout: seconds to wait for the server at each step.
        max_retries: further tries after 429, 503 or, where that is safe, a broken connection.
        max_wait: a longer ``Retry-After`` than this many seconds is an error at once.
    """

    def __init__(
        self, api_key: str, base_url: str, *, timeout: float, max_retries: int, max_wait: float
    ) -> None:
        self._timeout = timeout
        self._max_retries = max_retries
        self._max_wait = max_wait
        self._http = httpx.Client(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            headers={"Authorization": f"Bearer {api_key}", "User-Agent": "mailcore-agentpost"},
            timeout=timeout,
        )

    def close(self) -> None:
        """Close the connections to the server."""
        self._http.close()

    def call(
        self,
        kind: type[T],
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: msgspec.Struct | None = None,
        idempotency_key: str | None = None,
    ) -> T:
        """Ask, and return the answer as an instance of ``kind``.

        Raises:
            APIError: the server refused.
            ConnectionFailed: there was no answer.
        """
        response = self.send(
            method, path, params=params, body=body, idempotency_key=idempotency_key
        )
        return msgspec.json.decode(response.content, type=kind)

    def send(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        body: msgspec.Struct | None = None,
        idempotency_key: str | None = None,
        patience: float = 0.0,
    ) -> httpx.Response:
        """Ask, and return the whole answer. Raises like :meth:`call`.

        Arguments:
            patience: seconds that the server may take longer than usual.
        """
        headers = {} if idempotency_key is None else {"Idempotency-Key": idempotency_key}
        if body is not None:
            headers["Content-Type"] = "application/json"
        request = self._http.build_request(
            method,
            path,
            params={name: value for name, value in (params or {}).items() if value is not None},
            content=None if body is None else msgspec.json.encode(body),
            headers=headers,
            timeout=self._timeout + patience,
        )
        repeatable = method in _SAFE_METHODS or idempotency_key is not None
        pauses = self._pauses()
        while True:
            pause = next(pauses, None)
            try:
                response = self._http.send(request)
            except httpx.TransportError as broken:
                if pause is None or not repeatable:
                    raise ConnectionFailed(str(broken) or type(broken).__name__) from broken
                time.sleep(pause)
                continue
            if response.is_success:
                return response
            error = _error(response)
            wait = pause if error.retry_after is None else error.retry_after
            if error.status not in _RETRIED or pause is None or wait is None:
                raise error
            if wait > self._max_wait:
                raise error
            time.sleep(wait)

    def _pauses(self) -> Iterator[float]:
        """Yield the wait before each further try; jitter keeps many clients from coming at once."""
        for attempt in range(self._max_retries):
            yield _FIRST_PAUSE * 2**attempt * random.uniform(0.5, 1.0)


def segment(value: str) -> str:
    """Return a value as one segment of a path."""
    return quote(value, safe="")


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
    )
