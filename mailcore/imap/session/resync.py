"""What a client has missed since a mod-sequence (RFC 7162 §3.2.5-6)."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Final

from mailcore.backend import KeepsHistory
from mailcore.imap.commands import QResync
from mailcore.imap.responses import Vanished
from mailcore.imap.session.view import View
from mailcore.imap.types import SequenceSet

# Ranges in one VANISHED: some clients have line buffers.
_RANGES: Final = 1000


async def missed(view: View, known: QResync) -> list[Vanished]:
    """Return what vanished before this SELECT; the changes of flags are :func:`changed`."""
    among = known.known_uids or SequenceSet(((1, _last(view)),))
    floor = matched_uid(view.uids, *known.match) if known.match is not None else 0
    return await vanished_since(view, known.modseq, among, floor)


def changed(view: View, known: QResync) -> Iterator[tuple[int, int]]:
    """Yield (sequence number, UID) of messages that have changed since then."""
    uids = view.snapshot.changed_since(known.modseq)
    if known.known_uids is not None:
        uids = list(_among(uids, known.known_uids.resolved(_last(view))))
    for uid in uids:
        number = view.number(uid)
        if number is not None:
            yield number, uid


async def vanished_since(
    view: View, since: int, among: SequenceSet, floor: int = 0
) -> list[Vanished]:
    """Return the VANISHED (EARLIER) responses for messages that are gone since a mod-sequence.

    What the client sees as a message now is not among them: it is told in its turn.

    Arguments:
        view: of the mailbox.
        since: the mod-sequence.
        among: UIDs that are asked about; ``*`` is the highest that there ever was, for whoever
            says ``1:*`` asks about the end of the mailbox too.
        floor: the client knows what is gone up to this UID.
    """
    mailbox = view.mailbox
    assert isinstance(mailbox, KeepsHistory)
    gone = await mailbox.vanished(since)
    ranges = among.resolved(_last(view))
    if gone is None:
        found = _gaps(view.uids, ranges, floor + 1, _last(view))
    else:
        untold = {uid for uid in gone if uid > floor and view.number(uid) is None}
        found = iter(SequenceSet.of(_among(sorted(untold), ranges)).ranges)
    responses = []
    while part := tuple(islice(found, _RANGES)):
        responses.append(Vanished(SequenceSet(part), earlier=True))
    return responses


def matched_uid(uids: Sequence[int], numbers: SequenceSet, known: SequenceSet) -> int:
    """Return the highest UID up to which a client's sample is right (RFC 7162 §3.2.5.2).

    Arguments:
        uids: of the mailbox, by sequence number.
        numbers: sequence numbers of the sample.
        known: the UIDs that these messages have for the client.
    """
    matched = above = 0
    # Both rise, so that a sample is compared as far as the mailbox goes, whatever size it claims.
    for number, uid in zip(_each(numbers), _each(known), strict=False):
        if not above < number <= len(uids) or uids[number - 1] != uid:
            break
        matched, above = uid, number
    return matched


def _last(view: View) -> int:
    return max(view.snapshot.uid_next - 1, 1)


def _each(numbers: SequenceSet) -> Iterator[int]:
    for first, last in numbers.ranges:
        yield from range(first, last + 1)


def _among(uids: Sequence[int], ranges: Iterable[tuple[int, int]]) -> Iterator[int]:
    for low, high in ranges:
        yield from uids[bisect_left(uids, low) : bisect_right(uids, high)]


def _gaps(
    uids: Sequence[int], ranges: Iterable[tuple[int, int]], first: int, last: int
) -> Iterator[tuple[int, int]]:
    """Yield the ranges of UIDs within ``ranges`` that no message has."""
    for low, high in ranges:
        start, end = max(low, first), min(high, last)
        for uid in uids[bisect_left(uids, start) : bisect_right(uids, end)]:
            if uid > start:
                yield start, uid - 1
            start = uid + 1
        if start <= end:
            yield start, end
