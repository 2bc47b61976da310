"""Clients that vanish: nothing half-stored, nothing held, and the next client is served."""

from __future__ import annotations

import socket
from collections.abc import Callable

import pytest

from .accounts import TIMEOUT, Account, Wire, until

Leave = Callable[[Wire], None]


def half_close(wire: Wire) -> None:
    """Say that nothing more will come, and wait for the server to end."""
    wire.sock.shutdown(socket.SHUT_WR)
    assert wire.ended()
    wire.close()


LEAVE = [Wire.close, Wire.reset, half_close]


@pytest.fixture(params=LEAVE, ids=["close", "reset", "half-close"])
def leave(request: pytest.FixtureRequest) -> Leave:
    """A way to go."""
    way: Leave = request.param
    return way


def test_more_hangups_than_connections_allowed(anna: Account, leave: Leave) -> None:
    anna.append("INBOX", b"Subject: x\r\n\r\n")
    for _ in range(12):
        wire = anna.raw_imap()
        wire.send(b"s SELECT INBOX\r\n")
        assert wire.until(b"s ").startswith(b"s OK")
        leave(wire)
        until(lambda: _login_possible(anna))


def _login_possible(account: Account) -> bool:
    wire = Wire.open(account.server.imap, account.server.tls)
    wire.send(f"l LOGIN {account.address} {account.key}\r\n".encode())
    answer = wire.until(b"l ")
    wire.close()
    return answer.startswith(b"l OK")


@pytest.mark.parametrize(
    "sent",
    [
        b"a APPEND INBOX {1000+}\r\nSubject: half\r\n\r\nHalf a mess",
        b"a APPEND INBOX {400000+}\r\nSubject: half\r\n\r\n" + b"x" * 390_000,
        b"a APPEND INBOX {20+}\r\nSubject: half\r\n\r\n12345"[:46],
        b"a APPEND INBOX {20+}\r\nSubject: half\r\n\r\n1234",
        b"a APPEND INBO",
        b"a APPEND {5+}\r\nINB",
    ],
    ids=["literal", "spooled-literal", "literal-end", "no-crlf", "name", "name-literal"],
)
def test_append_is_whole_or_not_at_all(anna: Account, leave: Leave, sent: bytes) -> None:
    wire = anna.raw_imap()
    wire.send(sent)
    leave(wire)
    anna.append("INBOX", b"Subject: whole\r\n\r\n")
    assert anna.bodies() == [b"Subject: whole\r\n\r\n"]


@pytest.mark.parametrize(
    "sent",
    [
        b"",
        b"Subject: half\r\n\r\nHalf a mess",
        b"Subject: half\r\n\r\n" + b"x" * 70 * 1000,
        b"Subject: half\r\n\r\nText\r\n.",
        b"Subject: half\r\n\r\nText\r\n.\r",
        b"Subject: half\r\n\r\nText\n.\n",
    ],
    ids=["nothing", "line", "spooled", "dot", "dot-cr", "bare-lf"],
)
def test_data_is_whole_or_not_at_all(anna: Account, leave: Leave, sent: bytes) -> None:
    wire = anna.raw_smtp()
    wire.send(f"MAIL FROM:<{anna.address}>\r\nRCPT TO:<{anna.address}>\r\nDATA\r\n".encode())
    assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
    wire.send(sent.replace(b"x" * 70, b"x" * 68 + b"\r\n"))
    leave(wire)
    anna.send(anna.address, "whole")
    (received,) = anna.bodies()
    assert b"Subject: whole\r\n" in received
    assert anna.count("Sent") == 1


def test_who_does_not_wait_for_the_answer_sends_once_at_most(anna: Account) -> None:
    for _ in range(5):
        wire = anna.raw_smtp()
        wire.send(f"MAIL FROM:<{anna.address}>\r\nRCPT TO:<{anna.address}>\r\nDATA\r\n".encode())
        assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
        wire.send(b"From: %s\r\n\r\nSent and gone\r\n.\r\n" % anna.address.encode())
        wire.reset()
    anna.send(anna.address, "last")
    assert 1 <= anna.count() <= 6
    assert anna.count("Sent") == anna.count()


def test_who_does_not_read_a_long_answer(anna: Account, leave: Leave) -> None:
    anna.append("INBOX", b"Subject: long\r\n\r\n" + b"x" * 4_000_000)
    wire = anna.raw_imap()
    wire.send(b"s SELECT INBOX\r\n")
    assert wire.until(b"s ").startswith(b"s OK")
    wire.send(b"f FETCH 1 BODY.PEEK[]\r\n")
    assert wire.line() == b"* 1 FETCH (BODY[] {4000017}\r\n"
    leave(wire)
    assert anna.count() == 1


def test_who_leaves_while_idling(anna: Account, leave: Leave) -> None:
    wire = anna.raw_imap()
    wire.send(b"s SELECT INBOX\r\n")
    assert wire.until(b"s ").startswith(b"s OK")
    wire.send(b"i IDLE\r\n")
    assert wire.line().startswith(b"+")
    leave(wire)
    anna.append("INBOX", b"Subject: x\r\n\r\n")
    assert anna.count() == 1


@pytest.mark.parametrize("door", ["imap", "smtp"])
@pytest.mark.parametrize(
    "sent", [b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\xff\xff\x01", b"\0" * 999]
)
def test_who_speaks_no_tls(anna: Account, leave: Leave, door: str, sent: bytes) -> None:
    address = {"imap": anna.server.imap, "smtp": anna.server.smtp}[door]
    wire = Wire(socket.create_connection(address, TIMEOUT))
    wire.send(sent)
    leave(wire)
    anna.send(anna.address, "served")
    assert anna.count() == 1


def test_a_stranger_vanishes_in_the_middle_of_a_message(anna: Account, leave: Leave) -> None:
    wire = Wire.open(anna.server.mx, None)
    assert wire.reply().startswith(b"220 ")
    assert wire.ask(b"EHLO client.example\r\n").startswith(b"250")
    wire.send(
        b"MAIL FROM:<someone@example.org>\r\nRCPT TO:<%s>\r\nDATA\r\n" % anna.address.encode()
    )
    assert [wire.reply()[:3] for _ in range(3)] == [b"250", b"250", b"354"]
    wire.send(b"Subject: half\r\n\r\nHalf a mess")
    leave(wire)
    anna.append("INBOX", b"Subject: whole\r\n\r\n")
    assert anna.bodies() == [b"Subject: whole\r\n\r\n"]
