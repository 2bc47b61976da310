"""Postfix from the distribution, with Dovecot to judge passwords; it discards what it has taken."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final

from benchmarks.process import ServerProcess, free_port
from benchmarks.target import Target
from mailcore.serve.certificates import development_certificate

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
smtpd_relay_restrictions = permit_mynetworks, permit_sasl_authenticated, reject
smtpd_tls_cert_file = {certificate}
smtpd_tls_key_file = {key}
smtpd_sasl_type = dovecot
smtpd_sasl_path = private/auth
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
127.0.0.1:{smtp} inet n - n - - smtpd
127.0.0.1:{smtps} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes -o smtpd_sasl_auth_enable=yes
tlsmgr    unix - - n 1000? 1 tlsmgr
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


# The part of Dovecot that judges passwords; Postfix has none of its own for PLAIN.
_AUTHENTICATION: Final = """\
base_dir = {root}/auth
state_dir = {root}/auth
log_path = {root}/auth.log
protocols =
ssl = no
auth_mechanisms = plain
auth_cache_size = 1M
default_vsz_limit = 0
passdb {{
  driver = static
  args = password={password}
}}
userdb {{
  driver = static
  args = uid=nobody gid=nogroup home={root}
}}
service auth {{
  unix_listener {root}/queue/private/auth {{
    mode = 0660
    user = postfix
    group = postfix
  }}
}}
service stats {{
  unix_listener stats-writer {{
    mode = 0666
  }}
}}
"""
_PASSWORD: Final = "secret"
_PROMISE: Final = (
    "a message is in its queue, on the disk, before the 250. What follows is on the same core, "
    "while the next ones come in: the queue manager gives it to a transport that discards it and "
    "writes nothing, so that no mailbox is written. Passwords are judged by Dovecot's auth process"
)


@contextmanager
def running(directory: Path) -> Iterator[Target]:
    """Run it while the block runs; root only, since its processes change who they are.

    Raises:
        RuntimeError: it is not there, or does not start.
    """
    path = os.environ.get("PATH", "") + ":/usr/sbin"
    program, judge = shutil.which("postfix", path=path), shutil.which("dovecot", path=path)
    if program is None or os.geteuid() != 0:
        raise RuntimeError("needs postfix, and root")
    directory.chmod(0o755)
    for name, owner in (("queue", "root"), ("queue/private", "postfix"), ("data", "postfix")):
        (directory / name).mkdir()
        shutil.chown(directory / name, owner)
    files = development_certificate(directory, ["localhost"])
    smtp, smtps = free_port(), free_port()
    (directory / "main.cf").write_text(
        _MAIN.format(root=directory, certificate=files.certificate, key=files.key)
    )
    (directory / "master.cf").write_text(_SERVICES.format(smtp=smtp, smtps=smtps))
    with ExitStack() as started:
        helper = None
        if judge is not None:
            configuration = directory / "auth.conf"
            configuration.write_text(_AUTHENTICATION.format(root=directory, password=_PASSWORD))
            helper = ServerProcess([judge, "-F", "-c", str(configuration)], directory / "auth.out")
            started.callback(helper.stop)
        process = ServerProcess(
            [program, "-c", str(directory), "start-fg"], directory / "log", helper
        )
        started.callback(process.stop)
        process.wait_for(smtp)
        version = subprocess.check_output(["postconf", "-h", "-d", "mail_version"], text=True)
        yield Target(
            name="postfix",
            version="Postfix " + version.strip(),
            process=process,
            promise=_PROMISE,
            smtp=smtp,
            smtps=None if helper is None else smtps,
            user="reader",
            password=_PASSWORD,
            recipient="reader@example.org",
        )
