"""Cancellation in the middle of things loses nothing."""

from __future__ import annotations

import ssl
from typing import Any

import trio

from mailcore.net.stream import Stream
from mailcore.serve.certificates import CertificateFiles


async def _pair(certificate: CertificateFiles, client: ssl.SSLContext) -> Any:
    left, right = trio.socket.socketpair()
    server_end = Stream(left)
    client_end = trio.SSLStream(trio.SocketStream(right), client, server_hostname="localhost")
    async with trio.open_nursery() as nursery:
        nursery.start_soon(server_end.start_tls, certificate.context())
        nursery.start_soon(client_end.do_handshake)
    return server_end, client_end


async def test_a_cancelled_receive_loses_nothing(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    server_end, client_end = await _pair(certificate, client_tls)
    message = bytes(range(256)) * 4096
    received = bytearray()

    async def send() -> None:
        for start in range(0, len(message), 10_000):
            await client_end.send_all(message[start : start + 10_000])
            await trio.sleep(0.0005)

    with trio.fail_after(20):
        async with trio.open_nursery() as nursery:
            nursery.start_soon(send)
            while len(received) < len(message):
                with trio.move_on_after(0.0007):
                    received += await server_end.receive()
    assert received == message


async def test_large_octets_arrive_in_order(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    server_end, client_end = await _pair(certificate, client_tls)
    message = bytes(range(256)) * 20_000
    received = bytearray()

    async with trio.open_nursery() as nursery:
        nursery.start_soon(server_end.send, message)
        while len(received) < len(message):
            received += await client_end.receive_some()
    assert received == message


async def test_the_end_of_tls_is_the_end_of_the_stream(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    server_end, client_end = await _pair(certificate, client_tls)
    async with trio.open_nursery() as nursery:
        nursery.start_soon(client_end.aclose)
        assert await server_end.receive() == b""
        assert await server_end.receive() == b""
        await server_end.aclose()
