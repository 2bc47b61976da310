"""SEARCH (RFC 9051 §6.4.4, RFC 4731): the snapshot first, then summaries, then messages."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Final

from mailcore.imap import commands
from mailcore.imap.responses import EsearchResponse, SearchResponse, Tagged
from mailcore.imap.search import Matcher, MessageText, asks_modseq, compile_key, needs_body
from mailcore.imap.session.answers import bad, ok
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


async def search(session: Session, command: commands.Search) -> Tagged:
    """SEARCH and UID SEARCH."""
    view = session.selected
    if _names_other_charset(session, command):
        return bad(command, "After ENABLE UTF8=ACCEPT there is no CHARSET")
    if asks_modseq(command.key):
        session.use_modseqs()
    matcher = compile_key(command.key, view.uids)
    whole = needs_body(command.key)
    found = await _matching(session.shared, view, matcher, whole)
    numbers = [uid if command.uid else number for number, uid in found]
    returns = command.returns
    if returns is None and session.rev2:
        # RFC 9051 §6.4.4: the SEARCH response is no more.
        returns = ("ALL",)
    if returns is None:
        modseq = _highest(view, found) if asks_modseq(command.key) else None
        session.send(SearchResponse(numbers, modseq))
    else:
        session.send(_extended(view, command, returns, numbers, found))
    await session.tell_updates(expunge=command.uid)
    return ok(command)


def _names_other_charset(session: Session, command: commands.Search) -> bool:
    # RFC 6855 §3: refuse CHARSET; one that says what is true in any case does no harm.
    charset = command.charset
    utf8 = "UTF8=ACCEPT" in session.connection.enabled
    return utf8 and charset not in (None, "UTF-8", "US-ASCII")


async def _matching(
    shared: Shared, view: View, matcher: Matcher, whole: bool
) -> list[tuple[int, int]]:
    """Return (number, UID) of the messages that match. Those that are gone do not match."""
    undecided: list[tuple[_Candidate, bool | None]] = []
    for number, uid in enumerate(list(view.uids), 1):
        candidate = _Candidate(view, number, uid)
        answer = _ask(matcher, candidate)
        if answer is not False:
            undecided.append((candidate, answer))
    found: list[tuple[int, int]] = []
    for start in range(0, len(undecided), _BATCH):
        batch = undecided[start : start + _BATCH]
        missing = [candidate.uid for candidate, answer in batch if answer is None]
        summaries = await shared.summaries(view.mailbox, missing) if missing else {}
        for candidate, answer in batch:
            if answer is None:
                candidate.summary = summaries.get(candidate.uid)
                answer = candidate.summary is not None and _ask(matcher, candidate)
            if answer is None:
                candidate.text = await _read(view, candidate, whole)
                answer = candidate.text is not None and _ask(matcher, candidate)
            if answer and candidate.uid in view.snapshot:
                found.append((candidate.number, candidate.uid))
    return found


def _ask(matcher: Matcher, candidate: _Candidate) -> bool | None:
    try:
        return matcher(candidate)
    except KeyError:
        return False


async def _read(view: View, candidate: _Candidate, whole: bool) -> MessageText | None:
    mailbox = view.mailbox
    try:
        if not whole and candidate.summary is not None:
            block = await mailbox.read(candidate.uid, 0, candidate.summary.header_end)
            return MessageText.of_header(block)
        with Content() as content:
            await read_into(content, mailbox, candidate.uid)
            return MessageText.of_message(content.buffer())
    except KeyError:
        return None


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
