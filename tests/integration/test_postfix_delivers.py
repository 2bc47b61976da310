"""Postfix sends to our MX and to our LMTP, as it would in front of us."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from . import postfix
from .accounts import TIMEOUT, Account, until
from .postfix import Postfix
from .program import Server, launch

MAIL = b"From: <x@example.org>\r\nSubject: by Postfix\r\n\r\n.\r\nHello\r\n"
# Which way a message takes, by its sender.
WAYS = {"mx": "ESMTPS", "lmtp-tcp": "LMTP", "lmtp-unix": "LMTP"}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with an LMTP socket in a directory that Postfix's daemons can reach."""
    postfix.need(postfix.missing() is None, postfix.missing() or "")
    directory = Path(tempfile.mkdtemp(prefix="behind-postfix-"))
    directory.chmod(0o755)
    server = launch(
        *("--data", directory / "data", "--lmtp-port", "0", "--lmtp-socket", directory / "lmtp"),
        MAILCORE_LMTP_SOCKET_MODE="666",
        MAILCORE_LMTP_TRUSTED="127.0.0.1",
    )
    try:
        yield server
        assert server.stop() == 0
    finally:
        server.kill()
        shutil.rmtree(directory)


@pytest.fixture(scope="module")
def sender(server: Server) -> Iterator[Postfix]:
    ways = {
        "mx": "smtp:[{}]:{}".format(*server.mx),
        "lmtp-tcp": "lmtp:inet:{host}:{port}".format(**server.ready["lmtp"]),
        "lmtp-unix": f"lmtp:unix:{Path(server.authority).parent.parent / 'lmtp'}",
    }
    table = ", ".join(f"{{ {way}@example.org = {transport} }}" for way, transport in ways.items())
    with postfix.running(
        {
            "sender_dependent_default_transport_maps": f"inline:{{ {table} }}",
            "smtp_tls_security_level": "encrypt",
            "smtp_tls_loglevel": "1",
            "lmtp_tls_security_level": "none",
            "lmtp_send_xforward_command": "yes",
        }
    ) as running:
        yield running


@pytest.fixture
def new_account(server: Server) -> Callable[[str], Account]:
    def make(name: str) -> Account:
        return Account(server, server.new_inbox(name), server.key)

    return make


@pytest.mark.parametrize("way", WAYS)
def test_postfix_delivers(sender: Postfix, anna: Account, bert: Account, way: str) -> None:
    sender.submit(f"{way}@example.org", [anna.address, bert.address], MAIL)
    for account in (anna, bert):
        until(lambda account=account: account.count() == 1, TIMEOUT)
        (received,) = account.bodies()
        assert received.endswith(b"\r\n\r\n.\r\nHello\r\n")
        assert f"with {WAYS[way]}".encode() in received.replace(b"\r\n\t", b" ")
        assert received.startswith(f"Return-Path: <{way}@example.org>\r\n".encode())


def test_the_mx_is_reached_with_tls(sender: Postfix, anna: Account) -> None:
    sender.submit("mx@example.org", [anna.address], MAIL)
    until(lambda: anna.count() == 1, TIMEOUT)
    assert "TLS connection established to 127.0.0.1" in sender.log()


def test_postfix_is_told_of_each_recipient(sender: Postfix, anna: Account) -> None:
    """Who is unknown comes back to the sender; the other gets the message all the same."""
    for number, way in enumerate(WAYS):
        nobody = f"nobody-{way}@shared.localhost"
        sender.submit(f"{way}@example.org", [anna.address, nobody], MAIL)
        until(lambda number=number: anna.count() == number + 1, TIMEOUT)
        sender.until_logged(f"to=<{nobody}>")
        line = next(line for line in sender.log().splitlines() if f"to=<{nobody}>" in line)
        assert "dsn=5.1.1, status=bounced" in line


def test_addresses_in_utf8(sender: Postfix, anna: Account) -> None:
    mail = "Subject: Grüße\r\n\r\nHallo\r\n".encode()
    sender.submit("mx@example.org", [anna.address], mail, "SMTPUTF8", "BODY=8BITMIME")
    until(lambda: anna.count() == 1, TIMEOUT)
    assert mail.splitlines()[0] in anna.bodies()[0]


def test_a_large_message(sender: Postfix, anna: Account) -> None:
    lines = b"0123456789abcdef" * 4 + b"\r\n"
    mail = b"Subject: large\r\n\r\n" + lines * (3 * 1024 * 1024 // len(lines))
    sender.submit("lmtp-unix@example.org", [anna.address], mail)
    until(lambda: anna.count() == 1, TIMEOUT)
    assert anna.bodies()[0].endswith(lines * 1000)
    assert len(anna.bodies()[0]) > len(mail)
