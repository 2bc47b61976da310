"""Sockets and certificates over the life of a server: activation, readiness, reload, restart."""

from __future__ import annotations

import imaplib
import json
import os
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mailcore.serve.certificates import CertificateFiles, development_certificate

from .accounts import TIMEOUT, need, new_mail, until
from .program import ANY_PORTS, HERE, STARTUP, Server, environment, launch

DEPLOY = HERE.parents[1] / "docs" / "deploy"
#: Puts sockets where systemd puts them, and becomes the server: exec keeps the process.
ACTIVATE = """
import fcntl, os, sys
numbers = [int(word) for word in sys.argv[1].split(",")]
copies = [fcntl.fcntl(number, fcntl.F_DUPFD, 100) for number in numbers]
for place, copy in enumerate(copies):
    os.dup2(copy, 3 + place)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": str(len(numbers))}
os.execv(sys.executable, [sys.executable, "-m", "mailcore.serve", *sys.argv[2:]])
"""


def activate(sockets: dict[str, socket.socket], *flags: str | Path) -> subprocess.Popen[str]:
    """Start a server that systemd passes sockets to."""
    numbers = [sock.fileno() for sock in sockets.values()]
    words = [sys.executable, "-c", ACTIVATE, ",".join(map(str, numbers))]
    return subprocess.Popen(
        [*words, "--ready", "json", *ANY_PORTS, *map(str, flags)],
        env=environment(LISTEN_FDNAMES=":".join(sockets)),
        pass_fds=numbers,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.fixture
def sockets(tmp_path: Path) -> Iterator[dict[str, socket.socket]]:
    """Sockets as units open them: one for IMAP, one for LMTP."""
    with (
        socket.create_server(("127.0.0.1", 0)) as imap,
        socket.socket(socket.AF_UNIX) as lmtp,
    ):
        lmtp.bind(str(tmp_path / "lmtp"))
        lmtp.listen()
        yield {"imap": imap, "lmtp": lmtp}


def test_systemd_opens_the_doors_and_keeps_them_over_a_restart(
    sockets: dict[str, socket.socket], tmp_path: Path
) -> None:
    port = sockets["imap"].getsockname()[1]
    path = tmp_path / "lmtp"
    for number in range(2):
        # Who comes while nobody serves waits in the queue of the socket.
        early = socket.create_connection(("127.0.0.1", port), TIMEOUT)
        process = activate(sockets, "--data", tmp_path / "data")
        server = Server(process, {})
        try:
            assert process.stdout is not None
            server.ready.update(json.loads(process.stdout.readline()))
            assert server.imap == ("127.0.0.1", port)
            assert server.ready["lmtp"] == {"host": str(path), "port": 0, "tls": False}
            with ssl_client(server, early) as client:
                assert client.recv(100).startswith(b"* OK")
            address = server.inbox
            with smtplib.LMTP(str(path), timeout=TIMEOUT) as lmtp:
                lmtp.send_message(new_mail("x@example.org", address, str(number)))
            assert server.stop() == 0
            assert path.is_socket()
        finally:
            server.kill()
            assert process.stderr is not None
            process.stderr.close()


def ssl_client(server: Server, connection: socket.socket) -> ssl.SSLSocket:
    return server.tls.wrap_socket(connection, server_hostname="127.0.0.1")


def test_a_socket_with_another_name_is_one_line(
    sockets: dict[str, socket.socket], tmp_path: Path
) -> None:
    process = activate({"pop3": sockets["imap"]}, "--data", tmp_path / "data")
    told = process.communicate(timeout=STARTUP)[1]
    assert process.returncode == 2
    assert told.count("\n") == 1
    assert "a socket named pop3" in told
    assert "imap_starttls" in told


def test_systemd_is_told_when_the_server_is_ready_and_when_it_stops(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(str(tmp_path / "notify"))
        systemd.settimeout(TIMEOUT)
        server = launch("--memory", NOTIFY_SOCKET=str(tmp_path / "notify"))
        try:
            assert systemd.recv(100) == b"READY=1"
            server.process.send_signal(signal.SIGHUP)
            assert systemd.recv(100).startswith(b"RELOADING=1\n")
            assert systemd.recv(100) == b"READY=1"
            assert server.stop() == 0
            assert systemd.recv(100) == b"STOPPING=1"
        finally:
            server.kill()


# -------------------------------------------------------------------------------------- SIGHUP


def copy(files: CertificateFiles, place: Path) -> None:
    shutil.copy(files.certificate, place / "chain.pem")
    shutil.copy(files.key, place / "key.pem")


def test_a_new_certificate_while_connections_live_on(tmp_path: Path) -> None:
    """What is connected goes on with what it has; whoever comes next sees the new one."""
    for name in ("old", "new", "own"):
        (tmp_path / name).mkdir()
    old, new = (development_certificate(tmp_path / name, []) for name in ("old", "new"))
    own = tmp_path / "own"
    copy(old, own)
    server = launch(
        *("--data", tmp_path / "data", "--tls-cert", own / "chain.pem"),
        *("--tls-key", own / "key.pem", "--submission-port", "0", "--imap-starttls-port", "0"),
    )
    trusts_old, trusts_new = (
        ssl.create_default_context(cafile=str(files.authority)) for files in (old, new)
    )
    submission = server.ready["submission"]["host"], server.ready["submission"]["port"]
    try:
        imap = imaplib.IMAP4_SSL(*server.imap, ssl_context=trusts_old, timeout=TIMEOUT)
        imap.login(server.inbox, server.key)
        imap.select("INBOX")
        smtp = smtplib.SMTP_SSL(*server.smtp, context=trusts_old, timeout=TIMEOUT)
        smtp.login(server.inbox, server.key)
        # Connected, but without TLS yet: it gets the certificate of the moment of STARTTLS.
        waiting = smtplib.SMTP(*submission, timeout=TIMEOUT)
        copy(new, own)
        server.process.send_signal(signal.SIGHUP)
        until(lambda: ssl.get_server_certificate(server.imap) == new.certificate.read_text(), 10)
        smtp.send_message(new_mail(server.inbox, server.inbox, "by the old connection"))
        assert imap.noop()[0] == "OK"
        assert imap.search(None, "ALL")[1] == [b"1"]
        waiting.starttls(context=trusts_new)
        waiting.login(server.inbox, server.key)
        with imaplib.IMAP4_SSL(*server.imap, ssl_context=trusts_new, timeout=TIMEOUT) as next_one:
            next_one.login(server.inbox, server.key)
        with pytest.raises(ssl.SSLCertVerificationError):
            imaplib.IMAP4_SSL(*server.imap, ssl_context=trusts_old, timeout=TIMEOUT)
        assert imap.fetch("1", "FLAGS")[0] == "OK"
        for client in (smtp, waiting):
            client.quit()
        imap.logout()
        assert server.stop() == 0
    finally:
        server.kill()


# ---------------------------------------------------------------------------------- docs/deploy


def test_systemd_takes_our_units(tmp_path: Path) -> None:
    need(shutil.which("systemd-analyze"), "systemd-analyze")
    units = sorted(DEPLOY.glob("mailcore*"))
    assert [unit.suffix for unit in units].count(".socket") >= 3
    for unit in units:
        # What it names need not be on the machine that runs the tests.
        text = unit.read_text().replace("/opt/mailcore/bin/python", sys.executable)
        (tmp_path / unit.name).write_text(text.replace("User=mailcore\n", ""))
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *map(str, tmp_path.glob("mailcore*"))],
        env=os.environ | {"SYSTEMD_LOG_LEVEL": "warning"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    ours = [line for line in done.stderr.splitlines() if "mailcore" in line]
    assert (done.returncode, ours) == (0, []), done


def test_the_units_name_doors_that_there_are() -> None:
    names = [
        line.partition("=")[2]
        for unit in DEPLOY.glob("*.socket")
        for line in unit.read_text().splitlines()
        if line.startswith("FileDescriptorName=")
    ]
    doors = {"imap", "imap_starttls", "smtp", "submission", "mx", "lmtp", "http"}
    assert len(names) == len(set(names)) == len(list(DEPLOY.glob("*.socket")))
    assert set(names) <= doors
