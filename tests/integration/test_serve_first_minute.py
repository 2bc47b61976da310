"""The lines that the banner prints work as they are printed, in a shell, with the real programs."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

HERE = Path(__file__).parent
NODE = HERE / "node"
ANY = ("--imap-port", "0", "--smtp-port", "0", "--mx-port", "0", "--http-port", "0")
BACKENDS = {"agentpost": (), "letterbox": ("--backend", "letterbox:provider")}

Started = tuple[subprocess.Popen[str], list[str]]


def need(found: object, what: str) -> None:
    """Skip a test whose client is missing, or fail it where all are wanted."""
    if not found and os.environ.get("MAILCORE_REQUIRE_CLIENTS"):
        pytest.fail(f"{what} is missing")
    if not found:
        pytest.skip(f"{what} is missing")


@pytest.fixture(scope="module", params=sorted(BACKENDS))
def first(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Started]:
    """A first start on an empty directory with a space in its name."""
    data = tmp_path_factory.mktemp("first minute") / "data"
    started = start("--data", str(data), *BACKENDS[request.param])
    yield started
    started[0].kill()
    started[0].wait()


def start(*flags: str) -> Started:
    """Return the process and its banner."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILCORE_")}
    clean["PYTHONPATH"] = os.pathsep.join(filter(None, [str(HERE), clean.get("PYTHONPATH", "")]))
    process = subprocess.Popen(
        [sys.executable, "-m", "mailcore.serve", *ANY, *flags],
        env=clean,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    os.set_blocking(process.stdout.fileno(), True)
    banner: list[str] = []
    for line in process.stdout:
        banner.append(line.rstrip("\n"))
        if line.startswith("printf "):
            break
    return process, banner


def command(banner: list[str], word: str) -> str:
    """Return the printed line that runs a program."""
    (line,) = [line for line in banner if f"{word} " in line and not line.startswith(" ")]
    return line


def shell(line: str, **extra: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["sh", "-c", line],
        capture_output=True,
        text=True,
        timeout=30,
        cwd=NODE,
        env=os.environ | extra,
    )


def test_the_banner_names_everything(first: Started) -> None:
    text = "\n".join(first[1])
    for words in ("mailcore ", "IMAPS 127.0.0.1:", "SMTPS 127.0.0.1:", "inbound SMTP 127.0.0.1:"):
        assert words in text
    for words in ("http://127.0.0.1:", "ca.pem", "inbox ", "@shared.localhost", "(shown once;"):
        assert words in text


def test_python(first: Started) -> None:
    run = shell(command(first[1], "python3"))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("('OK', [")


def test_nodemailer(first: Started) -> None:
    need((NODE / "node_modules" / "nodemailer").exists(), "nodemailer")
    run = shell(command(first[1], "node"))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("250 ")


def test_curl(first: Started) -> None:
    need(shutil.which("curl"), "curl")
    run = shell(command(first[1], "curl"))
    assert run.returncode == 0, run.stderr
    assert run.stdout.startswith("* SEARCH")


def test_openssl(first: Started) -> None:
    need(shutil.which("openssl"), "openssl")
    run = shell(command(first[1], "openssl"))
    assert run.returncode == 0, run.stderr
    assert "* STATUS INBOX (MESSAGES " in run.stdout
    assert "c OK" in run.stdout


def test_a_wrong_authority_is_not_trusted(first: Started, tmp_path: Path) -> None:
    need(shutil.which("openssl"), "openssl")
    make = "openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=x -keyout k.pem -out c.pem"
    subprocess.run(make.split(), cwd=tmp_path, check=True, capture_output=True)
    line = command(first[1], "curl")
    authority = line.split("--cacert ")[1].split(" -u")[0]
    assert shell(line.replace(authority, str(tmp_path / "c.pem"))).returncode == 60


def test_on_a_second_start_the_key_comes_from_the_shell(
    tmp_path: Path, run: Callable[..., Started]
) -> None:
    flags = ("--data", str(tmp_path), *BACKENDS["letterbox"])
    process, banner = run(*flags)
    (shown,) = [line for line in banner if "API key" in line]
    process.terminate()
    assert process.wait(30) == 0
    process, banner = run(*flags)
    assert "shown on the first start" in "\n".join(banner)
    result = shell(command(banner, "python3"), API_KEY=shown.split()[2])
    assert result.returncode == 0, result.stderr


@pytest.fixture
def run() -> Iterator[Callable[..., Started]]:
    """Start servers that are killed at the end."""
    processes: list[subprocess.Popen[str]] = []

    def run(*flags: str) -> Started:
        started = start(*flags)
        processes.append(started[0])
        return started

    yield run
    for process in processes:
        process.kill()
        process.wait()
