"""A server as a process tree on a core of its own: started, measured, stopped."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

#: The server's core, and the driver's. With one core they share it.
SERVER_CORE: Final = 0
DRIVER_CORE: Final = max(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 0
_STARTUP: Final = 30.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")


def become_driver() -> None:
    """Keep this process on the driver's core, and have it stop its servers when it is ended."""
    os.sched_setaffinity(0, {DRIVER_CORE})
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


class ServerProcess:
    """A program and its children.

    Arguments:
        command: to run in the foreground.
        log: where its output goes.
        helper: another one that does part of its work, and is measured with it; not stopped.
    """

    def __init__(
        self, command: Sequence[str], log: Path, helper: ServerProcess | None = None
    ) -> None:
        self._log = log
        self._helper = helper
        with log.open("ab") as output:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=output,
                start_new_session=True,
                preexec_fn=lambda: os.sched_setaffinity(0, {SERVER_CORE}),
            )

    def line(self) -> str:
        """Return the next line that it prints.

        Raises:
            RuntimeError: it ended.
        """
        assert self._process.stdout is not None
        if line := self._process.stdout.readline():
            return line.decode()
        raise RuntimeError(f"it ended: {self._log.read_text()[-2000:]}")

    def wait_for(self, port: int) -> None:
        """Return when it accepts connections.

        Raises:
            RuntimeError: it ended, or does not listen.
        """
        deadline = time.monotonic() + _STARTUP
        while True:
            try:
                socket.create_connection(("127.0.0.1", port), 1).close()
                return
            except OSError as error:
                if self._process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(
                        f"no server at {port}: {self._log.read_text()[-2000:]}"
                    ) from error
                time.sleep(0.02)

    def cpu_seconds(self) -> float:
        """Return what it and its children have used of the processor so far.

        Children that have ended count as their parent has waited for them.
        """
        total = 0.0
        for pid in self._tree():
            fields = _stat(pid)
            if fields:
                total += sum(int(field) for field in fields[11:15]) / _TICKS
        return total

    def memory(self) -> int:
        """Return the octets that it and its children hold: resident, shared pages counted once."""
        total = 0
        for pid in self._tree():
            try:
                for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                    if line.startswith("Pss:"):
                        total += int(line.split()[1]) * 1024
            except OSError:
                continue
        return total

    def stop(self) -> None:
        """End it and its children."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait(10)

    def _tree(self) -> Iterator[int]:
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and (fields := _stat(int(entry.name))):
                children.setdefault(int(fields[1]), []).append(int(entry.name))
        waiting = [one._process.pid for one in (self, self._helper) if one is not None]
        while waiting:
            pid = waiting.pop()
            yield pid
            waiting += children.get(pid, ())


def _stat(pid: int) -> list[str]:
    """Return the fields of ``/proc/PID/stat`` after the name; none if it is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def free_port() -> int:
    """Return a port that was free a moment ago, for servers that tell nobody which they got."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
