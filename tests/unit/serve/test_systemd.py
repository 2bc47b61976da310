"""Sockets that systemd passes, and what it is told, over real sockets."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from mailcore.serve.systemd import Notifier, inherited_sockets


def environment(count: int, names: str = "", process: int | None = None) -> dict[str, str]:
    owner = str(os.getpid() if process is None else process)
    return {"LISTEN_PID": owner, "LISTEN_FDS": str(count), "LISTEN_FDNAMES": names, "HOME": "/x"}


def passed(*sockets: socket.socket) -> int:
    """Put copies of sockets at numbers one behind the other, as systemd does; return the first."""
    first = 200
    for number, sock in enumerate(sockets):
        os.dup2(sock.fileno(), first + number)
    return first


def test_sockets_come_by_name_and_the_variables_go() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one, socket.create_server(("", 0)) as other:
        environ = environment(3, "imap:smtp:imap")
        found = inherited_sockets(environ, first=passed(one, other, one))
        assert {name: len(sockets) for name, sockets in found.items()} == {"imap": 2, "smtp": 1}
        assert found["smtp"][0].getsockname() == other.getsockname()
        assert not any(sock.get_inheritable() for sockets in found.values() for sock in sockets)
        for sock in (*found["imap"], *found["smtp"]):
            sock.close()
    assert environ == {"HOME": "/x"}


def test_a_socket_without_a_name() -> None:
    with socket.create_server(("127.0.0.1", 0)) as one:
        found = inherited_sockets(environment(1), first=passed(one))
        found["unknown"][0].close()
    assert list(found) == ["unknown"]


@pytest.mark.parametrize(
    "environ",
    [{}, {"LISTEN_FDS": "1"}, environment(1, process=1), {"LISTEN_PID": "x", "LISTEN_FDS": "y"}],
)
def test_what_is_meant_for_another_process_is_left(environ: dict[str, str]) -> None:
    assert inherited_sockets(environ) == {}
    assert not any(name.startswith("LISTEN_") for name in environ)


@pytest.mark.parametrize("kind", [socket.SOCK_STREAM, socket.SOCK_DGRAM])
def test_a_socket_that_does_not_listen_is_told(kind: socket.SocketKind) -> None:
    with socket.socket(socket.AF_INET, kind) as wrong, pytest.raises(ValueError, match="imap"):
        inherited_sockets(environment(1, "imap"), first=passed(wrong))


@pytest.mark.parametrize("abstract", [False, True])
def test_what_systemd_is_told(tmp_path: Path, abstract: bool) -> None:
    name = f"mailcore-test-{os.getpid()}" if abstract else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(f"\0{name}" if abstract else name)
        systemd.settimeout(5)
        notifier = Notifier({"NOTIFY_SOCKET": f"@{name}" if abstract else name})
        notifier.ready()
        assert systemd.recv(100) == b"READY=1"
        notifier.reloading()
        assert systemd.recv(100).startswith(b"RELOADING=1\nMONOTONIC_USEC=")
        notifier.stopping()
        assert systemd.recv(100) == b"STOPPING=1"


def test_nobody_who_listens_is_no_error(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    Notifier({}).ready()
    assert caplog.text == ""
    Notifier({"NOTIFY_SOCKET": str(tmp_path / "gone")}).ready()
    assert "systemd was not told READY=1" in caplog.text
