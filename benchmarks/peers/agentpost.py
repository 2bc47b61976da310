"""mailcore with AgentPost, all settings at their defaults but those of load."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.process import ServerProcess
from benchmarks.target import Target
from mailcore import __version__

_PROMISE: Final = (
    "what a command changes is on the disk before its OK or 250, flags too: one fsync for all that "
    "wait at the time. A message taken by SMTP lies in the inbox where IMAP reads it; the index of "
    "its text is made afterwards, on the same core, while the next ones come in"
)


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
            promise=_PROMISE,
            **json.loads(process.line()),
        )
    finally:
        process.stop()
