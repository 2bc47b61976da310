"""aiosmtpd, in Python on asyncio, with a handler that writes each message to the disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.process import ServerProcess
from benchmarks.target import Target
from mailcore.serve.certificates import development_certificate


@contextmanager
def running(directory: Path) -> Iterator[Target]:
    """Run it while the block runs.

    Raises:
        RuntimeError: it is not there, or does not start.
    """
    try:
        name = "aiosmtpd " + version("aiosmtpd")
    except PackageNotFoundError:
        raise RuntimeError("needs pip install -e '.[benchmarks]'") from None
    files = development_certificate(directory, ["localhost"])
    command = ["-m", "benchmarks.servers.aiosmtpd_fsync", str(files.certificate), str(files.key)]
    process = ServerProcess([sys.executable, *command, str(directory)], directory / "log")
    try:
        yield Target(
            name="aiosmtpd",
            version=f"{name}, a file and an fsync for each message",
            process=process,
            **json.loads(process.line()),
            user="reader",
            password="secret",
            recipient="reader@example.org",
        )
    finally:
        process.stop()
