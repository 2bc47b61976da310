"""A Postfix of one's own on loopback: its own configuration, queue and log; root starts it."""

from __future__ import annotations

import os
import shutil
import smtplib
import socket
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .accounts import TIMEOUT, need, until

#: Mail to anybody there is stored by Postfix itself.
DOMAIN = "postfix.test"

_MAIN = {
    "compatibility_level": "3.6",
    "inet_interfaces": "127.0.0.1",
    "inet_protocols": "ipv4",
    "myhostname": "mail.postfix.test",
    "mydestination": "",
    "alias_maps": "",
    "mynetworks": "127.0.0.0/8",
    "smtpd_relay_restrictions": "permit_mynetworks, reject",
    "disable_dns_lookups": "yes",
    "smtp_host_lookup": "native",
    "smtpd_peername_lookup": "no",
    "virtual_mailbox_domains": DOMAIN,
    "virtual_mailbox_maps": "static:inbox/",
    "virtual_uid_maps": "static:65534",
    "virtual_gid_maps": "static:65534",
    "virtual_minimum_uid": "1",
    "minimal_backoff_time": "300s",
    "biff": "no",
}
_SERVICES = """
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
tlsmgr    unix - - n 1000? 1 tlsmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
error     unix - - n - - error
retry     unix - - n - - error
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
lmtp      unix - - n - - lmtp
virtual   unix - n n - - virtual
showq     unix n - n - - showq
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
postlog   unix-dgram n - n - 1 postlogd
"""


@dataclass(frozen=True)
class Postfix:
    """A running Postfix.

    Arguments:
        directory: everything that is its own.
        address: where it takes mail by SMTP, from this machine only.
    """

    directory: Path
    address: tuple[str, int]

    def submit(self, sender: str, recipients: list[str], mail: bytes, *options: str) -> None:
        """Give it a message to send on; ``options`` are parameters of MAIL."""
        with smtplib.SMTP(*self.address, timeout=TIMEOUT) as client:
            client.sendmail(sender, recipients, mail, list(options))

    def log(self) -> str:
        """What it has said so far."""
        file = self.directory / "log"
        return file.read_text() if file.exists() else ""

    def mails(self) -> list[bytes]:
        """What came to its own domain."""
        return [file.read_bytes() for file in (self.directory / "mail" / "inbox" / "new").glob("*")]

    def until_logged(self, text: str) -> None:
        """Wait for something in its log; fail with the log if it never comes."""
        try:
            until(lambda: text in self.log(), TIMEOUT)
        except AssertionError:
            raise AssertionError(f"{text!r} is not in the log:\n{self.log()}") from None


def missing() -> str | None:
    """Return what keeps Postfix from being started, or None."""
    if shutil.which("postfix") is None:
        return "postfix"
    return "root, to start postfix," if os.geteuid() != 0 else None


@contextmanager
def running(settings: Mapping[str, str] | None = None) -> Iterator[Postfix]:
    """Start Postfix with these settings in ``main.cf``, and stop it at the end.

    Skips the test where it can not be started.
    """
    need(missing() is None, missing() or "")
    # Its daemons are not root: they must be able to reach what is theirs.
    directory = Path(tempfile.mkdtemp(prefix="postfix-"))
    directory.chmod(0o755)
    try:
        address = _configure(directory, settings or {})
        _run(directory, "start")
        try:
            yield Postfix(directory, address)
        finally:
            _run(directory, "stop")
    finally:
        shutil.rmtree(directory)


def _configure(directory: Path, settings: Mapping[str, str]) -> tuple[str, int]:
    for name, owner in (("queue", "root"), ("data", "postfix"), ("mail", "nobody")):
        (directory / name).mkdir()
        shutil.chown(directory / name, owner)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    own = {
        "queue_directory": str(directory / "queue"),
        "data_directory": str(directory / "data"),
        "virtual_mailbox_base": str(directory / "mail"),
        "maillog_file": str(directory / "log"),
        "maillog_file_prefixes": str(directory),
    }
    lines = [f"{name} = {value}" for name, value in {**_MAIN, **own, **settings}.items()]
    (directory / "main.cf").write_text("\n".join(lines) + "\n")
    (directory / "master.cf").write_text(_SERVICES.format(port=port).lstrip())
    return "127.0.0.1", port


def _run(directory: Path, command: str) -> None:
    done = subprocess.run(
        ["postfix", "-c", str(directory), command],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout
