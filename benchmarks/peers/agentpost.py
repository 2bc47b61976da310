"""mailcore with AgentPost, all settings at their defaults but those of load."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.process import ServerProcess
from benchmarks.target import Target
from mailcore import __version__


@contextmanager
def running(directory: Path) -> Iterator[Target]:
    """Run it while the block runs."""
    process = ServerProcess(
        [sys.executable, "-m", "benchmarks.servers.agentpost", str(directory)], directory / "log"
    )
    try:
        yield Target(
            name="mailcore",
            version=f"mailcore {__version__}, Python {sys.version.split()[0]}",
            process=process,
            **json.loads(process.line()),
        )
    finally:
        process.stop()
