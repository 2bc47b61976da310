"""Small pieces of many messages, read at one go."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from mailcore.backend import Mailbox, OctetRange, ReadsRanges
from mailcore.imap.summary import Summary
from mailcore.imap.types import FetchBody, Section
from mailcore.limits import MIB
from mailcore.message import header_fields
from mailcore.spool import CHUNK

# What one answer of the mailbox holds at most: it is all in memory at a time.
_MOST: Final = MIB


def octets_of(body: FetchBody, size: int | None, summary: Summary | None) -> tuple[int, int] | None:
    """Return where the octets of a section lie in a message, None where it has no such section.

    Of chosen header fields that is the whole header.

    Arguments:
        size: of the message, for a section that is all of it.
        summary: of the message, for any other.

    Raises:
        KeyError: what is needed is not there: the message is gone.
    """
    section = body.section
    if section == Section():
        if size is None:
            raise KeyError(section)
        found: tuple[int, int] | None = (0, size)
    elif summary is None:
        raise KeyError(section)
    else:
        found = summary.resolve(section)
    if found is None or body.partial is None or section.fields:
        return found
    # Past the end there is nothing: an empty string, not NIL.
    start = min(found[0] + body.partial[0], found[1])
    return start, min(start + body.partial[1], found[1])


def chosen_fields(body: FetchBody, header: bytes) -> bytes:
    """Return the fields that a section chooses of a header, or the part of them."""
    section = body.section
    data = header_fields(header, section.fields, section.text == "HEADER.FIELDS.NOT")
    return data if body.partial is None else data[body.partial[0] : sum(body.partial)]


async def read_sections(
    mailbox: Mailbox,
    bodies: Sequence[FetchBody],
    uids: Sequence[int],
    sizes: Sequence[int] | None,
    summaries: Mapping[int, Summary],
) -> list[list[bytes | None]] | None:
    """Return the octets of some sections of some messages, a list for each section.

    Returns:
        None if that can not be done at one go: something is large, or not known, or gone.
    """
    ranges: list[OctetRange | None] = []
    total = 0
    for place, uid in enumerate(uids):
        for body in bodies:
            try:
                size = None if sizes is None else sizes[place]
                found = octets_of(body, size, summaries.get(uid))
            except KeyError:
                return None
            ranges.append(None if found is None else OctetRange(uid, *found))
            length = 0 if found is None else found[1] - found[0]
            total += length
            if length > CHUNK or total > _MOST:
                return None
    wanted = [one for one in ranges if one is not None and one.end > one.start]
    read = await _read(mailbox, wanted)
    if read is None:
        return None
    given = iter(read)
    pieces: list[bytes | None] = [
        None if one is None else next(given) if one.end > one.start else b"" for one in ranges
    ]
    columns = [pieces[place :: len(bodies)] for place in range(len(bodies))]
    for body, column in zip(bodies, columns, strict=True):
        if body.section.fields:
            column[:] = [None if one is None else chosen_fields(body, one) for one in column]
    return columns


async def _read(mailbox: Mailbox, ranges: Sequence[OctetRange]) -> list[bytes] | None:
    if isinstance(mailbox, ReadsRanges):
        answer: Sequence[bytes | None] = await mailbox.read_ranges(ranges)
    else:
        answer = []
        for one in ranges:
            try:
                answer.append(await mailbox.read(one.uid, one.start, one.end))
            except KeyError:
                return None
    read = [
        data
        for one, data in zip(ranges, answer, strict=True)
        if data is not None and len(data) == one.end - one.start
    ]
    return read if len(read) == len(ranges) else None
