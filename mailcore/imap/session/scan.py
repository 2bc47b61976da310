"""Looking through a mailbox: what SEARCH, SORT and THREAD begin with.

The snapshot is asked first, then summaries, then messages, and only while the answer is open.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime
from typing import Final

from mailcore.imap.collation import COLLATIONS
from mailcore.imap.search import Matcher, MessageText, Relevancy, compile_key, needs_body
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.session.shared import Shared, read_into
from mailcore.imap.session.view import View
from mailcore.imap.summary import Summary
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.spool import Content

# Summaries asked for at a time.
_BATCH: Final = 200


class Candidate:
    """A message as SEARCH sees it; more is known of it as the search goes on."""

    __slots__ = ("_view", "number", "relevancy", "summary", "text", "uid")

    def __init__(self, view: View, number: int, uid: int) -> None:
        self._view = view
        self.number = number
        self.uid = uid
        self.summary: Summary | None = None
        self.text: MessageText | None = None
        #: To a search with FUZZY, once it is found: from 1 to 100.
        self.relevancy = 100

    @property
    def is_there(self) -> bool:
        """Whether it has not vanished meanwhile."""
        return self.uid in self._view.snapshot

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


class Scan:
    """A search through a mailbox: what is quick to decide first.

    Arguments:
        view: of the mailbox.
        key: what is looked for.
        collation: by which texts compare.
        now: the time when it was asked for; None if the session does not know.
        uids: the messages that numbers in the key are of; None: all that the client knows of.
        limits: how many words FUZZY compares.
    """

    def __init__(
        self,
        view: View,
        key: SearchKey,
        collation: str,
        now: datetime | None,
        uids: Sequence[int] | None = None,
        limits: Limits = DEFAULT_LIMITS,
    ) -> None:
        self._view = view
        self._collate = COLLATIONS[collation]
        self._relevancy = Relevancy(limits)
        self._matcher = compile_key(
            key, view.uids if uids is None else uids, self._collate, now, self._relevancy
        )
        self._whole = needs_body(key)
        #: The messages that match. Those that are gone do not match.
        self.found: list[Candidate] = []

    async def run(
        self, shared: Shared, among: Iterable[tuple[int, int]], enough: int | None = None
    ) -> AsyncGenerator[int, None]:
        """Look at messages; yields now and then how many of them are decided.

        Arguments:
            shared: where summaries come from.
            among: sequence numbers and UIDs, in the order in which they are looked at.
            enough: stop when so many are found; None: find all.
        """
        undecided: list[tuple[Candidate, bool | None]] = []
        looked_at = 0
        for number, uid in among:
            looked_at += 1
            candidate = Candidate(self._view, number, uid)
            answer = _ask(self._matcher, candidate)
            if answer is not False:
                undecided.append((candidate, answer))
        decided = looked_at - len(undecided)
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
                    candidate.relevancy = self._relevancy.of(candidate.uid)
                    self.found.append(candidate)
                    if len(self.found) == enough:
                        return

    async def _decide(self, candidate: Candidate, summary: Summary | None) -> bool | None:
        candidate.summary = summary
        answer = summary is not None and _ask(self._matcher, candidate)
        if answer is None:
            candidate.text = await self._read(candidate)
            answer = candidate.text is not None and _ask(self._matcher, candidate)
        return answer

    async def _read(self, candidate: Candidate) -> MessageText | None:
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


async def with_summaries(shared: Shared, view: View, found: Sequence[Candidate]) -> list[Candidate]:
    """Get the summaries of messages; those that vanish meanwhile are left out."""
    missing = [one for one in found if one.summary is None]
    for start in range(0, len(missing), _BATCH):
        batch = missing[start : start + _BATCH]
        summaries = await shared.summaries(view.mailbox, [one.uid for one in batch])
        for one in batch:
            one.summary = summaries.get(one.uid)
    return [one for one in found if one.summary is not None and one.is_there]


def _ask(matcher: Matcher, candidate: Candidate) -> bool | None:
    try:
        return matcher(candidate)
    except KeyError:
        return False
