"""Octets of messages, with the care that a mailbox needs that others change."""

from __future__ import annotations

from mailcore.backend import Mailbox
from mailcore.imap.snapshot import Snapshot
from mailcore.spool import CHUNK


class BrokenLiteral(Exception):
    """Octets of a message were promised, and then it ended, went away or could not be read."""


async def message_size(mailbox: Mailbox, snapshot: Snapshot, uid: int) -> int | None:
    """Return the octets of a message, counting them if nobody has; None if it is gone."""
    try:
        size = snapshot.size(uid)
        if size is None:
            size = 0
            while data := await mailbox.read(uid, size, size + CHUNK):
                size += len(data)
            snapshot.set_size(uid, size)
    except KeyError:
        return None
    return size
