"""What large messages cost AgentPost while it takes and keeps them."""

from __future__ import annotations

import gc
import tracemalloc
from collections.abc import Iterator
from pathlib import Path

import pytest
import trio

from mailcore.limits import MIB
from mailcore.spool import CHUNK

from .site import Site, SMTPClient, opening

LINES = (b"x-h: " + b"y" * 57 + b"\r\n") * (CHUNK // 64)


def message(sender: str, number: int, size: int, blank: bytes) -> Iterator[bytes]:
    yield f"From: {sender}\r\nMessage-ID: <{number}@big.example>\r\n".encode() + blank
    for _ in range(size // CHUNK):
        yield LINES
    yield b".\r\n"


async def feed(client: SMTPClient, pieces: Iterator[bytes], replies: list[bytes]) -> None:
    for piece in pieces:
        reply = await client.exchange(piece)
        await trio.lowlevel.checkpoint()
    replies.append(reply)


async def store(site: Site, clients: list[SMTPClient], size: int, blank: bytes) -> list[bytes]:
    """Send a message by each client at a time; return the replies."""
    replies: list[bytes] = []
    async with trio.open_nursery() as nursery:
        for number, client in enumerate(clients):
            assert not await client.envelope(site.inbox.address, site.inbox.address)
            await client.say("DATA")
            sent = message(site.inbox.address, number, size, blank)
            nursery.start_soon(feed, client, sent, replies)
    return replies


@pytest.mark.parametrize("messages", [1, 16])
@pytest.mark.parametrize("door", ["mx", "submission"])
async def test_a_message_of_50_mib_costs_less_than_2(
    tmp_path: Path, door: str, messages: int
) -> None:
    # Sixteen of 50 MiB each would show no more than sixteen that are a tenth of that.
    size = 49 * MIB if messages == 1 else 5 * MIB
    async with opening(tmp_path) as site:
        clients = [
            await (site.stranger() if door == "mx" else site.smtp()) for _ in range(messages)
        ]
        gc.collect()
        tracemalloc.start()
        try:
            replies = await store(site, clients, size, b"\r\n")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert [reply[:3] for reply in replies] == [b"250"] * messages
        sizes = site.query("SELECT size FROM bodies")
        assert len(sizes) == (messages if door == "mx" else 2 * messages)
        assert min(sizes) > size
        assert peak < 2 * MIB * messages, peak


async def test_a_message_that_is_all_header_costs_no_more_than_a_header_may(tmp_path: Path) -> None:
    async with opening(tmp_path) as site:
        client = await site.stranger()
        tracemalloc.start()
        try:
            (reply,) = await store(site, [client], 20 * MIB, b"")
            peak = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
        assert reply.startswith(b"250")
        assert peak < 15 * MIB, peak
        # A Bcc that nobody has looked at must not be sent on.
        client = await site.smtp()
        (reply,) = await store(site, [client], 2 * MIB, b"")
        assert reply.startswith(b"552 5.3.4 A header has fewer")
        assert site.query("SELECT count(*) FROM sends") == [0]
