"""Events over a WebSocket: subscribe, replay, keys that end, clients that are slow."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import trio
from trio.testing import memory_stream_pair
from trio_websocket import (
    ConnectionClosed,
    ConnectionRejected,
    WebSocketConnection,
    wrap_client_stream,
)

from mailcore.backend import Peer
from mailcore_agentpost.mail.events import record
from mailcore_agentpost.store import Transaction

from ..site import Site, to

OUTSIDE = "someone@example.org"


class Socket:
    """A client."""

    def __init__(self, connection: WebSocketConnection, closing: trio.Event) -> None:
        self._connection = connection
        self.closing = closing

    async def send(self, kind: str, **fields: Any) -> None:
        await self._connection.send_message(json.dumps({"type": kind, **fields}))

    async def text(self, text: str) -> None:
        await self._connection.send_message(text)

    async def receive(self) -> dict[str, Any]:
        with trio.fail_after(5):
            message: dict[str, Any] = json.loads(await self._connection.get_message())
        return message

    async def subscribe(self, **fields: Any) -> dict[str, Any]:
        await self.send("subscribe", **fields)
        answer = await self.receive()
        assert answer["type"] == "subscribed", answer
        return answer

    async def event(self) -> dict[str, Any]:
        message = await self.receive()
        assert message["type"] == "event", message
        event: dict[str, Any] = message["data"]
        return event

    async def ended(self) -> tuple[int, str]:
        """Wait for the end; return its code and reason."""
        with trio.fail_after(5):
            while True:
                try:
                    await self._connection.get_message()
                except ConnectionClosed as closed:
                    reason = closed.reason
                    break
        assert reason is not None
        return reason.code, reason.reason


@asynccontextmanager
async def opened(site: Site, secret: str | None = "", query: str = "") -> AsyncIterator[Socket]:
    """Open a WebSocket; ``secret=None`` shows no key in a header field."""
    client, server = memory_stream_pair()
    closing = trio.Event()

    async def serve() -> None:
        async with server:
            await site.backend.handle_http(server, Peer("http", "127.0.0.1"), closing)

    headers = (
        [] if secret is None else [(b"Authorization", f"Bearer {secret or site.secret}".encode())]
    )
    async with trio.open_nursery() as nursery:
        nursery.start_soon(serve)
        connection = await wrap_client_stream(
            nursery, client, "localhost", f"/ws{query}", extra_headers=headers  # type: ignore[arg-type]
        )  # fmt: skip
        yield Socket(connection, closing)
        with trio.move_on_after(1):
            await connection.aclose()
        nursery.cancel_scope.cancel()


async def test_events_are_told_as_they_happen(site: Site) -> None:
    other = await site.new_inbox()
    await site.post(site.inbox, to(OUTSIDE, subject="before"))
    async with opened(site) as socket:
        await socket.subscribe(event_types=["message.received", "message.sent"])
        await site.post(site.inbox, to(other.address, subject="Hello"))
        sent, received = await socket.event(), await socket.event()
    assert (sent["type"], received["type"]) == ("message.sent", "message.received")
    assert sent["data"]["message"]["subject"] == "Hello"
    assert received["data"]["inbox_id"] == other.id
    listed = json.loads((await site.rest("GET", "/events?type=message.received")).body)["data"]
    assert listed == [received]


async def test_one_inbox(site: Site) -> None:
    other = await site.new_inbox()
    async with opened(site) as socket:
        await socket.subscribe(inbox_id=other.id)
        await site.post(site.inbox, to(other.address))
        assert (await socket.event())["type"] == "message.received"


async def test_since_replays_all_that_came_after_and_then_goes_on(site: Site) -> None:
    for number in range(150):
        # More than a page.
        await site.backend.store.write(_event(site, number))
    first = json.loads((await site.rest("GET", "/events?limit=1")).body)["data"][0]
    async with opened(site) as socket:
        answer = await socket.subscribe(since=first["id"])
        assert answer["since"] == first["id"]
        replayed = [(await socket.event())["data"]["number"] for _ in range(149)]
        assert replayed == [*range(1, 150)]
        await site.backend.store.write(_event(site, 150))
        assert (await socket.event())["data"]["number"] == 150


def _event(site: Site, number: int) -> Callable[[Transaction], None]:
    return lambda transaction: record(
        transaction, "message.sent", organization=site.key.org_id, now=0.0, number=number
    )


async def test_a_new_subscription_replaces_the_old_one(site: Site) -> None:
    async with opened(site) as socket:
        await socket.subscribe()
        await socket.subscribe(event_types=["message.bounced"])
        await site.post(site.inbox, to(OUTSIDE))
        await socket.subscribe(event_types=["message.sent"])
        await site.post(site.inbox, to(OUTSIDE, subject="second"))
        assert (await socket.event())["data"]["message"]["subject"] == "second"


async def test_nothing_is_told_before_a_subscription(site: Site) -> None:
    async with opened(site) as socket:
        await site.post(site.inbox, to(OUTSIDE))
        await socket.text("not JSON")
        assert (await socket.receive())["type"] == "error"


@pytest.mark.parametrize(
    "message",
    ['{"type": "dance"}', "[]", '{"type": "subscribe", "event_types": ["x"]}', '{"a": 1}'],
)
async def test_what_is_no_message_is_told_and_the_connection_lives(
    site: Site, message: str
) -> None:
    async with opened(site) as socket:
        await socket.text(message)
        assert (await socket.receive())["type"] == "error"
        await socket.subscribe()


# ---------------------------------------------------------------------------------------- keys


async def test_a_key_in_the_query(site: Site) -> None:
    async with opened(site, None, f"?token={site.secret}") as socket:
        await socket.subscribe()


async def test_a_key_in_the_first_message(site: Site) -> None:
    async with opened(site, None) as socket:
        await socket.send("auth", token=site.secret)
        await socket.subscribe()


@pytest.mark.parametrize(
    "message", [{"type": "auth", "token": "ap_sk_wrong"}, {"type": "subscribe"}, {"no": "type"}]
)
async def test_no_key_in_the_first_message(site: Site, message: dict[str, str]) -> None:
    async with opened(site, None) as socket:
        await socket.text(json.dumps(message))
        assert (await socket.ended())[0] == 4401


async def test_a_wrong_key_is_refused_before_the_upgrade(site: Site) -> None:
    with pytest.raises(ExceptionGroup) as caught:
        async with opened(site, "ap_sk_wrong"):
            pass
    rejected = caught.value.exceptions[0]
    assert isinstance(rejected, ConnectionRejected)
    assert rejected.status_code == 401


async def test_a_key_without_the_scope(site: Site) -> None:
    _, secret = await site.new_key("inboxes:read")
    with pytest.raises(ExceptionGroup) as caught:
        async with opened(site, secret):
            pass
    rejected = caught.value.exceptions[0]
    assert isinstance(rejected, ConnectionRejected)
    assert rejected.status_code == 403


async def test_a_key_that_is_revoked_ends_the_connection(site: Site) -> None:
    key, secret = await site.new_key()
    async with opened(site, secret) as socket:
        await socket.subscribe()
        await site.service.revoke_key(site.key, key.id)
        assert await socket.ended() == (4401, "API key revoked")


async def test_a_key_that_expires_ends_the_connection(site: Site) -> None:
    _, secret = await site.new_key(expires_at=datetime.now(UTC) + timedelta(seconds=0.3))
    async with opened(site, secret) as socket:
        await socket.subscribe()
        assert await socket.ended() == (4401, "API key expired")


# ------------------------------------------------------------------------------------- the ends


async def test_a_server_that_stops_says_so(site: Site) -> None:
    async with opened(site) as socket:
        await socket.subscribe()
        socket.closing.set()
        assert (await socket.ended())[0] == 1001


async def test_a_message_too_long_ends_the_connection(site: Site) -> None:
    async with opened(site) as socket:
        await socket.text("x" * 20_000)
        assert (await socket.ended())[0] == 1009


async def test_a_request_that_is_no_upgrade(site: Site) -> None:
    client, server = memory_stream_pair()
    async with trio.open_nursery() as nursery:

        async def serve() -> None:
            async with server:
                await site.backend.handle_http(server, Peer("http", "127.0.0.1"), trio.Event())

        nursery.start_soon(serve)
        await client.send_all(b"GET /ws HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b""
        while received := await client.receive_some():
            answer += received
    assert answer.startswith(b"HTTP/1.1 426 ")
    assert b"\r\nUpgrade: websocket\r\n" in answer
