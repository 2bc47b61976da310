"""One server at a time on a data directory."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class InUse(OSError):
    """Another server works on this data."""


def is_held(path: Path) -> bool:
    """Tell whether a server holds a data directory now."""
    try:
        file = os.open(path / "lock", os.O_RDWR | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(file)
    return False


@contextmanager
def data_directory(path: Path) -> Iterator[Path]:
    """Make a data directory if there is none, and hold it for this process.

    The kernel lets go of the lock when the process dies, however it dies.

    Raises:
        InUse: another process holds it.
        OSError: it can not be made or written.
    """
    path.mkdir(mode=0o700, parents=True, exist_ok=True)
    file = os.open(path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = os.read(file, 20).decode("ascii", "replace").strip() or "unknown"
            raise InUse(f"{path} is in use by another server (process {holder})") from None
        os.truncate(file, 0)
        os.write(file, b"%d\n" % os.getpid())
        yield path
    finally:
        os.close(file)
