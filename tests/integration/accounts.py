"""What tests do to one inbox through the standard library's clients."""

from __future__ import annotations

import base64
import imaplib
import os
import re
import smtplib
import socket
import ssl
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from email.message import EmailMessage

import pytest

from .program import Server

TIMEOUT = 20.0


def need(found: object, what: str) -> None:
    """Skip a test whose client is missing, or fail it where all are wanted."""
    if not found and os.environ.get("MAILCORE_REQUIRE_CLIENTS"):
        pytest.fail(f"{what} is missing")
    if not found:
        pytest.skip(f"{what} is missing")


def until(true: Callable[[], object], seconds: float = 5.0) -> None:
    """Wait until something becomes true, and fail if it does not."""
    deadline = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def new_mail(sender: str, recipient: str, subject: str, text: str = "Hello\n") -> EmailMessage:
    """Make a message."""
    message = EmailMessage()
    message["From"] = sender
    message["To"] = recipient
    message["Subject"] = subject
    message.set_content(text)
    return message


@dataclass(frozen=True)
class Account:
    """An inbox and what opens it."""

    server: Server
    address: str
    key: str

    def imap(self, mailbox: str | None = None) -> imaplib.IMAP4_SSL:
        """Log in, and select a mailbox if one is named."""
        client = imaplib.IMAP4_SSL(*self.server.imap, ssl_context=self.server.tls, timeout=TIMEOUT)
        client.login(self.address, self.key)
        if mailbox is not None:
            status, answer = client.select(mailbox)
            assert status == "OK", answer
        return client

    def smtp(self) -> smtplib.SMTP_SSL:
        """Log in."""
        client = smtplib.SMTP_SSL(*self.server.smtp, context=self.server.tls, timeout=TIMEOUT)
        client.login(self.address, self.key)
        return client

    def raw_imap(self) -> Wire:
        """Log in over a bare TLS connection."""
        wire = Wire.open(self.server.imap, self.server.tls)
        assert wire.line().startswith(b"* OK")
        wire.send(f"l LOGIN {self.address} {self.key}\r\n".encode())
        answer = wire.until(b"l ")
        assert answer.startswith(b"l OK"), answer
        return wire

    def raw_smtp(self) -> Wire:
        """Log in over a bare TLS connection."""
        wire = Wire.open(self.server.smtp, self.server.tls)
        assert wire.reply().startswith(b"220 ")
        assert wire.ask(b"EHLO client.example\r\n").startswith(b"250")
        login = base64.b64encode(f"\0{self.address}\0{self.key}".encode())
        assert wire.ask(b"AUTH PLAIN " + login + b"\r\n").startswith(b"235")
        return wire

    def send(self, recipient: str, subject: str, text: str = "Hello\n") -> None:
        """Submit a message from this inbox."""
        with self.smtp() as client:
            client.send_message(new_mail(self.address, recipient, subject, text))

    def deliver(self, message: bytes, sender: str = "someone@example.org") -> None:
        """Deliver a message to this inbox, as a stranger does."""
        with smtplib.SMTP(*self.server.mx, timeout=TIMEOUT) as client:
            assert client.sendmail(sender, self.address, message) == {}

    def count(self, mailbox: str = "INBOX") -> int:
        """Return how many messages a mailbox has."""
        with self.imap() as client:
            status, answer = client.status(mailbox, "(MESSAGES)")
            assert status == "OK"
            found = re.search(rb"MESSAGES (\d+)", answer[0])
            assert found is not None
            return int(found[1])

    def bodies(self, mailbox: str = "INBOX") -> list[bytes]:
        """Return the octets of all messages of a mailbox, oldest first."""
        with self.imap(mailbox) as client:
            _, numbers = client.search(None, "ALL")
            if not numbers[0]:
                return []
            status, answer = client.fetch("1:*", "(BODY.PEEK[])")
            assert status == "OK"
            return [item[1] for item in answer if isinstance(item, tuple)]

    def append(self, mailbox: str, message: bytes, flags: str = "") -> None:
        """APPEND one message."""
        with self.imap() as client:
            status, answer = client.append(mailbox, flags, None, message)
            assert status == "OK", answer

    def fill(self, mailbox: str, messages: Iterable[bytes]) -> list[int]:
        """APPEND many messages without waiting between them (RFC 7888); return their UIDs."""
        wire = self.raw_imap()
        uids: list[int] = []
        waiting = 0
        for message in messages:
            head = f"a APPEND {mailbox} {{{len(message)}+}}\r\n".encode()
            wire.send(head + message + b"\r\n")
            waiting += 1
            if waiting > 50:
                uids.append(_appended(wire))
                waiting -= 1
        uids.extend(_appended(wire) for _ in range(waiting))
        wire.close()
        return uids


def _appended(wire: Wire) -> int:
    answer = wire.until(b"a ")
    found = re.match(rb"a OK \[APPENDUID \d+ (\d+)\]", answer)
    assert found is not None, answer
    return int(found[1])


class Wire:
    """A bare connection, for what no client library would do.

    Arguments:
        sock: connected.
    """

    def __init__(self, sock: ssl.SSLSocket | socket.socket) -> None:
        self.sock = sock
        self._file = sock.makefile("rb")

    @classmethod
    def open(cls, address: tuple[str, int], tls: ssl.SSLContext | None) -> Wire:
        """Connect; with TLS if there is a context for it."""
        sock = socket.create_connection(address, TIMEOUT)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return cls(sock if tls is None else tls.wrap_socket(sock, server_hostname=address[0]))

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def line(self) -> bytes:
        """Return the next line; it is empty at the end of the connection."""
        return self._file.readline()

    def until(self, start: bytes) -> bytes:
        """Return the next line that starts so; what is before it is passed over."""
        while line := self.line():
            if line.startswith(start):
                return line
        raise EOFError(start)

    def reply(self) -> bytes:
        """Return all lines of the next SMTP reply."""
        lines = [self.line()]
        while lines[-1][3:4] == b"-":
            lines.append(self.line())
        return b"".join(lines)

    def ask(self, data: bytes) -> bytes:
        """Send; return the next SMTP reply."""
        self.send(data)
        return self.reply()

    def ended(self) -> bool:
        """Return True when the peer has ended the connection; what it says before is dropped."""
        try:
            while self._file.read(65536):
                pass
        except (ConnectionError, ssl.SSLError):
            return True
        return True

    def close(self) -> None:
        """Hang up, without a TLS close."""
        self._file.close()
        self.sock.close()

    def reset(self) -> None:
        """Hang up so that the peer gets a TCP reset."""
        linger_for_no_time = b"\x01\x00\x00\x00\x00\x00\x00\x00"
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger_for_no_time)
        self.close()
