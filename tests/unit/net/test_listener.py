"""Doors: addresses, limits, drain."""

from __future__ import annotations

import errno
import socket
import ssl
from pathlib import Path
from typing import Any

import pytest
import trio

from mailcore.limits import Limits
from mailcore.net import Admission, bind, bind_unix
from mailcore.net.binding import addresses, close


async def test_a_name_with_two_addresses_gets_one_port() -> None:
    listeners = await bind("localhost", 0)
    try:
        assert len({port for _, port in addresses(listeners)}) == 1
    finally:
        close(listeners)


async def test_a_taken_port_is_an_error() -> None:
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(OSError, match="in use") as caught,
    ):
        await bind("127.0.0.1", taken.getsockname()[1])
    assert caught.value.errno == errno.EADDRINUSE


@pytest.mark.parametrize("tls", [None, "implicit"])
async def test_over_the_limit_of_a_peer_there_is_a_word_and_an_end(
    start: Any, client_tls: ssl.SSLContext, tls: str | None
) -> None:
    server = await start(tls, connections_per_peer=2)
    context = client_tls if tls else None
    clients = [await server.connect(context) for _ in range(2)]
    for client in clients:
        await client.until(b"hello\r\n")
    third = await server.connect(context)
    assert (await third.rest()).startswith(b"* BYE ")
    await clients[0].send(b"quit\n")
    await clients[0].rest()
    await clients[0].stream.aclose()
    await trio.sleep(0.05)
    fourth = await server.connect(context)
    await fourth.until(b"hello\r\n")


def test_the_total_is_limited_too() -> None:
    admission = Admission(Limits(connections=1))
    with admission.enter("192.0.2.1") as first:
        assert first
        with admission.enter("192.0.2.2") as second:
            assert not second
    with admission.enter("192.0.2.2") as third:
        assert third


def test_an_ipv6_network_counts_as_one_peer() -> None:
    admission = Admission(Limits(connections_per_peer=1))
    with admission.enter("2001:db8::1"), admission.enter("2001:db8::2") as neighbour:
        assert not neighbour
        with admission.enter("2001:db8:0:1::1") as stranger:
            assert stranger


async def test_a_drain_says_goodbye_and_waits(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")

    async with trio.open_nursery() as nursery:
        nursery.start_soon(server.drain, "maintenance", 5)
        assert await client.rest() == b"bye maintenance\r\n"
        await client.stream.aclose()
        with trio.fail_after(2):
            while not server.sessions[0].closed:
                await trio.sleep(0.01)
    with pytest.raises(OSError, match="connect"):
        await trio.open_tcp_stream(*server.door.addresses[0])


async def test_a_drain_cuts_off_who_does_not_go(start: Any) -> None:
    server = await start()
    client = await server.connect()
    await client.until(b"hello\r\n")
    await client.send(b"flood\n")
    await client.until(b"\0")
    with trio.fail_after(3):
        await server.drain("maintenance", 0.1)
        while not server.sessions[0].closed:
            await trio.sleep(0.01)


async def test_running_out_of_file_descriptors_passes(
    start: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    import resource

    server = await start()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    waiting = socket.socket()
    waiting.setblocking(False)
    spare = socket.socket()
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (spare.fileno(), hard))
        waiting.connect_ex(server.door.addresses[0])
        await trio.sleep(0.25)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        spare.close()
    assert "trying again" in caplog.text
    await trio.sleep(0.2)
    assert waiting.recv(100) == b"hello\r\n"
    waiting.close()


async def test_a_unix_socket_replaces_what_a_crash_left(tmp_path: Path) -> None:
    path = tmp_path / "lmtp"
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(path))
    left.close()
    listener = bind_unix(path, 0o600)
    assert path.stat().st_mode & 0o777 == 0o600
    assert addresses([listener]) == [(str(path), 0)]
    with pytest.raises(OSError, match="in use"):
        bind_unix(path)
    close([listener])
    close([listener])
    assert not path.exists()


async def test_a_file_is_never_replaced_by_a_socket(tmp_path: Path) -> None:
    path = tmp_path / "mail"
    path.write_text("mine")
    with pytest.raises(OSError, match="in use"):
        bind_unix(path)
    assert path.read_text() == "mine"
