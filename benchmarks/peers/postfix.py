"""Postfix from the distribution; it discards what it has taken: only taking is measured."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from benchmarks.process import ServerProcess, free_port
from benchmarks.target import Target

_MAIN: Final = """\
compatibility_level = 3.6
queue_directory = {root}/queue
data_directory = {root}/data
maillog_file = {root}/postfix.log
maillog_file_prefixes = {root}
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
myhostname = mail.example.org
mydestination =
alias_maps =
mynetworks = 127.0.0.0/8
smtpd_relay_restrictions = permit_mynetworks, reject
disable_dns_lookups = yes
smtpd_peername_lookup = no
smtpd_client_connection_count_limit = 0
default_process_limit = 200
message_size_limit = 0
mailbox_size_limit = 0
default_transport = discard
relay_transport = discard
biff = no
"""
_SERVICES: Final = """\
127.0.0.1:{port} inet n - n - - smtpd
cleanup   unix n - n - 0 cleanup
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
error     unix - - n - - error
retry     unix - - n - - error
proxymap  unix - - n - - proxymap
discard   unix - - n - - discard
showq     unix n - n - - showq
anvil     unix - - n - 1 anvil
postlog   unix-dgram n - n - 1 postlogd
"""


@contextmanager
def running(directory: Path) -> Iterator[Target]:
    """Run it while the block runs; root only, since its processes change who they are.

    Raises:
        RuntimeError: it is not there, or does not start.
    """
    program = shutil.which("postfix", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or os.geteuid() != 0:
        raise RuntimeError("needs postfix, and root")
    directory.chmod(0o755)
    for name, owner in (("queue", "root"), ("data", "postfix")):
        (directory / name).mkdir()
        shutil.chown(directory / name, owner)
    port = free_port()
    (directory / "main.cf").write_text(_MAIN.format(root=directory))
    (directory / "master.cf").write_text(_SERVICES.format(port=port))
    process = ServerProcess([program, "-c", str(directory), "start-fg"], directory / "log")
    try:
        process.wait_for(port)
        version = subprocess.check_output(["postconf", "-h", "-d", "mail_version"], text=True)
        yield Target(
            name="postfix",
            version="Postfix " + version.strip(),
            process=process,
            smtp=port,
            recipient="reader@example.org",
        )
    finally:
        process.stop()
