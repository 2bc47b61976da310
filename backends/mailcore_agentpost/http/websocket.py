"""Events over a WebSocket (RFC 6455), on the port of the REST API.

What wakes a connection is a hint; what it sends it then reads from the list of events, after the
last one that it has sent. So nothing is queued for a slow client, nothing is told twice, and going
on after a lost connection is the same as going on at all.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

import msgspec
import trio
from trio_websocket import ConnectionClosed, WebSocketConnection, wrap_server_stream

from mailcore_agentpost.event_log import EventLog
from mailcore_agentpost.http.bearer import bearer_token
from mailcore_agentpost.http.describing import describe
from mailcore_agentpost.http.exchange import Request, Upgrade
from mailcore_agentpost.http.limits import HTTPLimits
from mailcore_agentpost.http.problems import Problem, missing_scope
from mailcore_agentpost.http.routing import Call, Route
from mailcore_agentpost.http.service import Refused
from mailcore_agentpost.http.types import SocketQuery
from mailcore_agentpost.types import EventType, KeyRow

_SCOPE = "messages:read"
_PAGE = 100

# Close codes: RFC 6455 §7.4.1, and one of our own.
_GOING_AWAY = 1001
_TRY_LATER = 1013
_UNAUTHORIZED = 4401
# Seconds for the client's answer to that.
_CLOSING = 3.0


class _Auth(msgspec.Struct, tag="auth"):
    """The first message of a client that showed no key before."""

    token: str


class _Subscribe(msgspec.Struct, tag="subscribe", forbid_unknown_fields=True):
    """Which events to tell from now on; replaces what was subscribed before.

    Arguments:
        event_types: empty for all.
        inbox_id: None for all.
        since: the id of an event: those after it are told first.
    """

    event_types: list[EventType] = []
    inbox_id: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    since: Annotated[str, msgspec.Meta(max_length=64)] | None = None


_decode = msgspec.json.Decoder(_Auth | _Subscribe).decode


@dataclass(frozen=True, slots=True)
class WebSockets:
    """Answers ``/ws``.

    Arguments:
        log: what is told.
        authenticate: returns the key with a secret.
        limits: how long a client may be slow or silent.
    """

    log: EventLog
    authenticate: Callable[[str], Awaitable[KeyRow]]
    limits: HTTPLimits

    async def open(self, call: Call[None]) -> Upgrade:
        """Judge the key that the request shows, if it does, and hand the connection over."""
        request = call.request
        if (request.header("upgrade") or "").lower() != "websocket":
            raise Problem(
                426,
                "upgrade_required",
                "This resource speaks WebSocket.",
                fix="Open it with a WebSocket client.",
                headers={"Upgrade": "websocket", "Connection": "Upgrade"},
            )
        secret = _shown(request, call.query.token)
        key = None if secret is None else await self._key(secret)

        async def run(stream: trio.abc.Stream, closing: trio.Event) -> None:
            async with trio.open_nursery() as nursery:
                offered = await wrap_server_stream(
                    nursery, stream, max_message_size=self.limits.socket_message
                )
                socket = await offered.accept()
                nursery.start_soon(_drain, socket, closing)
                try:
                    await self._serve(socket, key)
                except* ConnectionClosed:
                    pass
                nursery.cancel_scope.cancel()

        return Upgrade(run)

    async def _key(self, secret: str) -> KeyRow:
        key = await self.authenticate(secret)
        if _SCOPE not in key.scopes:
            raise missing_scope(_SCOPE)
        return key

    async def _serve(self, socket: WebSocketConnection, key: KeyRow | None) -> None:
        if key is None:
            key = await self._first_message(socket)
        if key is None:
            await _close(socket, _UNAUTHORIZED, "Unauthorized")
            return
        subscriber = _Subscriber(socket, key, self.log, self.limits)
        await subscriber.run()

    async def _first_message(self, socket: WebSocketConnection) -> KeyRow | None:
        with trio.move_on_after(self.limits.socket_auth_timeout):
            try:
                message = _decode(await socket.get_message())
                return await self._key(message.token) if isinstance(message, _Auth) else None
            except (msgspec.DecodeError, Refused, Problem):
                return None
        return None


def _shown(request: Request, token: str | None) -> str | None:
    if request.header("authorization") is not None:
        return bearer_token(request)
    return token


async def _drain(socket: WebSocketConnection, closing: trio.Event) -> None:
    await closing.wait()
    await _close(socket, _GOING_AWAY, "The server is stopping")


async def _close(socket: WebSocketConnection, code: int, reason: str) -> None:
    """Say why, and give the client a moment to answer."""
    with trio.move_on_after(_CLOSING):
        await socket.aclose(code, reason)


class _Subscriber:
    """One client that has shown its key."""

    def __init__(
        self, socket: WebSocketConnection, key: KeyRow, log: EventLog, limits: HTTPLimits
    ) -> None:
        self._socket = socket
        self._key = key
        self._log = log
        self._limits = limits
        self._subscription: _Subscribe | None = None
        self._position = ""
        self._ended: str | None = None
        self._news = trio.Event()

    async def run(self) -> None:
        """Serve the client until it or its key is gone."""
        token = trio.lowlevel.current_trio_token()

        leave = self._log.listen(
            self._key,
            lambda: token.run_sync_soon(self._wake),
            lambda reason: token.run_sync_soon(self._end, reason),
        )
        try:
            async with trio.open_nursery() as nursery:
                nursery.start_soon(self._receive)
                nursery.start_soon(self._keep_alive)
                nursery.start_soon(self._expire)
                await self._tell()
                nursery.cancel_scope.cancel()
        finally:
            leave()

    def _wake(self) -> None:
        self._news.set()

    def _end(self, reason: str) -> None:
        self._ended = reason
        self._wake()

    async def _expire(self) -> None:
        if self._key.expires_at is not None:
            left = self._key.expires_at - datetime.now(UTC)
            await trio.sleep(max(left.total_seconds(), 0))
            self._end("API key expired")

    async def _tell(self) -> None:
        """Send what is new, whenever there is something."""
        while self._ended is None:
            self._news = trio.Event()
            while self._subscription is not None and await self._tell_page(self._subscription):
                pass
            await self._news.wait()
        await _close(self._socket, _UNAUTHORIZED, self._ended)

    async def _tell_page(self, subscription: _Subscribe) -> bool:
        """Send some events; return whether there may be more."""
        rows = await self._log.read(
            self._key,
            after=self._position,
            limit=_PAGE,
            inbox=subscription.inbox_id,
            types=subscription.event_types,
        )
        for event in await describe(self._log, rows):
            if subscription is not self._subscription:
                return True
            await self._send({"type": "event", "data": event})
            self._position = event.id
        return len(rows) == _PAGE

    async def _receive(self) -> None:
        while True:
            data = await self._socket.get_message()
            try:
                message = _decode(data)
            except msgspec.DecodeError as error:
                await self._send({"type": "error", "detail": f"{error}."})
                continue
            if isinstance(message, _Subscribe):
                await self._subscribe(message)

    async def _subscribe(self, message: _Subscribe) -> None:
        since = message.since
        self._position = await self._log.latest(self._key) if since is None else since
        self._subscription = message
        await self._send(
            {
                "type": "subscribed",
                "event_types": message.event_types,
                "inbox_id": message.inbox_id,
                "since": self._position,
            }
        )
        self._wake()

    async def _keep_alive(self) -> None:
        while True:
            await trio.sleep(self._limits.socket_ping)
            with trio.move_on_after(self._limits.socket_ping) as waiting:
                await self._socket.ping()
            if waiting.cancelled_caught:
                await _close(self._socket, _GOING_AWAY, "No answer to a ping")

    async def _send(self, message: dict[str, Any]) -> None:
        """Send a message; a client that does not take it in time is cut off."""
        with trio.move_on_after(self._limits.send_timeout) as taking:
            await self._socket.send_message(msgspec.json.encode(message).decode())
        if taking.cancelled_caught:
            await _close(self._socket, _TRY_LATER, "Too slow")


def routes(sockets: WebSockets) -> Sequence[Route]:
    """Return the routes that these handlers answer."""
    return (
        Route(
            method="GET",
            path="/ws",
            handler=sockets.open,
            summary="Be told events over a WebSocket",
            public=True,
            query=SocketQuery,
            status=101,
            refuses=(401, 403, 426),
        ),
    )
