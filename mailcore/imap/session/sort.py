"""SORT and THREAD (RFC 5256, RFC 5957, RFC 5267): from summaries, never from bodies."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import TYPE_CHECKING, Final

from mailcore.imap import commands
from mailcore.imap.collation import COLLATIONS
from mailcore.imap.responses import Tagged, ThreadResponse
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.scan import Candidate
from mailcore.imap.session.search import Looking, answer
from mailcore.imap.sorting import PLAIN_KEYS, sent_date, sorted_by
from mailcore.imap.threading import ALGORITHMS

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# Summaries asked for at a time.
_BATCH: Final = 500


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
        found = await _with_summaries(session, found)
    found = sorted_by(found, command.criteria, COLLATIONS[session.collation])
    answer(session, command, found)
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
    found = await _with_summaries(session, search.found)
    members = [_Member(one, command.uid) for one in found]
    session.send(ThreadResponse(algorithm(members, COLLATIONS[session.collation])))
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


async def _with_summaries(session: Session, found: Sequence[Candidate]) -> list[Candidate]:
    """Get the summaries of messages; those that vanish meanwhile are left out."""
    mailbox = session.selected.mailbox
    missing = [one for one in found if one.summary is None]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        summaries = await session.shared.summaries(mailbox, [one.uid for one in batch])
        for one in batch:
            one.summary = summaries.get(one.uid)
    return [one for one in found if one.summary is not None and one.is_there]


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
