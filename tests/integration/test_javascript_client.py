"""The JavaScript client in Node, against the server that all real clients share."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from .accounts import need
from .program import Server

TESTS = Path(__file__).parent / "js" / "agentpost.test.mjs"


def test_the_javascript_client(agentpost: Server) -> None:
    node = shutil.which("node")
    need(node, "Node")
    run = subprocess.run(
        # Before version 22 Node has its WebSocket behind this.
        [str(node), "--experimental-websocket", "--no-warnings", "--test", str(TESTS)],
        env={**os.environ, "AGENTPOST_URL": agentpost.url, "AGENTPOST_KEY": agentpost.key},
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "# skipped 0" in run.stdout, run.stdout
