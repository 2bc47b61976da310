"""``python -m mailcore.imap``, and the example that reads mail, against a server in a thread."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailcore.net.imap_program import PASSWORD_VARIABLE, main
from mailcore.testing import Inbox, Server, running

USER, PASSWORD = "alice@example.test", "secret"
MESSAGE = b"From: A <a@x.test>\r\nSubject: =?utf-8?q?h=C3=BC?=\r\n\r\nhello\r\n"
EXAMPLE = Path(__file__).parents[3] / "examples" / "unread.py"

#: Runs the program with these words; returns its exit code, and what it wrote.
Program = Callable[..., tuple[int, str, str]]


@pytest.fixture
def server() -> Iterator[Server]:
    with running() as server:
        yield server


@pytest.fixture
def inbox(server: Server) -> Inbox:
    return server.inbox(USER, PASSWORD)


@pytest.fixture
def program(monkeypatch: pytest.MonkeyPatch, capsysbinary: pytest.CaptureFixture[bytes]) -> Program:
    def run(*words: str, password: str | None = None) -> tuple[int, str, str]:
        if password is None:
            monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
        else:
            monkeypatch.setenv(PASSWORD_VARIABLE, password)
        code = main(words)
        out, error = capsysbinary.readouterr()
        return code, out.decode(), error.decode()

    return run


def clean_environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAILCORE_")}
    return kept | more


@pytest.mark.parametrize(
    ("words", "text"),
    [
        (("list", "localhost"), "who logs in"),
        (("list", "http://anna@localhost"), "not a URL of IMAP"),
        (("list", "imaps://anna@localhost:x"), "not a port"),
        (("list", "anna@localhost"), f"set {PASSWORD_VARIABLE}"),
        (("list", "anna@localhost", "--ca", "/nowhere"), "can not read certificates"),
    ],
)
def test_what_the_user_can_mend_is_one_line_and_exit_code_2(
    program: Program, words: tuple[str, ...], text: str
) -> None:
    code, _, error = program(*words)
    assert code == 2
    assert text in error
    assert error.count("\n") == 1


def test_help_teaches() -> None:
    command = [sys.executable, "-m", "mailcore.imap", "--help"]
    result = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert result.returncode == 0
    assert PASSWORD_VARIABLE in result.stdout
    assert "watch imaps://" in result.stdout


def test_it_needs_the_standard_library_only() -> None:
    program = "import sys, mailcore.net.imap_program; sys.exit('trio' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program]).returncode == 0


def test_list_and_fetch(server: Server, inbox: Inbox, program: Program) -> None:
    url = f"imaps://{USER.replace('@', '%40')}@{server.imap.host}:{server.imap.port}"
    trust = ("--ca", str(server.authority))
    inbox.deliver(MESSAGE)
    code, listed, error = program("list", url, *trust, password=PASSWORD)
    assert (code, listed.split()[:3]) == (0, ["1", "1", "INBOX"]), error
    _, fetched, _ = program("fetch", url, *trust, password=PASSWORD)
    assert fetched.split() == ["1", "*", str(len(MESSAGE)), "A", "hü"]
    _, message, _ = program("fetch", url, "--uid", "1", *trust, password=PASSWORD)
    assert message.encode() == MESSAGE
    assert program("fetch", url, "--uid", "9", *trust, password=PASSWORD) == (
        1,
        "",
        "mailcore: there is no message 9 in INBOX\n",
    )
    code, _, error = program("list", url, *trust, password="wrong")
    assert code == 1
    assert "the server refuses" in error
    code, _, error = program("list", url, password=PASSWORD)
    assert code == 1
    assert "can not be trusted" in error


def test_watch_shows_what_comes_until_it_is_interrupted(server: Server, inbox: Inbox) -> None:
    at = f"{server.imap.host}:{server.imap.port}"
    words = ("watch", at, "--user", USER, "--ca", str(server.authority))
    process = subprocess.Popen(
        [sys.executable, "-m", "mailcore.imap", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=clean_environment(**{PASSWORD_VARIABLE: PASSWORD, "PYTHONUTF8": "1"}),
    )
    with process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert "watching" in process.stderr.readline()
            inbox.deliver(MESSAGE)
            assert "hü" in process.stdout.readline()
            process.send_signal(2)
            assert process.wait(10) == 0
            assert process.stderr.read() == ""
        finally:
            process.kill()


def test_the_example_says_what_is_unread(server: Server, inbox: Inbox) -> None:
    inbox.deliver(MESSAGE)
    with inbox.imaplib() as client:
        client.select()
        client.store("1", "+FLAGS", "\\Seen")
    inbox.deliver(MESSAGE)
    result = subprocess.run(
        [sys.executable, str(EXAMPLE), USER, server.imap.host, str(server.imap.port)],
        capture_output=True,
        timeout=20,
        env=clean_environment(SSL_CERT_FILE=str(server.authority), PASSWORD=PASSWORD),
    )
    assert result.stdout.decode() == "2 hü\n", result.stderr
