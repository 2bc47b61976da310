"""What systemd passes, and what it wants to be told: sd_listen_fds(3) and sd_notify(3)."""

from __future__ import annotations

import logging
import os
import socket
import time
from collections.abc import Mapping, MutableMapping
from typing import Final

logger = logging.getLogger("mailcore.serve")

_FIRST: Final = 3  # SD_LISTEN_FDS_START


def inherited_sockets(
    environ: MutableMapping[str, str], *, first: int = _FIRST
) -> dict[str, list[socket.socket]]:
    """Take the listening sockets that systemd has opened for this process.

    Arguments:
        environ: the variables are removed, so that no child takes the sockets for its own.
        first: number of the first descriptor.

    Returns:
        Sockets by their name, ``FileDescriptorName=`` in the socket unit; empty if there are none.

    Raises:
        ValueError: what is passed is no listening stream socket.
    """
    words = [environ.pop(name, "") for name in ("LISTEN_PID", "LISTEN_FDS", "LISTEN_FDNAMES")]
    process, count, names = words
    found: dict[str, list[socket.socket]] = {}
    if not (count.isdecimal() and process == str(os.getpid())):
        return found
    labels = names.split(":") if names else []
    for number in range(int(count)):
        name = labels[number] if number < len(labels) else "unknown"
        os.set_inheritable(first + number, False)
        sock = socket.socket(fileno=first + number)
        if sock.type != socket.SOCK_STREAM or not _listens(sock):
            raise ValueError(f"the socket {name} of systemd is no listening stream socket")
        found.setdefault(name, []).append(sock)
    return found


def _listens(sock: socket.socket) -> bool:
    return bool(sock.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN))


class Notifier:
    """Tells systemd how this process is doing; nobody, where nobody wants to know.

    Arguments:
        environ: its NOTIFY_SOCKET is a path, or a name that begins with ``@``.
    """

    def __init__(self, environ: Mapping[str, str]) -> None:
        path = environ.get("NOTIFY_SOCKET", "")
        self._address = f"\0{path[1:]}" if path.startswith("@") else path

    def ready(self) -> None:
        """All doors are open, or what was reloaded is in use."""
        self._tell("READY=1")

    def reloading(self) -> None:
        """SIGHUP is being answered (``Type=notify-reload``)."""
        self._tell(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self) -> None:
        """Connections are being drained."""
        self._tell("STOPPING=1")

    def _tell(self, state: str) -> None:
        if not self._address:
            return
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sock:
                sock.settimeout(1.0)
                sock.sendto(state.encode(), self._address)
        except OSError as error:
            logger.warning("systemd was not told %s: %s", state.partition("\n")[0], error)
