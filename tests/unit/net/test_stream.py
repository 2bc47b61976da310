"""Cancellation in the middle of things loses nothing, on either loop."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import trio

from mailcore.net.asyncio_loop import ASYNCIO
from mailcore.net.loop import Loop
from mailcore.net.stream import Stream
from mailcore.net.trio_loop import TRIO
from mailcore.serve.certificates import CertificateFiles

MESSAGE = bytes(range(256)) * 4096


def _run_on_trio(main: Callable[[], Awaitable[None]]) -> None:
    trio.run(main)


def _run_on_asyncio(main: Callable[[], Any]) -> None:
    asyncio.run(main())


@pytest.fixture(params=[(TRIO, _run_on_trio), (ASYNCIO, _run_on_asyncio)], ids=["trio", "asyncio"])
def run(
    request: pytest.FixtureRequest, certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> Any:
    """Run the server's end with the client's end in a thread."""
    loop, run_on_loop = request.param

    def run(
        server: Callable[[Stream, Loop], Awaitable[None]], client: Callable[[ssl.SSLSocket], None]
    ) -> None:
        ours, theirs = socket.socketpair()

        def talk() -> None:
            with client_tls.wrap_socket(theirs, server_hostname="localhost") as tls:
                client(tls)

        async def main() -> None:
            stream = Stream(loop.wrap(ours), loop)
            await stream.start_tls(certificate.context())
            await server(stream, loop)
            await stream.aclose()

        thread = threading.Thread(target=talk)
        thread.start()
        run_on_loop(main)
        thread.join()

    return run


def test_a_cancelled_receive_loses_nothing(run: Any) -> None:
    received = bytearray()
    cancelled = threading.Event()

    def send(client: ssl.SSLSocket) -> None:
        for start in range(0, len(MESSAGE), 10_000):
            cancelled.clear()
            client.sendall(MESSAGE[start : start + 10_000])
            assert cancelled.wait(5)

    async def receive(stream: Stream, loop: Loop) -> None:
        while len(received) < len(MESSAGE):
            with loop.scope(loop.current_time() + 0.0002) as scope:
                received.extend(await stream.receive())
            if scope.cancelled_caught:
                cancelled.set()
        cancelled.set()

    run(receive, send)
    assert received == MESSAGE


def test_large_octets_arrive_in_order(run: Any) -> None:
    received = bytearray()

    def receive(client: ssl.SSLSocket) -> None:
        while data := client.recv(1 << 16):
            received.extend(data)

    async def send(stream: Stream, loop: Loop) -> None:
        await stream.send(MESSAGE * 5)

    run(send, receive)
    assert received == MESSAGE * 5


def test_a_cancelled_send_goes_on_where_it_was(run: Any) -> None:
    received = bytearray()
    go_on = threading.Event()

    def receive(client: ssl.SSLSocket) -> None:
        assert go_on.wait(5)
        while data := client.recv(1 << 16):
            received.extend(data)

    async def send(stream: Stream, loop: Loop) -> None:
        with loop.scope(loop.current_time() + 0.05) as scope:
            await stream.send(MESSAGE[: 1 << 16])
            await stream.send(MESSAGE[1 << 16 :])
        assert scope.cancelled_caught
        go_on.set()
        await stream.send(b"the end")

    run(send, receive)
    assert received.endswith(b"the end")
    assert MESSAGE.startswith(received.removesuffix(b"the end"))


def test_the_end_of_tls_is_the_end_of_the_stream(run: Any) -> None:
    async def receive(stream: Stream, loop: Loop) -> None:
        assert await stream.receive() == b""
        assert await stream.receive() == b""

    run(receive, lambda client: client.unwrap())
