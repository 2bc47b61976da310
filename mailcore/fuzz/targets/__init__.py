"""What is fuzzed. A target takes octets, and raises if a promise is broken."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final

from mailcore.fuzz.targets.imap_client import check_imap_client
from mailcore.fuzz.targets.imap_server import check_imap_server
from mailcore.fuzz.targets.message import check_message
from mailcore.fuzz.targets.smtp_client import check_smtp_client
from mailcore.fuzz.targets.smtp_server import check_smtp_server

Target = Callable[[bytes], None]

TARGETS: Final[Mapping[str, Target]] = {
    "imap-server": check_imap_server,
    "imap-client": check_imap_client,
    "smtp-server": check_smtp_server,
    "smtp-client": check_smtp_client,
    "message": check_message,
}
