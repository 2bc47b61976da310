"""One HTTP/1.1 connection: h11 over a Trio stream, one request at a time.

Pipelined requests wait in h11's buffer until the one in hand is answered, so that a peer can not
make the server work ahead of what it reads.
"""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator
from contextlib import suppress
from email.utils import formatdate
from functools import partial
from http import HTTPStatus
from urllib.parse import urlsplit

import h11
import trio

from mailcore.backend import Peer
from mailcore.log import log_event
from mailcore_agentpost.http.exchange import Application, Request, Response, Upgrade, request_id
from mailcore_agentpost.http.hosts import AllowedHosts
from mailcore_agentpost.http.limits import DEFAULT_HTTP_LIMITS, HTTPLimits
from mailcore_agentpost.http.problems import Problem
from mailcore_agentpost.http.replay import ReplayedStream

logger = logging.getLogger(__name__)

_CHUNK = 64 * 1024
_NO_BODY = frozenset({204, 304})
# After an early refusal: how long, and how much of it, the rest of the request is read and thrown
# away so that the client gets to read the response (RFC 9112 §9.6).
_LINGER_SECONDS = 2.0
_LINGER_OCTETS = 1024 * 1024


class _Gone(Exception):
    """The peer went away or stopped taking part."""


async def serve_connection(
    stream: trio.abc.Stream,
    peer: Peer,
    application: Application,
    *,
    closing: trio.Event,
    hosts: AllowedHosts,
    limits: HTTPLimits = DEFAULT_HTTP_LIMITS,
) -> None:
    """Serve one accepted connection until it ends. The caller closes the stream.

    Arguments:
        application: answers requests; may raise Problem.
        closing: once set, the response in hand is finished and the connection ends.
        hosts: what ``Host`` may name.
    """
    connection = _Connection(stream, peer, application, closing, hosts, limits)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(connection.stop_waiting_when_closing)
        with suppress(_Gone):
            await connection.serve()
        nursery.cancel_scope.cancel()


class _Connection:
    def __init__(
        self,
        stream: trio.abc.Stream,
        peer: Peer,
        application: Application,
        closing: trio.Event,
        hosts: AllowedHosts,
        limits: HTTPLimits,
    ) -> None:
        self._stream = stream
        self._peer = peer
        self._application = application
        self._closing = closing
        self._hosts = hosts
        self._limits = limits
        self._h11 = h11.Connection(h11.SERVER, max_incomplete_event_size=limits.head)
        self._idle = trio.CancelScope()

    async def stop_waiting_when_closing(self) -> None:
        await self._closing.wait()
        self._idle.cancel()

    async def serve(self) -> None:
        for _ in range(self._limits.requests - 1):
            if not await self._serve_one(last=False):
                return
        await self._serve_one(last=True)

    async def _serve_one(self, *, last: bool) -> bool:
        """Answer one request; tell whether the connection can carry another."""
        try:
            event = await self._read_head()
        except Problem as problem:
            await self._refuse(problem)
            return False
        if event is None:
            return False
        return await self._exchange(event, last=last)

    # ------------------------------------------------------------------------------- receiving

    async def _receive(self) -> None:
        try:
            data = await self._stream.receive_some(_CHUNK)
        except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
            raise _Gone from error
        self._h11.receive_data(bytes(data))

    def _next_event(self) -> h11.Event | type[h11.NEED_DATA] | type[h11.PAUSED]:
        try:
            return self._h11.next_event()
        except h11.RemoteProtocolError as error:
            raise _malformed(error) from error

    async def _read_head(self) -> h11.Request | None:
        """Wait for a request; None when there will be none."""
        event = self._next_event()
        if event is h11.NEED_DATA and not self._h11.trailing_data[0]:
            if not await self._wait_for_first_octet():
                return None
            event = self._next_event()
        with trio.move_on_after(self._limits.head_timeout):
            while event is h11.NEED_DATA:
                await self._receive()
                event = self._next_event()
        if isinstance(event, h11.Request):
            return event
        if isinstance(event, h11.ConnectionClosed):
            return None
        raise _timed_out("The header fields of the request took too long.")

    async def _wait_for_first_octet(self) -> bool:
        self._idle = trio.CancelScope(deadline=trio.current_time() + self._limits.idle_timeout)
        if self._closing.is_set():
            return False
        with self._idle:
            await self._receive()
        return not self._idle.cancelled_caught

    async def _receive_body(self, declared: int, limit: int) -> AsyncIterator[bytes]:
        """Yield the body of the request in hand as it comes.

        Raises:
            Problem: 413 for more than ``limit`` octets, 408 if it is too slow, 400 if malformed.
        """
        if declared > limit:
            raise _too_large(limit)
        if self._h11.they_are_waiting_for_100_continue:
            await self._send(
                self._h11.send(h11.InformationalResponse(status_code=100, headers=[])) or b""
            )
        size = 0
        start = trio.current_time() + self._limits.body_timeout
        while True:
            # No scope may be open while a piece is with whoever asked for it.
            with trio.move_on_at(start + size / self._limits.minimum_rate) as scope:
                event = self._next_event()
                while not isinstance(event, h11.Data | h11.EndOfMessage):
                    await self._receive()
                    event = self._next_event()
            if scope.cancelled_caught:
                raise _timed_out("The body of the request took too long.")
            if not isinstance(event, h11.Data):
                return
            size += len(event.data)
            if size > limit:
                raise _too_large(limit)
            yield bytes(event.data)

    # ------------------------------------------------------------------------------- answering

    async def _exchange(self, event: h11.Request, *, last: bool) -> bool:
        fields = list(event.headers)
        offered = next((value for name, value in fields if name == b"x-request-id"), None)
        identity = request_id(offered)
        started = time.monotonic()
        try:
            request = self._request(event, identity)
        except Problem as problem:
            # Whoever frames or addresses a request like this gets no second one in.
            answer: Response | Upgrade = problem.response(identity)
            last = True
        else:
            answer = await self._answer(request)
        if isinstance(answer, Upgrade):
            log_event(logger, "upgraded", request=identity, path=_path(event))
            await self._hand_over(event, answer)
            return False
        reusable = self._request_is_complete() and not last
        await self._send_response(event, answer, identity, close=not reusable)
        log_event(
            logger,
            "request",
            request=identity,
            method=event.method.decode("ascii"),
            path=_path(event),
            status=answer.status,
            ms=(time.monotonic() - started) * 1000,
            peer=self._peer.host,
        )
        if not reusable or self._h11.our_state is not h11.DONE:
            await self._linger()
            return False
        self._h11.start_next_cycle()
        return True

    async def _answer(self, request: Request) -> Response | Upgrade:
        try:
            return await self._application(request)
        except Problem as problem:
            return problem.response(request.id)
        except _Gone:
            raise
        except Exception:
            logger.exception("%s %s %s failed", request.id, request.method, request.path)
            return _internal_error().response(request.id)

    def _request(self, event: h11.Request, identity: str) -> Request:
        """Make the application's request; refuse what can not be trusted or not be framed."""
        fields = list(event.headers)
        names = {name for name, _ in fields}
        if b"transfer-encoding" in names and b"content-length" in names:
            # RFC 9112 §6.1: the mark of request smuggling.
            raise _malformed("Content-Length and Transfer-Encoding exclude each other.")
        target = event.target.decode("latin-1")
        host = next((value.decode("latin-1") for name, value in fields if name == b"host"), None)
        if target[:7].lower() == "http://" or target[:8].lower() == "https://":
            # RFC 9112 §3.2.2: the absolute form overrides Host.
            url = urlsplit(target)
            host, target = url.netloc, url.path + (f"?{url.query}" if url.query else "")
        if host not in self._hosts and not (host is None and event.http_version == b"1.0"):
            raise _wrong_host()
        path, _, query = target.partition("?")
        declared = next((int(value) for name, value in fields if name == b"content-length"), 0)

        receive_body = partial(self._receive_body, declared)

        async def read_body(limit: int) -> bytes:
            body = bytearray()
            async for piece in receive_body(limit):
                body += piece
            return bytes(body)

        return Request(
            id=identity,
            method=event.method.decode("ascii"),
            path=path or "/",
            query=query,
            fields=fields,
            peer=self._peer,
            read_body=read_body,
            receive_body=receive_body,
        )

    def _request_is_complete(self) -> bool:
        """Tell whether the whole request was read, taking what is buffered of it."""
        discarded = 0
        while self._h11.their_state is h11.SEND_BODY and discarded <= _LINGER_OCTETS:
            try:
                event = self._h11.next_event()
            except h11.RemoteProtocolError:
                return False
            if isinstance(event, h11.Data):
                discarded += len(event.data)
            elif not isinstance(event, h11.EndOfMessage):
                return False
        return self._h11.their_state not in (h11.SEND_BODY, h11.MUST_CLOSE, h11.ERROR)

    async def _refuse(self, problem: Problem) -> None:
        """Answer what was never a request, and end."""
        identity = request_id(None)
        logger.info("%s refused %d: %s", identity, problem.status, problem.detail)
        if self._h11.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            await self._send_response(None, problem.response(identity), identity, close=True)
            await self._linger()

    async def _send_response(
        self, request: h11.Request | None, response: Response, identity: str, *, close: bool
    ) -> None:
        headers = [
            ("Date", formatdate(usegmt=True)),
            ("X-Request-Id", identity),
            *response.headers.items(),
        ]
        if response.status not in _NO_BODY:
            headers.append(("Content-Length", str(response.content_length)))
        if close or self._closing.is_set():
            headers.append(("Connection", "close"))
        head = self._h11.send(
            h11.Response(
                status_code=response.status,
                headers=headers,
                reason=HTTPStatus(response.status).phrase.encode("ascii"),
            )
        )
        pending = head or b""
        if (request is None or request.method != b"HEAD") and response.status not in _NO_BODY:
            async for chunk in self._chunks(response.body, identity):
                await self._send(pending + (self._h11.send(h11.Data(data=chunk)) or b""))
                pending = b""
        await self._send(pending + (self._h11.send(h11.EndOfMessage()) or b""))

    async def _chunks(
        self, body: bytes | AsyncIterator[bytes], identity: str
    ) -> AsyncIterator[bytes]:
        if isinstance(body, bytes):
            for start in range(0, len(body), _CHUNK):
                yield body[start : start + _CHUNK]
            return
        try:
            async for chunk in body:
                yield chunk
        except Exception as error:
            # The status is out already; only a broken connection can tell the client now.
            logger.exception("%s failed within its response", identity)
            raise _Gone from error

    async def _send(self, data: bytes) -> None:
        if not data:
            return
        with trio.move_on_after(self._limits.send_timeout) as scope:
            try:
                await self._stream.send_all(data)
            except (trio.BrokenResourceError, trio.ClosedResourceError) as error:
                raise _Gone from error
        if scope.cancelled_caught:
            raise _Gone

    async def _linger(self) -> None:
        with trio.move_on_after(_LINGER_SECONDS), suppress(trio.BrokenResourceError):
            if isinstance(self._stream, trio.abc.HalfCloseableStream):
                await self._stream.send_eof()
            discarded = 0
            while discarded < _LINGER_OCTETS:
                data = await self._stream.receive_some(_CHUNK)
                if not data:
                    return
                discarded += len(data)

    async def _hand_over(self, event: h11.Request, upgrade: Upgrade) -> None:
        """Give the connection away, with the request and all that was read after it replayed."""
        self._request_is_complete()
        lines = [b"%s %s HTTP/%s" % (event.method, event.target, event.http_version)]
        lines += [b"%s: %s" % (name, value) for name, value in event.headers.raw_items()]
        replay = b"\r\n".join([*lines, b"", b""]) + self._h11.trailing_data[0]
        await upgrade.run(ReplayedStream(self._stream, replay), self._closing)


def _path(event: h11.Request) -> str:
    """Return the target without its query, which may hold a key and has no place in a log."""
    return event.target.partition(b"?")[0].decode("latin-1")


def _malformed(error: h11.RemoteProtocolError | str) -> Problem:
    status = 400 if isinstance(error, str) else error.error_status_hint
    return Problem(
        status,
        "head_too_large" if status == 431 else "malformed_request",
        f"This is not a request that HTTP/1.1 allows: {error}",
        fix="Send a request as RFC 9112 describes it.",
    )


def _timed_out(detail: str) -> Problem:
    return Problem(408, "request_timeout", detail, fix="Send the request again, faster.")


def _too_large(limit: int) -> Problem:
    return Problem(
        413,
        "body_too_large",
        f"The body is larger than {limit} octets.",
        fix=f"Send at most {limit} octets.",
    )


def _wrong_host() -> Problem:
    return Problem(
        421,
        "wrong_host",
        "This server does not answer to the name in the Host header field.",
        fix="Use the address that the server printed, or add the name to its configuration.",
    )


def _internal_error() -> Problem:
    return Problem(
        500,
        "internal_error",
        "The server failed to answer this request.",
        fix="Look the request id up in the server's log.",
    )
