"""Small pieces of many messages, read at one go."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
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


class Sections:
    """Where some sections of some messages lie.

    Arguments:
        bodies: the sections.
        uids: of the messages.
        spans: for each section where it lies in each message; None for NIL.
    """

    def __init__(
        self,
        bodies: Sequence[FetchBody],
        uids: Sequence[int],
        spans: Sequence[Sequence[tuple[int, int] | None]],
    ) -> None:
        self._bodies = bodies
        self._uids = uids
        self._rows = list(zip(*spans, strict=True))

    @classmethod
    def find(
        cls,
        bodies: Sequence[FetchBody],
        uids: Sequence[int],
        sizes: Sequence[int] | None,
        summaries: Mapping[int, Summary],
    ) -> Sections | None:
        """Look for them; None if something is not known, or gone.

        Arguments:
            sizes, summaries: of the messages, as far as they are known.
        """
        try:
            return cls(bodies, uids, [_spans(body, uids, sizes, summaries) for body in bodies])
        except KeyError:
            return None

    def runs(self) -> Iterator[tuple[slice, bool]]:
        """Yield messages in a row that are read together, and those that are too large for that."""
        lengths = [sum([end - start for start, end in filter(None, row)]) for row in self._rows]
        start = total = 0
        for place, length in enumerate(lengths):
            if length > CHUNK or total + length > _MOST:
                if start < place:
                    yield slice(start, place), True
                start, total = place, 0
            if length > CHUNK:
                yield slice(place, place + 1), False
                start = place + 1
            else:
                total += length
        if start < len(lengths):
            yield slice(start, len(lengths)), True

    async def read(self, mailbox: Mailbox, run: slice) -> list[list[bytes | None]] | None:
        """Return the octets of a run, a list for each section; None if a message is gone."""
        rows = self._rows[run]
        wanted = [
            OctetRange(uid, *span)
            for uid, row in zip(self._uids[run], rows, strict=True)
            for span in row
            if span is not None and span[0] < span[1]
        ]
        read = await _read(mailbox, wanted)
        if read is None:
            return None
        if len(read) < len(rows) * len(self._bodies):
            given = iter(read)
            read = [
                None if span is None else next(given) if span[0] < span[1] else b""
                for row in rows
                for span in row
            ]
        columns = [read[place :: len(self._bodies)] for place in range(len(self._bodies))]
        for body, column in zip(self._bodies, columns, strict=True):
            if body.section.fields:
                column[:] = [None if one is None else chosen_fields(body, one) for one in column]
        return columns


def _spans(
    body: FetchBody,
    uids: Sequence[int],
    sizes: Sequence[int] | None,
    summaries: Mapping[int, Summary],
) -> Sequence[tuple[int, int] | None]:
    """Return where a section lies in each message; KeyError as :func:`octets_of`."""
    if body.section == Section() and body.partial is None and sizes is not None:
        return [(0, size) for size in sizes]
    return [
        octets_of(body, None if sizes is None else sizes[place], summaries.get(uid))
        for place, uid in enumerate(uids)
    ]


async def _read(mailbox: Mailbox, ranges: Sequence[OctetRange]) -> list[bytes | None] | None:
    if isinstance(mailbox, ReadsRanges):
        answer = list(await mailbox.read_ranges(ranges))
    else:
        answer = []
        for one in ranges:
            try:
                answer.append(await mailbox.read(one.uid, one.start, one.end))
            except KeyError:
                return None
    lengths = [-1 if data is None else len(data) for data in answer]
    return answer if lengths == [end - start for _, start, end in ranges] else None
