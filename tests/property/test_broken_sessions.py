"""Our clients over real sockets, against servers in which something breaks."""

from __future__ import annotations

import smtplib
from functools import partial

import pytest
import trio
from hypothesis import given, settings

from mailcore.errors import ProtocolError
from mailcore.imap import searchkeys
from mailcore.net import ImapError, SendError, Where, connect_imap, send_mail
from mailcore.testing.misbehaving import BREAKAGES, BrokenSession
from mailcore.testing.strategies.sessions import sessions

SEEN = searchkeys.HasFlag("\\Seen")


async def read_mail(session: BrokenSession) -> None:
    with session.serving() as (host, port):
        async with connect_imap(host, port, security="plain", timeout=5) as client:
            await client.login("anna", "secret")
            await client.select("INBOX")
            async for _ in client.fetch(await client.search(SEEN)):
                pass


async def bring_mail(session: BrokenSession) -> None:
    with session.serving() as (host, port):
        await send_mail(
            b"Subject: x\r\n\r\nHi\r\n",
            sender="anna@example.test",
            recipients=["bert@example.test"],
            to=Where(host, port, tls="none"),
        )


def documented(error: BaseException) -> bool:
    if isinstance(error, BaseExceptionGroup):
        return all(map(documented, error.exceptions))
    return isinstance(error, ImapError | SendError | ProtocolError | OSError)


@settings(max_examples=40, deadline=None)
@given(sessions("imap"))
def test_the_imap_client_raises_what_it_says(session: BrokenSession) -> None:
    try:
        trio.run(read_mail, session)
    except BaseException as error:
        if not documented(error):
            raise


@settings(max_examples=40, deadline=None)
@given(sessions("smtp"))
def test_the_smtp_client_raises_what_it_says(session: BrokenSession) -> None:
    try:
        trio.run(bring_mail, session)
    except BaseException as error:
        if not documented(error):
            raise


def test_where_nothing_breaks_all_is_well() -> None:
    trio.run(read_mail, BrokenSession("imap"))
    trio.run(bring_mail, BrokenSession("smtp"))


@pytest.mark.parametrize("breakage", BREAKAGES)
def test_every_breakage_can_be_seen(breakage: str) -> None:
    """What comes is not what would have come."""
    import socket

    def heard(session: BrokenSession) -> bytes:
        with session.serving() as address, socket.create_connection(address, 5) as client:
            client.recv(100)
            client.sendall(b"a SELECT x\r\n")
            client.shutdown(socket.SHUT_WR)
            data = b""
            while piece := client.recv(1 << 16):
                data += piece
            return data

    plan = partial(BrokenSession, "imap", at=1, noise=b"noise")
    assert heard(plan(breakage)) != heard(plan(None))


def test_smtplib_meets_a_server_that_hangs_up() -> None:
    with BrokenSession("smtp", "goodbye", at=2).serving() as address:
        client = smtplib.SMTP(*address, timeout=5)
        client.ehlo()
        assert client.mail("a@b.example")[0] == 421
        client.close()
