"""The servers that are compared; each knows how to start one of its own."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Final

from benchmarks.peers import agentpost, aiosmtpd, dovecot, postfix, pymap, twisted
from benchmarks.target import Target

#: By name: starts a server in an empty directory while the block runs. Ours is the first.
PEERS: Final[dict[str, Callable[[Path], AbstractContextManager[Target]]]] = {
    "mailcore": agentpost.running,
    "dovecot": dovecot.running,
    "dovecot-always": partial(dovecot.running, fsync="always"),
    "pymap": pymap.running,
    "twisted": twisted.running,
    "postfix": postfix.running,
    "aiosmtpd": aiosmtpd.running,
}
