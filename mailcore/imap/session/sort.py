"""SORT and THREAD (RFC 5256, RFC 5957, RFC 5267): from summaries, never from bodies."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mailcore.imap import commands
from mailcore.imap.collation import COLLATIONS
from mailcore.imap.responses import Line, SortResponse, Tagged, ThreadResponse
from mailcore.imap.search import asks_modseq
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.contexts import begin_updates, sort_keys
from mailcore.imap.session.found import Found
from mailcore.imap.session.scan import Candidate, candidates
from mailcore.imap.session.search import Looking, answer
from mailcore.imap.sorting import (
    COLUMN_KEYS,
    needs_summary,
    order,
    places,
    sent_date,
    values_of,
)
from mailcore.imap.threading import ALGORITHMS
from mailcore.imap.types import SortCriterion
from mailcore.imap.wire.encode_results import encode_sort, encode_thread

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


@dataclass(frozen=True, slots=True)
class _KeptOrder:
    """The order of all messages of a mailbox, and the answers that tell it, by UID or by number."""

    uids: array[int]
    lines: dict[bool, Line] = field(default_factory=dict)


async def sort(session: Session, command: commands.Sort) -> AsyncGenerator[Tagged | None, None]:
    """SORT and UID SORT."""
    search = Looking(session, command)
    async for _ in search.run():
        yield None
    if search.refused is not None:
        yield search.refused
        return
    found = await _sorted(session, command.criteria, search.found)
    keys: dict[int, Any] = {}
    if "UPDATE" in (command.returns or ()):
        # What comes later is put among these messages by what decides their order.
        keys = await sort_keys(session, command.criteria, found)
        found = found.only([uid for uid in found.uids if uid in keys])
    _answer(session, command, found)
    complete = search.limited is None
    begin_updates(session, command, found, search.position, complete=complete, keys=keys)
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


def _answer(session: Session, command: commands.Sort, found: Found) -> None:
    view = session.selected
    kept = view.snapshot.kept_order(_kind(session, command.criteria))
    plain = command.returns is None and not asks_modseq(command.key)
    whole = kept is not None and found.uids is kept.uids and view.is_whole(len(found))
    if not plain or not whole:
        answer(session, command, found)
        return
    line = kept.lines.get(command.uid)
    if line is None:
        numbers = found.uids if command.uid else found.numbers
        line = kept.lines[command.uid] = Line(encode_sort(SortResponse(numbers)))
    session.send(line)


def _kind(session: Session, criteria: tuple[SortCriterion, ...]) -> tuple[object, ...]:
    return "SORT", criteria, session.collation


async def _sorted(session: Session, criteria: tuple[SortCriterion, ...], found: Found) -> Found:
    view = session.selected
    kind = _kind(session, criteria)
    kept = view.snapshot.kept_order(kind)
    if kept is not None:
        if len(found) == len(kept.uids):
            return found.only(kept.uids)
        wanted = set(found.uids)
        return found.only([uid for uid in kept.uids if uid in wanted])
    uids = await _by_columns(session, criteria, found)
    if uids is None:
        uids = await _by_summaries(session, criteria, found)
    # What is relevant to one search is not to another.
    relevant = any(criterion.key == "RELEVANCY" for criterion in criteria)
    if view.is_whole(len(uids)) and not relevant:
        view.snapshot.keep_order(kind, _KeptOrder(uids))
    return found.only(uids)


async def _by_columns(
    session: Session, criteria: Sequence[SortCriterion], found: Found
) -> array[int] | None:
    """Return messages in order; None if the snapshot does not know what decides it."""
    names = {criterion.key for criterion in criteria}
    if not names <= COLUMN_KEYS:
        return None
    view = session.selected
    if "DATE" in names:
        await session.shared.learn_sent(view, found.uids)
    columns = view.columns(found.uids)
    if "SIZE" in names and min(columns.sizes, default=0) < 0:
        return None
    return array("I", map(columns.uids.__getitem__, order(columns, criteria)))


async def _by_summaries(
    session: Session, criteria: Sequence[SortCriterion], found: Found
) -> array[int]:
    makers = values_of(criteria, COLLATIONS[session.collation])
    values: list[list[Any]] = [[] for _ in criteria]
    uids = array("I")
    needed = needs_summary(criteria)
    looking = candidates(session.shared, session.selected, found, summaries=needed)
    async with aclosing(looking) as batches:
        async for batch in batches:
            uids.extend(one.uid for one in batch)
            for column, value_of in zip(values, makers, strict=True):
                column.extend(map(value_of, batch))
    there = session.selected.snapshot.still(uids)
    in_order = array("I", map(uids.__getitem__, places(values, criteria)))
    if len(there) == len(uids):
        return in_order
    left = set(there)
    return array("I", [uid for uid in in_order if uid in left])


async def thread(session: Session, command: commands.Thread) -> AsyncGenerator[Tagged | None, None]:
    """THREAD and UID THREAD."""
    algorithm = ALGORITHMS.get(command.algorithm)
    if algorithm is None:
        yield bad(command, "Unknown algorithm")
        return
    search = Looking(session, command)
    async for _ in search.run():
        yield None
    if search.refused is not None:
        yield search.refused
        return
    view = session.selected
    kind = ("THREAD", command.algorithm, command.uid, session.collation)
    line = view.snapshot.kept_order(kind) if view.is_whole(len(search.found)) else None
    if line is None:
        members = await _members(session, search.found, command.uid)
        threads = algorithm(members, COLLATIONS[session.collation])
        line = Line(encode_thread(ThreadResponse(threads)))
        if view.is_whole(len(members)):
            view.snapshot.keep_order(kind, line)
    session.send(line)
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


async def _members(session: Session, found: Found, uid: bool) -> list[_Member]:
    view, uids = session.selected, array("I")
    members: list[_Member] = []
    looking = candidates(session.shared, view, found, summaries=True)
    async with aclosing(looking) as batches:
        async for batch in batches:
            uids.extend(one.uid for one in batch)
            members += map(_Member, batch)
    numbers = uids if uid else view.numbers(uids)
    for member, number in zip(members, numbers, strict=True):
        member.number = number
    there = set(view.snapshot.still(uids))
    return [one for one, uid in zip(members, uids, strict=True) if uid in there]


class _Member:
    """A message as THREAD sees it."""

    __slots__ = ("date", "is_reply", "message_id", "number", "references", "subject")

    def __init__(self, message: Candidate) -> None:
        summary = message.summary
        assert summary is not None
        self.number = 0
        self.message_id = summary.message_id
        self.references = summary.references
        self.date = sent_date(message)
        self.subject = summary.base_subject
        self.is_reply = summary.is_reply
