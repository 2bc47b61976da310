"""IMAP, SMTP and LMTP in an asyncio program, by the clients of the standard library."""

from __future__ import annotations

import asyncio
import imaplib
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest

from mailcore.live import LiveSessions
from mailcore.net import Admission, imap_door, smtp_door
from mailcore.net.asyncio import (
    bind,
    bind_unix,
    serve_imap,
    serve_mx,
    serve_smtp,
    serving,
)
from mailcore.net.asyncio_loop import AsyncioScope
from mailcore.serve.certificates import CertificateFiles
from mailcore.testing import MemoryBackend

USERS = {"anna@example.org": "word"}
MAIL = "From: x@example.com\r\nTo: anna@example.org\r\nSubject: y\r\n\r\nHo\r\n"


def run(main: Callable[[], Any]) -> None:
    """Run it with a warning for whatever blocks the loop or is not awaited."""
    asyncio.run(asyncio.wait_for(main(), 30), debug=True)


def bring(client: smtplib.SMTP) -> None:
    client.sendmail("x@example.com", "anna@example.org", MAIL)


def deliver(address: tuple[str, int]) -> None:
    with smtplib.SMTP(*address, timeout=5) as client:
        bring(client)


async def in_thread(function: Callable[..., Any], *args: Any) -> Any:
    return await asyncio.to_thread(function, *args)


def test_importing_it_loads_no_trio() -> None:
    program = "import sys, mailcore.net.asyncio; sys.exit('trio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_every_door(certificate: CertificateFiles, client_tls: ssl.SSLContext) -> None:
    def talk(imap: Any, submission: Any, mx: Any, lmtp: Any) -> None:
        with smtplib.SMTP_SSL(*submission, context=client_tls, timeout=5) as client:
            client.login("anna@example.org", "word")
            client.sendmail("anna@example.org", "anna@example.org", MAIL)
        with smtplib.SMTP(*mx, timeout=5) as client:
            client.starttls(context=client_tls)
            bring(client)
        with smtplib.LMTP(*lmtp) as client:
            bring(client)
        with imaplib.IMAP4_SSL(*imap, ssl_context=client_tls, timeout=5) as reader:
            reader.login("anna@example.org", "word")
            assert reader.select() == ("OK", [b"3"])
            assert reader.fetch("3", "BODY[TEXT]")[1][0][1] == b"Ho\r\n"

    async def main() -> None:
        backend, tls, live = MemoryBackend(USERS), certificate.context(), LiveSessions()
        async with (
            serve_imap(backend, tls=tls, live=live) as imap,
            serve_smtp(backend, tls=lambda: tls, live=live) as submission,
            serve_mx(backend, starttls=tls, live=live) as mx,
            serve_mx(backend, lmtp=True, live=live) as lmtp,
        ):
            doors = [door.addresses[0] for door in (imap, submission, mx, lmtp)]
            await in_thread(talk, *doors)
        assert {one.door for one in live.ended()} == {"imap", "submission", "mx", "lmtp"}
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(doors[0], 1)

    run(main)


def test_imap_starttls(certificate: CertificateFiles, client_tls: ssl.SSLContext) -> None:
    def talk(address: tuple[str, int]) -> None:
        with imaplib.IMAP4(*address, timeout=5) as client:
            assert "LOGINDISABLED" in client.capabilities
            client.starttls(client_tls)
            client.login("anna@example.org", "word")
            assert "IDLE" not in client.capabilities

    async def main() -> None:
        upgrade = certificate.context()
        async with serve_imap(
            MemoryBackend(USERS), tls=None, starttls=upgrade, disabled=["IDLE"]
        ) as door:
            await in_thread(talk, door.addresses[0])

    run(main)


def test_octets_behind_starttls_end_the_connection(certificate: CertificateFiles) -> None:
    def talk(address: tuple[str, int]) -> bytes:
        with socket.create_connection(address, 5) as client:
            client.recv(1000)
            client.sendall(b"a STARTTLS\r\nb NOOP\r\n")
            heard = b""
            while data := client.recv(1000):
                heard += data
            return heard

    async def main() -> None:
        upgrade = certificate.context()
        async with serve_imap(MemoryBackend(USERS), tls=None, starttls=upgrade) as door:
            heard = await in_thread(talk, door.addresses[0])
        assert heard == b"* BYE Plaintext behind STARTTLS\r\n"

    run(main)


def test_news_reach_an_idle_client_and_the_end_of_the_block_says_goodbye(
    certificate: CertificateFiles, client_tls: ssl.SSLContext
) -> None:
    async def main() -> None:
        backend = MemoryBackend(USERS)
        async with (
            serve_mx(backend) as mx,
            serve_imap(backend, tls=certificate.context()) as imap,
        ):
            reader, writer = await asyncio.open_connection(*imap.addresses[0], ssl=client_tls)
            writer.write(b"a LOGIN anna@example.org word\r\nb SELECT INBOX\r\nc IDLE\r\n")
            await reader.readuntil(b"+ ")
            await in_thread(deliver, mx.addresses[0])
            assert await reader.readuntil(b"EXISTS\r\n")
        assert (await reader.read()).endswith(b"* BYE Server shutting down\r\n")
        writer.close()

    run(main)


def test_doors_share_their_limits() -> None:
    async def main() -> None:
        from mailcore.limits import Limits

        backend, admission = MemoryBackend(USERS), Admission(Limits(connections_per_peer=1))
        async with AsyncExitStack() as stack:
            doors = [
                imap_door(backend, await bind("127.0.0.1", 0), tls=None, admission=admission),
                smtp_door(
                    backend,
                    await bind("127.0.0.1", 0),
                    mode="mx",
                    hostname="localhost",
                    admission=admission,
                ),
            ]
            for door in doors:
                await stack.enter_async_context(serving(door, grace=1))
            reader, writer = await asyncio.open_connection(*doors[0].addresses[0])
            assert (await reader.readline()).startswith(b"* OK")
            other, other_writer = await asyncio.open_connection(*doors[1].addresses[0])
            assert (await other.read()).startswith(b"421 ")
            for one in (writer, other_writer):
                one.close()

    run(main)


def test_lmtp_on_a_unix_socket(tmp_path: Path) -> None:
    def talk() -> None:
        with smtplib.LMTP(str(tmp_path / "lmtp")) as client:
            bring(client)

    async def main() -> None:
        backend = MemoryBackend(USERS)
        listeners = [bind_unix(tmp_path / "lmtp")]
        door = smtp_door(backend, listeners, mode="lmtp", hostname="localhost")
        async with serving(door):
            await in_thread(talk)
        assert not (tmp_path / "lmtp").exists()
        assert len(backend.users["anna@example.org"].inbox.messages) == 1

    run(main)


def test_a_taken_port_is_an_error() -> None:
    async def main() -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            door = serve_imap(MemoryBackend({}), tls=None, port=port)
            with pytest.raises(OSError, match="in use"):
                await door.__aenter__()

    run(main)


def test_a_block_that_is_cancelled_ends_its_connections() -> None:
    async def main() -> None:
        opened: asyncio.Future[Any] = asyncio.get_running_loop().create_future()

        async def serve() -> None:
            async with serve_imap(MemoryBackend(USERS), tls=None, grace=1) as door:
                opened.set_result(door)
                await asyncio.Event().wait()

        task = asyncio.create_task(serve())
        reader, writer = await asyncio.open_connection(*(await opened).addresses[0])
        await reader.readline()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert (await reader.read()).startswith(b"* BYE ")
        writer.close()

    run(main)


async def _cancelled_before() -> None:
    scope = AsyncioScope()
    scope.cancel()
    with scope:
        await asyncio.sleep(10)
    assert scope.cancelled_caught


async def _cancelled_at_the_deadline() -> None:
    with AsyncioScope(asyncio.get_running_loop().time() + 0.01) as scope:
        await asyncio.sleep(10)
    assert scope.cancelled_caught
    await asyncio.sleep(0)  # and nothing is left of it


async def _cancelled_at_another_deadline() -> None:
    loop = asyncio.get_running_loop()
    with AsyncioScope(loop.time() + 10) as scope:
        scope.deadline = loop.time() + 0.01
        await asyncio.sleep(10)
    assert scope.cancelled_caught


async def _not_cancelled() -> None:
    with AsyncioScope(asyncio.get_running_loop().time() + 0.01) as scope:
        await asyncio.sleep(0)
    assert not scope.cancelled_caught
    await asyncio.sleep(0.02)


async def _inner_one_only() -> None:
    with AsyncioScope() as outer:
        with AsyncioScope(asyncio.get_running_loop().time() + 0.01) as inner:
            await asyncio.sleep(10)
        assert inner.cancelled_caught
        await asyncio.sleep(0)
    assert not outer.cancelled_caught


async def _both() -> None:
    with AsyncioScope() as outer:
        with AsyncioScope() as inner:
            asyncio.get_running_loop().call_soon(inner.cancel)
            asyncio.get_running_loop().call_soon(outer.cancel)
            await asyncio.sleep(10)
        pytest.fail("the outer scope ends this, too")
    assert outer.cancelled_caught
    assert not inner.cancelled_caught


async def _another_error() -> None:
    async def fail() -> None:
        with AsyncioScope() as scope:
            asyncio.get_running_loop().call_soon(scope.cancel)
            try:
                await asyncio.sleep(10)
            finally:
                raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()
    await asyncio.sleep(0)


@pytest.mark.parametrize(
    "main",
    [
        _cancelled_before,
        _cancelled_at_the_deadline,
        _cancelled_at_another_deadline,
        _not_cancelled,
        _inner_one_only,
        _both,
        _another_error,
    ],
)
def test_scopes_cancel_their_block_and_nothing_else(main: Callable[[], Awaitable[None]]) -> None:
    run(main)
