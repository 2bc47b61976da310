"""Dovecot from the distribution: mdbox, its fastest format, with its own fsyncs or ours."""

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
from mailcore.serve.certificates import development_certificate

_CONFIGURATION: Final = """\
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/dovecot.log
protocols = imap
listen = 127.0.0.1
ssl = yes
ssl_cert = <{certificate}
ssl_key = <{key}
disable_plaintext_auth = no
auth_mechanisms = plain
auth_cache_size = 1M
mail_location = mdbox:{root}/mail/%u
mail_uid = nobody
mail_gid = nogroup
first_valid_uid = 1
mail_fsync = {fsync}
mailbox_list_index = yes
mail_max_userip_connections = 0
default_process_limit = 3000
default_client_limit = 20000
default_vsz_limit = 0
namespace inbox {{
  inbox = yes
  separator = /
}}
passdb {{
  driver = static
  args = password=secret
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={root}/mail/%u
}}
service imap-login {{
  service_count = 0
  process_min_avail = 1
  inet_listener imap {{
    port = {imap}
  }}
  inet_listener imaps {{
    port = {imaps}
    ssl = yes
  }}
}}
service imap {{
  process_limit = 3000
}}
service stats {{
  inet_listener http {{
    port = 0
  }}
}}
"""


_PROMISES: Final = {
    "optimized": "mdbox with mail_fsync = optimized, its default: a message that is saved or "
    "copied is on the disk before the OK, a changed flag is not. It remembers passwords that were "
    "right, as ours does not, and collects for half a second what it tells those who IDLE. "
    "Each of these wants an inotify instance (fs.inotify.max_user_instances); one that gets none "
    "looks every half a minute",
    "always": "the same with mail_fsync = always, so that flags are on the disk as well, as ours "
    "are",
}


@contextmanager
def running(directory: Path, fsync: str = "optimized") -> Iterator[Target]:
    """Run it while the block runs; root only, since its processes change who they are.

    Arguments:
        directory: empty.
        fsync: its setting ``mail_fsync``.

    Raises:
        RuntimeError: it is not there, or does not start.
    """
    program = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if program is None or os.geteuid() != 0:
        raise RuntimeError("needs dovecot-imapd, and root")
    files = development_certificate(directory, ["localhost"])
    (directory / "mail").mkdir()
    shutil.chown(directory / "mail", "nobody", "nogroup")
    directory.chmod(0o755)
    imap, imaps = free_port(), free_port()
    configuration = directory / "dovecot.conf"
    configuration.write_text(
        _CONFIGURATION.format(
            root=directory,
            certificate=files.certificate,
            key=files.key,
            imap=imap,
            imaps=imaps,
            fsync=fsync,
        )
    )
    process = ServerProcess([program, "-F", "-c", str(configuration)], directory / "log")
    try:
        process.wait_for(imap)
        yield Target(
            name="dovecot" if fsync == "optimized" else f"dovecot-{fsync}",
            version="Dovecot " + subprocess.check_output([program, "--version"], text=True).strip(),
            process=process,
            promise=_PROMISES[fsync],
            imap=imap,
            imaps=imaps,
            user="reader",
            password="secret",
        )
    finally:
        process.stop()
