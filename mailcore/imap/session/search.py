"""SEARCH (RFC 9051 §6.4.4, RFC 4731): the snapshot first, then summaries, then messages."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailcore.imap import commands
from mailcore.imap.collation import COLLATIONS
from mailcore.imap.responses import EsearchResponse, SearchResponse, Tagged
from mailcore.imap.search import Matcher, MessageText, asks_modseq, compile_key, needs_body
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.saved import save
from mailcore.imap.session.shared import Shared, read_into
from mailcore.imap.session.view import View
from mailcore.imap.summary import Summary
from mailcore.imap.types import SequenceSet
from mailcore.spool import Content

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# Summaries asked for at a time.
_BATCH: Final = 200


class _Candidate:
    """A message as SEARCH sees it; more is known of it as the search goes on."""

    __slots__ = ("_view", "number", "summary", "text", "uid")

    def __init__(self, view: View, number: int, uid: int) -> None:
        self._view = view
        self.number = number
        self.uid = uid
        self.summary: Summary | None = None
        self.text: MessageText | None = None

    @property
    def flags(self) -> tuple[str, ...]:
        return self._view.flags(self.uid)

    @property
    def modseq(self) -> int:
        return self._view.snapshot.modseq(self.uid)

    @property
    def internal_date(self) -> datetime:
        return self._view.snapshot.internal_date(self.uid)

    @property
    def size(self) -> int | None:
        known = self._view.snapshot.size(self.uid)
        return self.summary.size if known is None and self.summary is not None else known


async def search(session: Session, command: commands.Search) -> AsyncGenerator[Tagged | None, None]:
    """SEARCH and UID SEARCH."""
    view = session.selected
    if _names_other_charset(session, command):
        yield bad(command, "After ENABLE UTF8=ACCEPT there is no CHARSET")
        return
    if asks_modseq(command.key):
        session.use_modseqs()
    saves = command.returns is not None and "SAVE" in command.returns
    if saves:
        # Nothing is saved by a search that fails (RFC 5182 §2.1).
        view.saved = ()
    scan = _Scan(view, command.key, session.collation, session.time())
    among, limited = within_limit(list(enumerate(view.uids, 1)), session.limits)
    async with aclosing(scan.run(session.shared, among)) as running:
        async for done in running:
            if session.tell_progress(command, done, len(among)):
                yield None
    _answer(session, command, scan.found)
    if saves:
        save(view, command.returns or (), scan.found)
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=limited)


def _answer(session: Session, command: commands.Search, found: list[tuple[int, int]]) -> None:
    view = session.selected
    numbers = [uid if command.uid else number for number, uid in found]
    returns = command.returns
    if returns is None and session.rev2:
        # RFC 9051 §6.4.4: the SEARCH response is no more.
        returns = ("ALL",)
    if returns is None:
        modseq = _highest(view, found) if asks_modseq(command.key) else None
        session.send(SearchResponse(numbers, modseq))
    elif returns != ("SAVE",):
        session.send(_extended(view, command, returns, numbers, found))


def _names_other_charset(session: Session, command: commands.Search) -> bool:
    # RFC 6855 §3: refuse CHARSET; one that says what is true in any case does no harm.
    charset = command.charset
    utf8 = "UTF8=ACCEPT" in session.connection.enabled
    return utf8 and charset not in (None, "UTF-8", "US-ASCII")


class _Scan:
    """A search through a mailbox: what is quick to decide first.

    Arguments:
        view: of the mailbox.
        key: what is looked for.
        collation: by which texts compare.
        now: the time when it was asked for; None if the session does not know.
    """

    def __init__(self, view: View, key: SearchKey, collation: str, now: datetime | None) -> None:
        self._view = view
        self._collate = COLLATIONS[collation]
        self._matcher = compile_key(key, view.uids, self._collate, now)
        self._whole = needs_body(key)
        #: (number, UID) of the messages that match. Those that are gone do not match.
        self.found: list[tuple[int, int]] = []

    async def run(
        self, shared: Shared, among: Sequence[tuple[int, int]]
    ) -> AsyncGenerator[int, None]:
        """Look at messages; yields now and then how many of them are decided."""
        undecided: list[tuple[_Candidate, bool | None]] = []
        for number, uid in among:
            candidate = _Candidate(self._view, number, uid)
            answer = _ask(self._matcher, candidate)
            if answer is not False:
                undecided.append((candidate, answer))
        decided = len(among) - len(undecided)
        for start in range(0, len(undecided), _BATCH):
            yield decided + start
            batch = undecided[start : start + _BATCH]
            missing = [candidate.uid for candidate, answer in batch if answer is None]
            summaries = await shared.summaries(self._view.mailbox, missing) if missing else {}
            for at, (candidate, answer) in enumerate(batch, start):
                if answer is None:
                    yield decided + at
                    answer = await self._decide(candidate, summaries.get(candidate.uid))
                if answer and candidate.uid in self._view.snapshot:
                    self.found.append((candidate.number, candidate.uid))

    async def _decide(self, candidate: _Candidate, summary: Summary | None) -> bool | None:
        candidate.summary = summary
        answer = summary is not None and _ask(self._matcher, candidate)
        if answer is None:
            candidate.text = await self._read(candidate)
            answer = candidate.text is not None and _ask(self._matcher, candidate)
        return answer

    async def _read(self, candidate: _Candidate) -> MessageText | None:
        mailbox = self._view.mailbox
        try:
            if not self._whole and candidate.summary is not None:
                block = await mailbox.read(candidate.uid, 0, candidate.summary.header_end)
                return MessageText.of_header(block, self._collate)
            with Content() as content:
                await read_into(content, mailbox, candidate.uid)
                return MessageText.of_message(content.buffer(), self._collate)
        except KeyError:
            return None


def _ask(matcher: Matcher, candidate: _Candidate) -> bool | None:
    try:
        return matcher(candidate)
    except KeyError:
        return False


def _extended(
    view: View,
    command: commands.Search,
    returns: tuple[str, ...],
    numbers: list[int],
    found: list[tuple[int, int]],
) -> EsearchResponse:
    relevant = found
    if set(returns) <= {"MIN", "MAX"}:
        # RFC 7162 §3.1.10: of the messages that are told of, not of all that match.
        relevant = [
            *(found[:1] if "MIN" in returns else ()),
            *(found[-1:] if "MAX" in returns else ()),
        ]
    return EsearchResponse(
        command.tag,
        command.uid,
        min=numbers[0] if "MIN" in returns and numbers else None,
        max=numbers[-1] if "MAX" in returns and numbers else None,
        count=len(numbers) if "COUNT" in returns else None,
        all=SequenceSet.of(numbers) if "ALL" in returns and numbers else None,
        modseq=_highest(view, relevant) if asks_modseq(command.key) else None,
    )


def _highest(view: View, found: Sequence[tuple[int, int]]) -> int | None:
    snapshot = view.snapshot
    return max((snapshot.modseq(uid) for _, uid in found if uid in snapshot), default=None)
