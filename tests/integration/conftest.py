"""Servers to test: a fresh one for whoever needs it, and one for all real clients."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mailcore_agentpost.client import AgentPost, Inbox

from .accounts import Account
from .program import STARTUP, Server, environment, launch

StartServer = Callable[..., Server]


@pytest.fixture
def run_server() -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run the server program to its end: ``run_server(*flags, **environment)``."""

    def run(*flags: str | Path, **extra: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "mailcore.serve", *map(str, flags)],
            env=environment(**extra),
            capture_output=True,
            text=True,
            timeout=STARTUP,
        )

    return run


@pytest.fixture
def start_server(tmp_path: Path) -> Iterator[StartServer]:
    """Start servers on any free ports: ``start_server(*flags, **environment)``.

    Without ``--memory`` or ``--data`` all of them use one directory. They are killed at the end.
    """
    running: list[Server] = []

    def start(*flags: str | Path, **extra: str) -> Server:
        words = [str(flag) for flag in flags]
        if not {"--memory", "--data"} & set(words):
            words += ["--data", str(tmp_path / "data")]
        running.append(launch(*words, **extra))
        return running[-1]

    yield start
    for server in running:
        server.kill()


@pytest.fixture
def server(start_server: StartServer) -> Server:
    """A fresh server with the reference backend."""
    return start_server()


@pytest.fixture(scope="session")
def agentpost(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """One server for all tests with real clients. It has to survive them all, and to drain."""
    server = launch("--data", tmp_path_factory.mktemp("agentpost") / "data")
    yield server
    alive = server.process.poll() is None
    code = server.stop() if alive else server.process.returncode
    server.kill()
    assert (alive, code) == (True, 0), "the server did not live to its orderly end"


@pytest.fixture
def new_account(agentpost: Server) -> Callable[[str], Account]:
    """Make an inbox on the server that all share: ``new_account("anna")``."""

    def make(name: str) -> Account:
        return Account(agentpost, agentpost.new_inbox(name), agentpost.key)

    return make


@pytest.fixture
def anna(new_account: Callable[[str], Account]) -> Account:
    """An inbox that nobody else has."""
    return new_account("anna")


@pytest.fixture
def bert(new_account: Callable[[str], Account]) -> Account:
    """Another."""
    return new_account("bert")


@pytest.fixture
def api(agentpost: Server) -> Iterator[AgentPost]:
    """The SDK, with the key of the first minute."""
    with AgentPost(agentpost.key, agentpost.url) as client:
        yield client


@pytest.fixture
def inbox(api: AgentPost) -> Inbox:
    """An inbox that nobody else has."""
    return api.inboxes.create("carla", display_name="Carla Größer")


@pytest.fixture
def carla(agentpost: Server, inbox: Inbox) -> Account:
    """The same inbox, for mail clients."""
    return Account(agentpost, inbox.email, agentpost.key)
