"""Every example does what its first line says, run as printed."""

from __future__ import annotations

import imaplib
import importlib.util
import smtplib
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from mailcore.testing import running

from .accounts import TIMEOUT, until
from .program import environment

EXAMPLES = Path(__file__).parents[2] / "examples"
MAIL = "Subject: {}\r\n\r\nHello\r\n"


def free_port() -> int:
    with socket.create_server(("localhost", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def started(*command: str | int, port: int, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """Run an example until the end of the block, from when it listens."""

    def answers() -> bool:
        assert process.poll() is None, "the example has ended"
        with socket.socket() as probe:
            return probe.connect_ex(("localhost", port)) == 0

    process = subprocess.Popen(
        [sys.executable, str(EXAMPLES / str(command[0])), *map(str, command[1:])],
        env=environment(PYTHONUNBUFFERED="1", **variables),
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        until(answers, TIMEOUT)
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()


def lines_of(process: subprocess.Popen[str], count: int) -> list[str]:
    assert process.stdout is not None
    return [process.stdout.readline().rstrip("\n") for _ in range(count)]


def test_every_example_has_a_test() -> None:
    names = {path.name for path in EXAMPLES.glob("*.py")} - {"tickets.py", "unread.py"}
    tested = {name for name in names if f'"{name}"' in Path(__file__).read_text("utf-8")}
    assert tested == names
    for path in EXAMPLES.glob("*.py"):
        assert len(path.read_text("utf-8").splitlines()) <= 70, f"{path.name} is no screen"


def test_receive() -> None:
    smtp, lmtp = free_port(), free_port()
    with started("receive.py", smtp, lmtp, port=lmtp) as example:
        with smtplib.SMTP("localhost", smtp, timeout=TIMEOUT) as client:
            client.sendmail("a@b.example", "me@example.org", MAIL.format("one"))
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="org only"):
                client.sendmail("a@b.example", "me@b.example", MAIL.format("two"))
        with smtplib.LMTP("localhost", lmtp) as client:
            client.sendmail("", "you@example.org", MAIL.format("three"))
        assert lines_of(example, 2) == [
            "a@b.example to me@example.org: one",
            "a bounce to you@example.org: three",
        ]


def test_fastapi_app(monkeypatch: pytest.MonkeyPatch) -> None:
    testclient = pytest.importorskip("fastapi.testclient")
    port = free_port()
    monkeypatch.setenv("SMTP_PORT", str(port))
    specification = importlib.util.spec_from_file_location(
        "fastapi_app", EXAMPLES / "fastapi_app.py"
    )
    assert specification is not None
    module: Any = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)  # type: ignore[union-attr]
    with testclient.TestClient(module.app) as web:
        assert web.get("/").json() == []
        with smtplib.SMTP("localhost", port, timeout=TIMEOUT) as client:
            client.sendmail("a@b.example", "support@any.example", MAIL.format("Help"))
        assert web.get("/").json() == ["Help"]
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("localhost", port), 1)


def test_sans_io() -> None:
    port = free_port()
    with (
        started("sans_io.py", port, "imap", port=port),
        imaplib.IMAP4("localhost", port, timeout=TIMEOUT) as client,
    ):
        client.login("anybody", "x")
        assert client.select() == ("OK", [b"0"])
        assert client.append("INBOX", "", "", b"x")[0] == "NO"
        assert client.noop()[0] == "OK"
    port = free_port()
    with (
        started("sans_io.py", port, "smtp", port=port),
        smtplib.SMTP("localhost", port, timeout=TIMEOUT) as other,
    ):
        other.sendmail("a@b.example", "me@example.org", MAIL.format("x"))
        assert other.docmd("FOO")[0] == 500


def test_proxy() -> None:
    port = free_port()
    with running() as server:
        bob = server.inbox("bob@example.test")
        bob.deliver(b"Subject: x\r\n\r\n" + b"y" * 200_000)
        arguments = ("proxy.py", port, server.imap.host, server.imap.port)
        with started(*arguments, port=port, SSL_CERT_FILE=str(server.authority)) as example:
            with imaplib.IMAP4("localhost", port, timeout=TIMEOUT) as client:
                client.login("bob@example.test", "secret")
                client.select()
                assert len(client.fetch("1", "BODY[TEXT]")[1][0][1]) == 200_000
                assert client.append("INBOX", "", "", b"Subject: z\r\n\r\n")[0] == "OK"
                client.send(b"x0 APPEND INBOX CATENATE (TEXT {3+}\r\nabc TEXT {3}\r\n")
                assert client.readline().startswith(b"+ ")
                client.send(b"abc)\r\n")
                while not client.readline().startswith(b"x0 OK"):
                    pass
                client.send(b"x1 IDLE\r\n")
                assert client.readline().startswith(b"+ ")
                bob.deliver(subject="new")
                assert client.readline().endswith(b" EXISTS\r\n")
                client.send(b"DONE\r\n")
                while not client.readline().startswith(b"x1 OK"):
                    pass
            example.kill()
            assert example.stdout is not None
            said = example.stdout.read()
    assert "C Login(" in said
    assert "S Exists(" in said
    assert "secret" not in said


def test_fuzz_my_client() -> None:
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-c", "/dev/null"]
    for unneeded in ("schemathesis", "anyio", "trio"):
        command += ["-p", f"no:{unneeded}"]  # they cost seconds
    done = subprocess.run(
        [*command, "-W", "ignore", str(EXAMPLES / "fuzz_my_client.py")],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=4 * TIMEOUT,
    )
    assert "1 passed" in done.stdout, done.stdout


def test_outbox() -> None:
    program = (
        "import os, smtplib\n"
        "with smtplib.SMTP(os.environ['EMAIL_HOST'], int(os.environ['EMAIL_PORT'])) as client:\n"
        "    client.sendmail('a@b.example', ['c@d.example'], 'Subject: Hi\\n\\nThere\\n')\n"
        "raise SystemExit(3)\n"
    )
    done = subprocess.run(
        [sys.executable, str(EXAMPLES / "outbox.py"), sys.executable, "-c", program],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 3, done.stderr
    assert done.stdout.splitlines()[:2] == ["[outbox] to c@d.example: Hi", "There"]
