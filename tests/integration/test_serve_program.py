"""``python -m mailcore.serve`` as a process: start, ready, refuse, drain. With a small backend."""

from __future__ import annotations

import imaplib
import signal
import smtplib
import socket
import ssl
import subprocess
import time
from collections.abc import Callable
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

from mailcore.serve.certificates import development_certificate

LETTERBOX = ("--backend", "letterbox:provider")
Run = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def start(start_server: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *flags, **extra: start_server(*LETTERBOX, *flags, **extra)


def login(server: Any, key: str | None = None) -> imaplib.IMAP4_SSL:
    client = imaplib.IMAP4_SSL(*server.imap, ssl_context=server.tls, timeout=10)
    client.login(server.inbox, key or server.key)
    return client


def send(server: Any, subject: str, key: str | None = None) -> None:
    message = EmailMessage()
    message["From"] = message["To"] = server.inbox
    message["Subject"] = subject
    message.set_content("Hello\n")
    with smtplib.SMTP_SSL(*server.smtp, context=server.tls, timeout=10) as client:
        client.login(server.inbox, key or server.key)
        client.send_message(message)


def refused(run: subprocess.CompletedProcess[str]) -> str:
    """Return the one line that says why the server did not start."""
    assert run.returncode == 2, run
    assert run.stdout == ""
    assert run.stderr.startswith("mailcore: ")
    assert run.stderr.count("\n") == 1
    return run.stderr


def test_ready_is_one_line_of_json_of_this_shape(start: Any, tmp_path: Path) -> None:
    server = start()
    ports = [server.ready[name]["port"] for name in ("imap", "smtp", "mx")]
    assert server.ready == {
        "imap": {"host": "127.0.0.1", "port": ports[0], "tls": True},
        "smtp": {"host": "127.0.0.1", "port": ports[1], "tls": True},
        "mx": {"host": "127.0.0.1", "port": ports[2], "tls": False},
        "submission": None,
        "imap_starttls": None,
        "lmtp": None,
        "http": {"url": server.url},
        "ca": str(tmp_path / "data" / "ca.pem"),
        "inboxes": ["anna@shared.localhost"],
        "api_key": server.key,
    }
    send(server, "one")
    assert server.stop() == 0
    assert server.process.stdout.read() == ""


def test_all_doors_are_open(start: Any) -> None:
    server = start()
    send(server, "by submission")
    with smtplib.SMTP(*server.mx, timeout=10) as stranger:
        stranger.starttls(context=server.tls)
        stranger.sendmail("someone@example.org", server.inbox, "Subject: by MX\r\n\r\nHi\r\n")
    client = login(server)
    assert client.select("INBOX") == ("OK", [b"2"])
    client.logout()
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as web:
        web.sendall(b"GET / HTTP/1.1\r\n\r\n")
        assert web.recv(100).startswith(b"HTTP/1.1 204 ")


def test_a_second_start_keeps_mail_and_keys(start: Any) -> None:
    first = start()
    send(first, "kept")
    assert first.stop() == 0
    second = start()
    assert second.ready["api_key"] is None
    client = login(second, first.key)
    assert client.select("INBOX") == ("OK", [b"1"])
    client.logout()
    second.stop()
    third = start("--new-key")
    assert third.key != first.key
    login(third).logout()


def test_memory_leaves_nothing(start: Any) -> None:
    server = start("--memory")
    send(server, "gone soon")
    authority = Path(server.ready["ca"])
    assert authority.exists()
    assert server.stop() == 0
    assert not authority.parent.exists()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_drains(start: Any, tmp_path: Path, number: int) -> None:
    server = start()
    client = login(server)
    submission = smtplib.SMTP_SSL(*server.smtp, context=server.tls, timeout=10)
    started = time.monotonic()
    server.process.send_signal(number)
    assert client.readline().startswith(b"* BYE ")
    assert submission.getreply()[0] == 421
    client.shutdown()
    submission.close()
    assert server.process.wait(10) == 0
    assert time.monotonic() - started < 5
    assert (tmp_path / "data" / "closed").exists()


def test_a_message_on_its_way_is_taken_before_the_end(start: Any, tmp_path: Path) -> None:
    server = start()
    client = smtplib.SMTP_SSL(*server.smtp, context=server.tls, timeout=10)
    client.login(server.inbox, server.key)
    client.mail(server.inbox)
    client.rcpt(server.inbox)
    assert client.docmd("DATA")[0] == 354
    client.send(b"Subject: half\r\n")
    server.process.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    client.send(b"\r\nAll of it\r\n.\r\n")
    assert client.getreply()[0] == 250
    assert client.getreply()[0] == 421
    client.close()
    assert server.process.wait(10) == 0
    assert b"All of it" in (tmp_path / "data" / "mail" / "1").read_bytes()


def test_a_client_that_stays_is_cut_off_after_the_grace(start: Any) -> None:
    server = start("--grace", "0.2")
    with socket.create_connection(server.imap):  # never shakes hands
        started = time.monotonic()
        assert server.stop() == 0
        assert time.monotonic() - started < 5


def test_a_second_signal_ends_it_at_once(start: Any) -> None:
    server = start("--grace", "60")
    with socket.create_connection(server.imap):
        time.sleep(0.2)
        server.process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        assert server.stop() == 0


def test_hangup_reloads_the_certificate(start: Any, tmp_path: Path) -> None:
    own = development_certificate(_directory(tmp_path / "own"), [])
    other = development_certificate(_directory(tmp_path / "other"), [])
    server = start("--tls-cert", own.certificate, "--tls-key", own.key)
    assert server.ready["ca"] is None

    def served() -> str:
        return ssl.get_server_certificate(server.imap)

    assert served() == own.certificate.read_text()
    own.key.write_bytes(other.key.read_bytes())
    own.certificate.write_bytes(other.certificate.read_bytes())
    server.process.send_signal(signal.SIGHUP)
    deadline = time.monotonic() + 5
    while served() != other.certificate.read_text():
        assert time.monotonic() < deadline
        time.sleep(0.02)
    own.key.write_text("broken")
    server.process.send_signal(signal.SIGHUP)
    time.sleep(0.1)
    assert served() == other.certificate.read_text()
    assert server.stop() == 0


def _directory(path: Path) -> Path:
    path.mkdir()
    return path


def test_all_addresses_are_reached_by_name(start: Any) -> None:
    server = start("--host", "*", "--public-host", "localhost")
    assert server.ready["imap"]["host"] == "localhost"
    for host in ("127.0.0.1", "::1"):
        client = imaplib.IMAP4_SSL(host, server.imap[1], ssl_context=server.tls, timeout=10)
        client.shutdown()


def test_a_backend_that_takes_no_mail_has_no_door_for_it(start_server: Any) -> None:
    server = start_server("--backend", "letterbox:shelf")
    assert server.ready["mx"] is None
    assert server.ready["http"] is None
    assert server.ready["inboxes"] == []
    assert server.stop() == 0


@pytest.mark.parametrize("name", ["letterbox:Shelf", "letterbox:a_shelf"])
def test_a_backend_needs_no_provider(start_server: Any, name: str) -> None:
    """A class of them, or one that is there: nothing to open, nothing to configure."""
    server = start_server("--backend", name)
    assert server.ready["mx"] is None
    assert server.stop() == 0


def test_a_backend_that_can_not_open_is_one_line(run_server: Run, tmp_path: Path) -> None:
    (tmp_path / "mail").touch()
    line = refused(run_server(*LETTERBOX, *ANY, "--data", tmp_path))
    assert line == f"mailcore: Letterbox: {tmp_path / 'mail'}: File exists\n"


def test_a_taken_port_is_one_line(run_server: Run, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        run = run_server(*LETTERBOX, "--imap-port", port, "--data", tmp_path)
    line = refused(run)
    assert f"cannot listen on 127.0.0.1:{port} (--imap-port)" in line
    assert "in use" in line


def test_data_in_use_is_one_line(start: Any, run_server: Run, tmp_path: Path) -> None:
    server = start()
    line = refused(run_server(*LETTERBOX, "--data", tmp_path / "data"))
    assert f"is in use by another server (process {server.process.pid})" in line


def test_data_that_can_not_be_is_one_line(run_server: Run, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    assert "file" in refused(run_server(*LETTERBOX, "--data", tmp_path / "file"))
    assert "file" in refused(run_server(*LETTERBOX, "--data", tmp_path / "file" / "below"))


@pytest.mark.parametrize(
    ("flags", "words"),
    [
        (("--imap-port", "x"), "--imap-port: must be a whole number"),
        (("--imap-port", "99999"), "--imap-port: must be between 0 and 65535"),
        (("--config", "/none.toml"), "/none.toml: No such file"),
        (("--tls-cert", "a"), "tls_cert and tls_key go together"),
        (("--tls-cert", "/none", "--tls-key", "/none", "--memory"), "certificate: "),
        (("--host", "192.0.2.1", "--memory"), "cannot listen on 192.0.2.1"),
        (("--host", "no.such.host.invalid", "--memory"), "cannot listen on no.such.host.invalid"),
        (("--bogus",), "unrecognized arguments: --bogus"),
        (("--ready", "xml"), "--ready"),
        (("--backend", "none"), "no backend 'none'"),
        (("--backend", "letterbox:nothing"), "letterbox"),
        (("--backend", "letterbox:HERE"), "letterbox"),
    ],
)
def test_a_bad_setting_is_one_line(run_server: Run, flags: tuple[str, ...], words: str) -> None:
    assert words in refused(run_server(*LETTERBOX, *flags))


def test_an_unknown_variable_is_one_line(run_server: Run) -> None:
    assert "MAILCORE_FOO" in refused(run_server(*LETTERBOX, MAILCORE_FOO="1"))


def test_settings_come_from_all_sources(run_server: Run, tmp_path: Path) -> None:
    file = tmp_path / "mail.toml"
    file.write_text('domain = "file.example"\n[letterbox]\nlocal_part = "berta"\n')
    run = run_server(
        *LETTERBOX,
        "--print-config",
        "--imap-port",
        "7",
        MAILCORE_CONFIG=str(file),
        MAILCORE_SMTP_PORT="8",
    )
    assert run.returncode == 0
    for line in (
        f'domain = "file.example"  # {file}',
        "imap_port = 7  # flag: --imap-port",
        "smtp_port = 8  # environment: MAILCORE_SMTP_PORT",
        f'[letterbox]\nlocal_part = "berta"  # {file}',
    ):
        assert line in run.stdout


def test_check_finds_everything_at_once(run_server: Run, tmp_path: Path) -> None:
    good = run_server(*LETTERBOX, "--check", "--data", tmp_path / "new", *ANY)
    assert (good.returncode, good.stderr) == (0, "")
    assert not (tmp_path / "new").exists()
    (tmp_path / "file").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        bad = run_server(
            *LETTERBOX,
            "--check",
            *ANY,
            "--mx-port",
            taken.getsockname()[1],
            "--data",
            tmp_path / "file",
            "--tls-cert",
            tmp_path / "none",
            "--tls-key",
            tmp_path / "none",
        )
    assert bad.returncode == 2
    assert "(--mx-port)" in bad.stderr
    assert "file is not a directory" in bad.stderr
    assert "certificate: cannot read" in bad.stderr
    assert bad.stderr.count("\n") == 3


def test_check_sees_a_running_server(start: Any, run_server: Run, tmp_path: Path) -> None:
    start()
    busy = run_server(*LETTERBOX, "--check", *ANY, "--data", tmp_path / "data")
    assert "is in use by another server" in refused(busy)


def test_check_reads_the_certificate(run_server: Run, tmp_path: Path) -> None:
    own = development_certificate(tmp_path, [])
    flags = (*LETTERBOX, "--check", *ANY, "--memory", "--tls-cert", own.certificate, "--tls-key")
    assert run_server(*flags, own.key).returncode == 0
    assert "certificate: " in refused(run_server(*flags, tmp_path / "ca.key"))


ANY = ("--imap-port", "0", "--smtp-port", "0", "--mx-port", "0", "--http-port", "0")


def test_version_and_help(run_server: Run) -> None:
    assert run_server("--version").stdout.startswith("mailcore ")
    assert "--standard-ports" in run_server("--help").stdout
