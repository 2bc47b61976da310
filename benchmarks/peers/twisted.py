"""Twisted's IMAP library, with an empty mailbox: what it costs to speak the protocol."""

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
        name = "Twisted " + version("twisted")
    except PackageNotFoundError:
        raise RuntimeError("needs pip install -e '.[benchmarks]'") from None
    files = development_certificate(directory, ["localhost"])
    command = ["-m", "benchmarks.servers.twisted_imap", str(files.certificate), str(files.key)]
    process = ServerProcess([sys.executable, *command], directory / "log")
    try:
        yield Target(
            name="twisted",
            version=name,
            process=process,
            **json.loads(process.line()),
            user="reader",
            password="secret",
            stores=False,
        )
    finally:
        process.stop()
