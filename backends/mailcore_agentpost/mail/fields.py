"""A message with some of its header fields changed; the octets of all others stay as they are."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack

from mailcore.limits import Limits
from mailcore.message import Buffer, Header, headers, pieces
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
    fields = (
        [field for field in headers(header) if field.name.lower() in dropped] if dropped else []
    )
    if not added and not fields:
        return data
    content = spools.enter_context(Content(memory=limits.spool_memory))
    write_with_fields(content, added, data, header, fields)
    return content.buffer()


def write_with_fields(
    content: Content, added: bytes, data: Buffer, header: bytes, dropped: Sequence[Header] = ()
) -> None:
    """Write a message.

    Arguments:
        content: empty; gets the message.
        added: fields to put in front, with their line ends.
        data: the message as it came.
        header: its header block.
        dropped: fields of that to leave out, in order.
    """
    content.write(added)
    start = 0
    for field in dropped:
        content.write(header[start : field.start])
        start = field.end
    for piece in pieces(data, start=start):
        content.write(piece)


def return_path(address: str) -> bytes:
    """Make the Return-Path field of final delivery (RFC 5321 §4.4)."""
    return f"Return-Path: <{address}>\r\n".encode()


def delivered_to(address: str) -> bytes:
    """Make the field by which a message that comes back is known."""
    return f"Delivered-To: {address}\r\n".encode()
