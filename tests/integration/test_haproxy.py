"""A real HAProxy in front: what reaches the server through it is known for what it is."""

from __future__ import annotations

import imaplib
import shutil
import smtplib
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from .accounts import TIMEOUT, Account, need, new_mail, until
from .program import Server, launch

# What a client outside has: loopback addresses differ, so that the proxy and its client do, too.
CLIENT = "127.0.0.9"
TOLD = "ssl,unique-id,crc32c,authority"
CONFIGURATION = """
global
  log stdout local0
defaults
  mode tcp
  timeout connect 5s
  timeout client 30s
  timeout server 30s
listen imaps
  bind 127.0.0.1:{imaps}
  server mail {imap[0]}:{imap[1]} send-proxy-v2
listen smtps
  bind 127.0.0.1:{smtps}
  server mail {smtp[0]}:{smtp[1]} send-proxy
listen mx
  bind 127.0.0.1:{mx_front}
  server mail {mx[0]}:{mx[1]} send-proxy-v2 check-send-proxy check inter 500
listen submission
  bind 127.0.0.1:{submission_front} ssl crt {certificate}
  server mail {submission[0]}:{submission[1]} send-proxy-v2-ssl-cn proxy-v2-options {told}
"""


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as sock:
        return int(sock.getsockname()[1])


@pytest.fixture(scope="module")
def behind(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server that trusts the proxy in front of each door; what it said is about the fronts."""
    found = shutil.which("haproxy", path="/usr/sbin:/usr/bin:/usr/local/sbin")
    need(found, "haproxy")
    directory = tmp_path_factory.mktemp("behind")
    flags = [f"--{name}-proxy-protocol=127.0.0.1" for name in ("imap", "smtp", "mx", "submission")]
    server = launch("--data", directory / "data", "--submission-port", "0", *flags)
    fronts = {
        "imaps": free_port(),
        "smtps": free_port(),
        "mx_front": free_port(),
        "submission_front": free_port(),
    }
    doors = {
        name: (server.ready[name]["host"], server.ready[name]["port"])
        for name in ("imap", "smtp", "mx", "submission")
    }
    certificates = Path(server.authority).parent
    pem = directory / "proxy.pem"
    pem.write_text(
        (certificates / "server.pem").read_text() + (certificates / "server.key").read_text()
    )
    file = directory / "haproxy.cfg"
    file.write_text(CONFIGURATION.format(**fronts, **doors, certificate=pem, told=TOLD))
    for name, front in zip(("imap", "smtp", "mx", "submission"), fronts.values(), strict=True):
        server.ready[name]["port"] = front
    proxy = subprocess.Popen(
        [str(found), "-q", "-db", "-f", file], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: answers(fronts["imaps"]), 20)
        yield server
    finally:
        proxy.terminate()
        proxy.wait(TIMEOUT)
        code = server.stop()
        server.kill()
    assert code == 0


def answers(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


@pytest.fixture
def anna(behind: Server) -> Account:
    return Account(behind, behind.new_inbox("anna"), behind.key)


def bring(server: Server, recipient: str) -> None:
    source = (CLIENT, 0)
    with smtplib.SMTP(*server.mx, timeout=TIMEOUT, source_address=source) as stranger:
        stranger.starttls(context=server.tls)
        stranger.sendmail("x@example.com", recipient, "Subject: y\r\n\r\nHo\r\n")


def test_imap_through_a_proxy(anna: Account) -> None:
    """TLS is the server's own: the header comes before the handshake."""
    client = imaplib.IMAP4_SSL(*anna.server.imap, ssl_context=anna.server.tls, timeout=TIMEOUT)
    client.login(anna.address, anna.key)
    assert client.select("INBOX")[0] == "OK"
    client.logout()


def test_a_stranger_through_a_proxy_is_named_in_the_trace(anna: Account) -> None:
    bring(anna.server, anna.address)
    client = imaplib.IMAP4_SSL(*anna.server.imap, ssl_context=anna.server.tls, timeout=TIMEOUT)
    client.login(anna.address, anna.key)
    client.select("INBOX")
    ((_, message),) = [one for one in client.fetch("1", "BODY[]")[1] if isinstance(one, tuple)]
    assert f"[{CLIENT}]".encode() in message.partition(b"\r\n\r\n")[0]
    client.logout()


def test_submission_through_a_proxy_with_tls_of_the_server(anna: Account) -> None:
    mail = new_mail(anna.address, anna.address, "version 1")
    with smtplib.SMTP_SSL(*anna.server.smtp, context=anna.server.tls, timeout=TIMEOUT) as client:
        client.login(anna.address, anna.key)
        client.send_message(mail)


def test_submission_with_tls_that_ends_at_the_proxy(anna: Account) -> None:
    """The proxy says that the client is encrypted, so that passwords may pass."""
    door = anna.server.ready["submission"]
    mail = new_mail(anna.address, anna.address, "TLS ended before")
    with smtplib.SMTP_SSL(
        door["host"], door["port"], context=anna.server.tls, timeout=TIMEOUT
    ) as client:
        client.ehlo()
        assert not client.has_extn("starttls")
        client.login(anna.address, anna.key)
        client.send_message(mail)
