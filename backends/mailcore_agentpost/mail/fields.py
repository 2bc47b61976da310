"""A message with some of its header fields changed; the octets of all others stay as they are."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack

from mailcore.limits import Limits
from mailcore.message import Buffer, headers, pieces
from mailcore.spool import Content


def with_fields(
    data: Buffer,
    header: bytes,
    *,
    added: bytes,
    dropped: Collection[bytes],
    limits: Limits,
    spools: ExitStack,
) -> Buffer:
    """Return a message with fields in front and without some others.

    Arguments:
        header: of the message.
        added: whole fields, with their line ends.
        dropped: names in lower case.
        limits: says how much of it is kept in memory.
        spools: closes what the answer is read from.
    """
    fields = [field for field in headers(header) if field.name.lower() in dropped]
    if not added and not fields:
        return data
    content = spools.enter_context(Content(added, memory=limits.spool_memory))
    start = 0
    for field in fields:
        content.write(header[start : field.start])
        start = field.end
    for piece in pieces(data, start=start):
        content.write(piece)
    return content.buffer()
