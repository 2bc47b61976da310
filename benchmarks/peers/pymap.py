"""pymap, in Python on asyncio, with its storage in memory; TLS only by STARTTLS, so without."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from benchmarks.process import ServerProcess, free_port
from benchmarks.target import Target


@contextmanager
def running(directory: Path) -> Iterator[Target]:
    """Run it while the block runs.

    Raises:
        RuntimeError: it is not there, or does not start.
    """
    try:
        name = "pymap " + version("pymap")
    except PackageNotFoundError:
        raise RuntimeError("needs pip install -e '.[benchmarks]'") from None
    port = free_port()
    start = "import sys; from pymap.main import main; sys.exit(main())"
    doors = ["--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    store = ["dict", "--demo-user", "reader", "--demo-password", "secret"]
    services = [option for name in ("admin", "managesieve") for option in ("--no-service", name)]
    process = ServerProcess(
        [sys.executable, "-c", start, *services, *doors, *store], directory / "log"
    )
    try:
        process.wait_for(port)
        yield Target(
            name="pymap",
            version=name,
            process=process,
            imap=port,
            user="reader",
            password="secret",
            lacks=frozenset({"SORT", "THREAD", "QRESYNC"}),
        )
    finally:
        process.stop()
