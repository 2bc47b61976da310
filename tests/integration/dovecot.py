"""Dovecot as a server of our own: loopback, a temporary directory, any number of users."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .accounts import need

PASSWORD = "secret"
STARTUP = 15.0
# Whoever owns the mail if the tests run as root.
_NOBODY = 65534

_CONFIGURATION = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = plain login
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
default_vsz_limit = 0
mail_location = maildir:{root}/mail/%u
mail_uid = {uid}
mail_gid = {gid}
first_valid_uid = 1
mailbox_list_index = no
mail_max_userip_connections = 100
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={root}/mail/%u
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service anvil {{
  chroot =
}}
"""


@dataclass(frozen=True)
class Dovecot:
    """A running Dovecot without TLS; every name is a user with :data:`PASSWORD`."""

    port: int
    root: Path

    @property
    def log(self) -> str:
        path = self.root / "log"
        return path.read_text() if path.exists() else ""


@contextmanager
def running() -> Iterator[Dovecot]:
    """Run Dovecot while the block runs; skip or fail the test if there is none."""
    program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
    need(program, "dovecot")
    with tempfile.TemporaryDirectory(prefix="dovecot-") as directory:
        root = Path(directory)
        server = Dovecot(_free_port(), root)
        configuration = _configure(server)
        process = subprocess.Popen([str(program), "-F", "-c", configuration])
        try:
            _wait_for(server, process)
            yield server
        finally:
            process.terminate()
            process.wait(STARTUP)


def _free_port() -> int:
    # Dovecot tells nobody which port it got; so it gets one that was free a moment ago.
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _configure(server: Dovecot) -> Path:
    me = pwd.getpwuid(os.geteuid())
    is_root = me.pw_uid == 0
    uid = _NOBODY if is_root else me.pw_uid
    gid = _NOBODY if is_root else me.pw_gid
    mail = server.root / "mail"
    mail.mkdir()
    if is_root:
        server.root.chmod(0o755)
        os.chown(mail, uid, gid)
    file = server.root / "dovecot.conf"
    file.write_text(
        _CONFIGURATION.format(
            root=server.root,
            port=server.port,
            password=PASSWORD,
            internal="dovecot" if is_root else me.pw_name,
            group="dovecot" if is_root else _group(me.pw_gid),
            login="dovenull" if is_root else me.pw_name,
            uid=uid,
            gid=gid,
        )
    )
    return file


def _group(gid: int) -> str:
    return grp.getgrgid(gid).gr_name


def _wait_for(server: Dovecot, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + STARTUP
    while True:
        try:
            socket.create_connection(("127.0.0.1", server.port), 1).close()
            return
        except OSError:
            assert process.poll() is None, server.log
            assert time.monotonic() < deadline, server.log
            time.sleep(0.02)
