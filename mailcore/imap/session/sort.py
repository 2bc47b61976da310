"""SORT and THREAD (RFC 5256, RFC 5957, RFC 5267): from summaries, never from bodies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING

from mailcore.imap import commands
from mailcore.imap.collation import COLLATIONS
from mailcore.imap.responses import Tagged, ThreadResponse
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.contexts import begin_updates
from mailcore.imap.session.scan import Candidate, with_summaries
from mailcore.imap.session.search import Looking, answer
from mailcore.imap.sorting import PLAIN_KEYS, sent_date, sorted_by
from mailcore.imap.threading import ALGORITHMS

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
    found: Sequence[Candidate] = search.found
    if not PLAIN_KEYS.issuperset(criterion.key for criterion in command.criteria):
        found = await with_summaries(session.shared, session.selected, found)
    found = sorted_by(found, command.criteria, COLLATIONS[session.collation])
    answer(session, command, found)
    begin_updates(session, command, found, search.position, complete=search.limited is None)
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


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
    found = await with_summaries(session.shared, session.selected, search.found)
    members = [_Member(one, command.uid) for one in found]
    session.send(ThreadResponse(algorithm(members, COLLATIONS[session.collation])))
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
