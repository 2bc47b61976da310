"""Doors behind a proxy: whom they take for the peer, and what else a proxy can send."""

from __future__ import annotations

import logging
import ssl
from pathlib import Path
from typing import Any

import pytest
import trio

from mailcore.backend import Peer
from mailcore.net import Door, bind_unix, session_door
from mailcore.proxy_protocol import SIGNATURE

from .conftest import Client, LineServer, LineSession

LOOPBACK = ("127.0.0.0/8",)
HEADER = b"PROXY TCP4 192.0.2.%d 198.51.100.1 56324 993\r\n"


async def connect(server: LineServer, *first: bytes) -> Client:
    client = await server.connect()
    for piece in first:
        await client.send(piece)
    return client


def secured(client: Client, tls: ssl.SSLContext) -> Client:
    return Client(trio.SSLStream(client.stream, tls, server_hostname="127.0.0.1"))


async def test_the_client_is_the_one_that_the_proxy_names(
    start: Any, client_tls: ssl.SSLContext, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "mailcore.net")
    server = await start("implicit", proxies=LOOPBACK)
    client = secured(await connect(server, HEADER % 9), client_tls)
    await client.until(b"hello\r\n")
    (session,) = server.sessions
    assert (session.peer.host, session.peer.port, session.peer.tls) == ("192.0.2.9", 56324, True)
    assert session.peer.proxy.destination.port == 993
    assert "speaks for 192.0.2.9:56324" in caplog.text
    assert " 192.0.2.9:56324 connected" in caplog.text


async def test_a_header_in_crumbs_and_what_follows_at_once(start: Any) -> None:
    server = await start(proxies=LOOPBACK)
    header = SIGNATURE + b"\x21\x11\0\x0f" + bytes([192, 0, 2, 9, 127, 0, 0, 1, 1, 0, 0, 1])
    header += b"\x04\0\0"
    crumbs = [header[position : position + 1] for position in range(len(header))]
    for first in ([*crumbs, b"quit\n"], [header + b"quit\n"]):
        client = await connect(server, *first)
        assert await client.rest() == b"hello\r\nbye\r\n"
        assert server.sessions[-1].peer == Peer("imap", "192.0.2.9", 256)


async def test_tls_that_ended_at_the_proxy_counts_as_tls(start: Any) -> None:
    server = await start(proxies=LOOPBACK)
    addresses = bytes([192, 0, 2, 9, 127, 0, 0, 1, 1, 0, 0, 1])
    client = await connect(
        server, SIGNATURE + b"\x21\x11\0\x14" + addresses + b"\x20\0\5\1" + bytes(4)
    )
    await client.until(b"hello\r\n")
    assert server.sessions[-1].peer == Peer("imap", "192.0.2.9", 256, tls=True)


@pytest.mark.parametrize("header", [b"PROXY UNKNOWN\r\n", SIGNATURE + b"\x20\0\0\0"])
async def test_a_proxy_that_speaks_for_itself_is_the_peer(start: Any, header: bytes) -> None:
    server = await start(proxies=LOOPBACK)
    await (await connect(server, header)).until(b"hello\r\n")
    assert server.sessions[-1].peer.host == "127.0.0.1"


async def test_nobody_else_may_say_who_they_are(start: Any) -> None:
    server = await start(proxies=("192.0.2.0/24", "unix"))
    client = await connect(server, HEADER % 9)
    heard = await client.until(b"993\r\n")
    assert heard == b"hello\r\n" + HEADER % 9  # this session answers any line with itself
    assert server.sessions[-1].peer.host == "127.0.0.1"


@pytest.mark.parametrize("first", [b"a LOGIN anna word\r\n", b"\x16\x03\x01\x02\0", b"PROXY X\r\n"])
async def test_a_proxy_without_a_header_is_dropped_without_a_word(
    start: Any, first: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start(proxies=LOOPBACK)
    client = await connect(server, first)
    with pytest.raises((trio.BrokenResourceError, AssertionError)):
        await client.until(b"x")
    assert server.sessions == []
    assert "no PROXY protocol header" in caplog.text


async def test_half_a_header_is_not_waited_for_forever(
    start: Any, caplog: pytest.LogCaptureFixture
) -> None:
    server = await start(proxies=LOOPBACK, proxy_header_timeout=0.1)
    assert await (await connect(server, b"PROXY TCP4 192.0")).rest() == b""
    assert "it did not come in time" in caplog.text
    client = await connect(server, b"PROXY TCP4 192.0")
    await client.stream.send_eof()
    assert await client.rest() == b""
    assert "ended within it" in caplog.text
    assert server.sessions == []


async def test_connections_are_counted_by_client_and_not_by_proxy(start: Any) -> None:
    server = await start(proxies=LOOPBACK, connections_per_peer=1)
    for last in (1, 2, 3):
        await (await connect(server, HEADER % last)).until(b"hello\r\n")
    assert (await (await connect(server, HEADER % 2)).rest()).startswith(b"* BYE ")


async def test_those_without_a_header_yet_count_towards_the_total(start: Any) -> None:
    server = await start(proxies=LOOPBACK, connections=2)
    silent = [await connect(server) for _ in range(2)]
    assert await (await connect(server)).rest() == b""
    await silent[0].send(HEADER % 1)
    await silent[0].until(b"hello\r\n")


async def test_a_unix_socket_behind_a_proxy(nursery: trio.Nursery, tmp_path: Path) -> None:
    sessions: list[LineSession] = []

    def new_session(peer: Peer) -> LineSession:
        sessions.append(LineSession(peer))
        return sessions[-1]

    listener = bind_unix(tmp_path / "door")
    door: Door = await nursery.start(
        session_door("lmtp", [listener], new_session, proxies=("unix",)).run
    )
    path, _ = door.addresses[0]
    async with await trio.open_unix_socket(path) as stream:
        client = Client(stream)
        await client.send(HEADER % 9)
        await client.until(b"hello\r\n")
    assert sessions[0].peer.host == "192.0.2.9"
