"""SORT and THREAD (RFC 5256, RFC 5957, RFC 5267): from summaries, never from bodies."""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from mailcore.imap import commands
from mailcore.imap.collation import COLLATIONS
from mailcore.imap.responses import Tagged, ThreadResponse
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.contexts import begin_updates
from mailcore.imap.session.scan import Candidate, with_summaries
from mailcore.imap.session.search import Looking, answer
from mailcore.imap.sorting import COLUMN_KEYS, PLAIN_KEYS, order, sent_date, sorted_by
from mailcore.imap.threading import ALGORITHMS
from mailcore.imap.types import SortCriterion

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def sort(session: Session, command: commands.Sort) -> AsyncGenerator[Tagged | None, None]:
    """SORT and UID SORT."""
    search = Looking(session, command)
    async for _ in search.run():
        yield None
    if search.refused is not None:
        yield search.refused
        return
    found = await _sorted(session, command.criteria, search.found)
    if "UPDATE" in (command.returns or ()) and not PLAIN_KEYS.issuperset(
        criterion.key for criterion in command.criteria
    ):
        # An order that was known already has looked at no summary: what comes later is put among
        # these messages by what theirs say.
        found = await with_summaries(session.shared, session.selected, found)
    answer(session, command, found)
    begin_updates(session, command, found, search.position, complete=search.limited is None)
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


async def _sorted(
    session: Session, criteria: tuple[SortCriterion, ...], found: Sequence[Candidate]
) -> list[Candidate]:
    view = session.selected
    names = {criterion.key for criterion in criteria}
    if names <= COLUMN_KEYS:
        uids = array("I", [one.uid for one in found])
        if "DATE" in names:
            await session.shared.learn_sent(view, uids)
        columns = view.columns(uids)
        if "SIZE" not in names or min(columns.sizes, default=0) >= 0:
            there = found
            if len(columns.uids) < len(found):
                there = [one for one in found if one.is_there]
            return [there[place] for place in order(columns, criteria)]
    kind = ("SORT", criteria, session.collation)
    kept = view.snapshot.kept_order(kind)
    if kept is not None:
        by_uid = {one.uid: one for one in found}
        return [by_uid[uid] for uid in kept if uid in by_uid]
    if not names <= PLAIN_KEYS:
        found = await with_summaries(session.shared, view, found)
    found = sorted_by(found, criteria, COLLATIONS[session.collation])
    # What is relevant to one search is not to another.
    if view.is_whole(len(found)) and "RELEVANCY" not in names:
        view.snapshot.keep_order(kind, array("I", [one.uid for one in found]))
    return found


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
    threads = view.snapshot.kept_order(kind) if view.is_whole(len(search.found)) else None
    if threads is None:
        found = await with_summaries(session.shared, view, search.found)
        members = [_Member(one, command.uid) for one in found]
        threads = algorithm(members, COLLATIONS[session.collation])
        if view.is_whole(len(found)):
            view.snapshot.keep_order(kind, threads)
    session.send(ThreadResponse(threads))
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


class _Member:
    """A message as THREAD sees it."""

    __slots__ = ("date", "is_reply", "message_id", "number", "references", "subject")

    def __init__(self, message: Candidate, uid: bool) -> None:
        summary = message.summary
        assert summary is not None
        self.number = message.uid if uid else message.number
        self.message_id = summary.message_id
        self.references = summary.references
        self.date = sent_date(message)
        self.subject = summary.base_subject
        self.is_reply = summary.is_reply
