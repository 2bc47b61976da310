"""The client's retries and errors, against a server that refuses on purpose."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import Any, TypeVar

import pytest
import trio

from mailcore_agentpost.client import (
    APIError,
    ConnectionFailed,
    InvalidRequest,
    NotFound,
    RateLimited,
    ServerError,
)
from mailcore_agentpost.client.request import Request as Wanted
from mailcore_agentpost.client.request import nothing, path, to
from mailcore_agentpost.client.transport import AsyncTransport, Options, Transport
from mailcore_agentpost.http.exchange import Request, Response, Upgrade
from mailcore_agentpost.http.problems import Problem, invalid, not_found

from .wire import Echo, Item, Server, serving_application

T = TypeVar("T")
Ask = Callable[..., Awaitable[Any]]


class Grudging:
    """An application that refuses so many times before it answers."""

    def __init__(self, refusals: int, problem: Problem) -> None:
        self.left = refusals
        self.problem = problem
        self.requests: list[Request] = []

    async def __call__(self, request: Request) -> Response | Upgrade:
        self.requests.append(request)
        if self.left:
            self.left -= 1
            raise self.problem
        return Response(body=b'{"name": "tea"}', headers={"Content-Type": "application/json"})

    def serving(self) -> AbstractAsyncContextManager[Server]:
        return serving_application(self)


def busy(status: int, retry_after: str | None) -> Problem:
    headers = {} if retry_after is None else {"Retry-After": retry_after}
    return Problem(status, "busy", "Busy.", fix="Wait.", headers=headers)


POST = Wanted(method="POST", path=path("things"), decode=to(Echo), body=Item(name="x"))


@pytest.fixture(params=["blocking", "trio", "asyncio"])
def ask(request: pytest.FixtureRequest) -> Ask:
    """Ask a server by one of the clients: ``await ask(server, request)``."""

    async def run(server: Server, wanted: Wanted[T], max_wait: float = 5.0) -> T:
        url = f"http://127.0.0.1:{server.port}/"
        options = Options("ap_sk_x", url, timeout=5.0, max_retries=2, max_wait=max_wait)

        async def awaiting() -> T:
            transport = AsyncTransport(options)
            try:
                return await transport.ask(wanted)
            finally:
                await transport.close()

        def blocking() -> T:
            transport = Transport(options)
            try:
                return transport.ask(wanted)
            finally:
                transport.close()

        if request.param == "blocking":
            return await trio.to_thread.run_sync(blocking)
        if request.param == "trio":
            return await awaiting()
        return await trio.to_thread.run_sync(lambda: asyncio.run(awaiting()))

    return run


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("retry_after", ["0", None])
async def test_refusals_for_the_moment_are_tried_again(
    status: int, retry_after: str | None, ask: Ask
) -> None:
    application = Grudging(2, busy(status, retry_after))
    async with application.serving() as server:
        answer = await ask(server, POST)
    assert answer.name == "tea"
    assert len(application.requests) == 3
    assert application.requests[0].path == "/api/v1/things"
    assert application.requests[0].header("authorization") == "Bearer ap_sk_x"


async def test_retry_after_is_waited_for(ask: Ask) -> None:
    application = Grudging(1, busy(429, "1"))
    async with application.serving() as server:
        start = time.monotonic()
        await ask(server, POST)
    assert time.monotonic() - start >= 1.0


@pytest.mark.parametrize(("retry_after", "tries"), [("0", 3), ("3600", 1)])
async def test_retries_are_bounded(retry_after: str, tries: int, ask: Ask) -> None:
    application = Grudging(100, busy(429, retry_after))
    async with application.serving() as server:
        with pytest.raises(RateLimited) as caught:
            await ask(server, POST)
    assert caught.value.retry_after == float(retry_after)
    assert len(application.requests) == tries


@pytest.mark.parametrize(
    ("problem", "kind", "code"),
    [
        (not_found("inbox"), NotFound, "not_found"),
        (invalid("Bad.", "to[0].email"), InvalidRequest, "invalid_request"),
        (Problem(500, "internal_error", "x", fix="y"), ServerError, "internal_error"),
    ],
)
async def test_errors_are_typed(
    problem: Problem, kind: type[APIError], code: str, ask: Ask
) -> None:
    application = Grudging(1, problem)
    async with application.serving() as server:
        with pytest.raises(kind) as caught:
            await ask(server, POST)
    error = caught.value
    assert (error.status, error.code, error.fix) == (problem.status, code, problem.fix)
    assert error.field == problem.members.get("field")
    assert error.request_id == application.requests[0].id
    assert error.request_id in str(error)
    assert len(application.requests) == 1


async def test_an_answer_that_is_no_problem_document_is_an_error_all_the_same(ask: Ask) -> None:
    async def proxy(request: Request) -> Response | Upgrade:
        return Response(status=502, body=b"<h1>Bad gateway</h1>")

    async with serving_application(proxy) as server:
        with pytest.raises(ServerError) as caught:
            await ask(server, POST)
    assert (caught.value.status, caught.value.code) == (502, "")


async def test_no_server_is_a_connection_failure(ask: Ask) -> None:
    async with serving_application(Grudging(0, busy(429, None))) as server:
        pass
    with pytest.raises(ConnectionFailed):
        await ask(server, Wanted(method="GET", path=path("things"), decode=nothing))
