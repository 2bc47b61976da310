"""One server at a time on a data directory."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

_TRIES: Final = 5
_PAUSE: Final = 0.05


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


def _locked(file: int) -> bool:
    """Take the lock; whoever only looks whether it is held has it for a moment, too."""
    for _ in range(_TRIES):
        with suppress(BlockingIOError):
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        time.sleep(_PAUSE)
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
        if not _locked(file):
            holder = os.read(file, 20).decode("ascii", "replace").strip() or "unknown"
            raise InUse(f"{path} is in use by another server (process {holder})")
        os.truncate(file, 0)
        os.write(file, b"%d\n" % os.getpid())
        yield path
    finally:
        os.close(file)
