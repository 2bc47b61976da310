"""A tiny application on a real socket, and a client that sends octets as they are given."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial
from typing import Any

import h11
import msgspec
import trio

from mailcore.backend import Peer
from mailcore_agentpost.http.connection import serve_connection
from mailcore_agentpost.http.dispatch import Dispatcher
from mailcore_agentpost.http.exchange import Application, Request, Response, Upgrade
from mailcore_agentpost.http.hosts import AllowedHosts
from mailcore_agentpost.http.limits import DEFAULT_HTTP_LIMITS, HTTPLimits
from mailcore_agentpost.http.problems import missing_scope, unauthorized
from mailcore_agentpost.http.routing import Call, Route, Router

HEAD = "Host: localhost\r\n"
BEARER = HEAD + "Authorization: Bearer sesame\r\n"


class Item(msgspec.Struct, forbid_unknown_fields=True):
    name: str
    tags: list[str] = []


class ItemQuery(msgspec.Struct, forbid_unknown_fields=True):
    limit: int = 10
    tag: list[str] = []
    unread: bool | None = None


class Echo(msgspec.Struct):
    name: str
    limit: int = 0


async def hello(call: Call[None]) -> Echo:
    return Echo(call.path.get("name", "hello"))


async def search(call: Call[str]) -> Echo:
    return Echo(",".join(call.query.tag), call.query.limit)


async def make(call: Call[str]) -> Echo:
    return Echo(call.body.name)


async def remove(call: Call[str]) -> None:
    return None


async def fail(call: Call[str]) -> Echo:
    raise RuntimeError("a secret detail")


async def stream(call: Call[str]) -> Response:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"one"
        if call.path["end"] == "broken":
            raise RuntimeError("the disk is gone")
        yield b"two"

    return Response(body=chunks(), length=6, headers={"Content-Type": "text/plain"})


async def switch(call: Call[str]) -> Upgrade:
    async def run(stream: trio.abc.Stream, closing: trio.Event) -> None:
        received = b""
        while b"END" not in received:
            received += await stream.receive_some(16)
        await stream.send_all(b"GOT " + received)

    return Upgrade(run)


ROUTES = (
    Route(method="GET", path="/hello", handler=hello, summary="s", public=True, response=Echo),
    Route(method="GET", path="/hello/{name}", handler=hello, summary="s", response=Echo),
    Route(method="GET", path="/items", handler=search, summary="s", query=ItemQuery, response=Echo),
    Route(
        method="POST",
        path="/items",
        handler=make,
        summary="s",
        scope="items:write",
        body=Item,
        response=Echo,
        status=201,
    ),
    Route(method="DELETE", path="/items/{id}", handler=remove, summary="s", status=204),
    Route(method="GET", path="/fail", handler=fail, summary="s", response=Echo),
    Route(method="GET", path="/stream/{end}", handler=stream, summary="s", media_type="text/plain"),
    Route(method="GET", path="/switch", handler=switch, summary="s", public=True),
)


async def authorize(request: Request, route: Route) -> str:
    header = request.header("authorization")
    if header not in ("Bearer sesame", "Bearer reader"):
        raise unauthorized("No key.")
    if route.scope is not None and header == "Bearer reader":
        raise missing_scope(route.scope)
    return header


class Wire:
    """One client connection."""

    def __init__(self, sock: trio.SocketStream) -> None:
        self.stream = sock
        self.parser = h11.Connection(h11.CLIENT)

    async def send(self, text: str | bytes) -> None:
        await self.stream.send_all(text.encode() if isinstance(text, str) else text)

    async def rest(self) -> bytes:
        """Return all octets until the server closes."""
        data = b""
        while chunk := await self.stream.receive_some():
            data += chunk
        return data


class Answer(msgspec.Struct):
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


def parse(data: bytes, *methods: str) -> list[Answer]:
    """Read the responses to these methods from a whole connection's worth of octets."""
    parser = h11.Connection(h11.CLIENT)
    parser.receive_data(data)
    parser.receive_data(b"")
    answers = []
    for method in methods:
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "x")]))
        parser.send(h11.EndOfMessage())
        body, head = b"", None
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Response):
                head = event
            elif isinstance(event, h11.Data):
                body += event.data
        assert head is not None
        headers = {name.decode(): value.decode() for name, value in head.headers}
        answers.append(Answer(head.status_code, headers, body))
        if parser.our_state is h11.DONE and parser.their_state is h11.DONE:
            parser.start_next_cycle()
    return answers


class Server:
    """Where the server listens, and its drain event."""

    def __init__(self, port: int, closing: trio.Event) -> None:
        self.port = port
        self.closing = closing

    async def connect(self) -> Wire:
        return Wire(await trio.open_tcp_stream("127.0.0.1", self.port))

    async def roundtrip(self, text: str | bytes, *methods: str) -> list[Answer]:
        """Send octets on a fresh connection, and read until the server closes it."""
        wire = await self.connect()
        await wire.send(text)
        with trio.fail_after(10):
            data = await wire.rest()
        return parse(data, *(methods or ("GET",)))


def serving(limits: HTTPLimits | None = None) -> AbstractAsyncContextManager[Server]:
    """Serve the tiny application."""
    limits = limits or HTTPLimits(idle_timeout=5.0)
    return serving_application(Dispatcher(Router(ROUTES), authorize, limits=limits), limits)


@asynccontextmanager
async def serving_application(
    application: Application, limits: HTTPLimits = DEFAULT_HTTP_LIMITS
) -> AsyncIterator[Server]:
    """Serve any application on a port of its own."""
    closing = trio.Event()

    async def handle(stream: trio.SocketStream) -> None:
        async with stream:
            await serve_connection(
                stream,
                Peer("http", "127.0.0.1"),
                application,
                closing=closing,
                hosts=AllowedHosts(["mail.example"]),
                limits=limits,
            )

    async with trio.open_nursery() as nursery:
        serve = partial(trio.serve_tcp, handle, 0, host="127.0.0.1")
        listeners = await nursery.start(serve)
        yield Server(listeners[0].socket.getsockname()[1], closing)
        nursery.cancel_scope.cancel()
