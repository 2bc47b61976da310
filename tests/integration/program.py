"""The server program as a process of its own, for tests and for commands."""

from __future__ import annotations

import json
import os
import select
import signal
import ssl
import subprocess
import sys
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
ANY_PORTS = ("--imap-port", "0", "--smtp-port", "0", "--mx-port", "0", "--http-port", "0")
STARTUP = 30.0
SHUTDOWN = 30.0


def environment(**extra: str) -> dict[str, str]:
    """Return an environment without settings of whoever runs the tests."""
    clean = {name: value for name, value in os.environ.items() if not name.startswith("MAILCORE_")}
    paths = [str(HERE), clean.get("PYTHONPATH", "")]
    return clean | {"PYTHONPATH": os.pathsep.join(filter(None, paths))} | extra


@dataclass
class Server:
    """A running server.

    Arguments:
        process: of ``python -m mailcore.serve --ready json``.
        ready: what it said when it was ready.
    """

    process: subprocess.Popen[str]
    ready: dict[str, Any]

    @property
    def imap(self) -> tuple[str, int]:
        return self.ready["imap"]["host"], self.ready["imap"]["port"]

    @property
    def smtp(self) -> tuple[str, int]:
        return self.ready["smtp"]["host"], self.ready["smtp"]["port"]

    @property
    def mx(self) -> tuple[str, int]:
        return self.ready["mx"]["host"], self.ready["mx"]["port"]

    @property
    def url(self) -> str:
        return str(self.ready["http"]["url"])

    @property
    def inbox(self) -> str:
        return str(self.ready["inboxes"][0])

    @property
    def key(self) -> str:
        return str(self.ready["api_key"])

    @property
    def authority(self) -> str:
        """The CA file that clients trust."""
        return str(self.ready["ca"])

    @property
    def tls(self) -> ssl.SSLContext:
        """A client's context that trusts this server, as strictly as can be."""
        context = ssl.create_default_context(cafile=self.authority)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    def post(self, path: str, body: dict[str, Any], key: str | None = None) -> dict[str, Any]:
        """Ask the REST API for something new; return its answer."""
        request = urllib.request.Request(
            self.url + path,
            json.dumps(body).encode(),
            {"Authorization": f"Bearer {key or self.key}", "Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as response:
            answer: dict[str, Any] = json.load(response)
        return answer

    def new_inbox(self, username: str, key: str | None = None) -> str:
        """Make an inbox; return its address."""
        return str(self.post("/api/v1/inboxes", {"username": username}, key)["email"])

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal; return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(SHUTDOWN)

    def kill(self) -> None:
        """End it as a power cut would, unless it has ended."""
        self.process.kill()
        self.process.wait()
        if self.process.stdout is not None:
            self.process.stdout.close()


def start(*flags: str | Path, **extra: str) -> subprocess.Popen[str]:
    """Start a server on any free ports; it says on its standard output when it is ready."""
    return subprocess.Popen(
        [sys.executable, "-m", "mailcore.serve", "--ready", "json", *ANY_PORTS, *map(str, flags)],
        env=environment(**extra),
        stdout=subprocess.PIPE,
        text=True,
    )


def launch(*flags: str | Path, **extra: str) -> Server:
    """Start a server on any free ports, and return when it is ready.

    Raises:
        RuntimeError: it does not start.
    """
    process = start(*flags, **extra)
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], STARTUP)
    line = process.stdout.readline() if readable else ""
    server = Server(process, json.loads(line or "{}"))
    if not line:
        server.kill()
        raise RuntimeError(f"the server did not start, exit code {process.returncode}")
    return server
