"""Looking through a mailbox: what SEARCH, SORT and THREAD begin with.

The snapshot is asked first, then summaries, then messages, and only while the answer is open.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Iterable, Sequence
from datetime import datetime
from itertools import compress
from operator import or_

from mailcore.imap.collation import COLLATIONS
from mailcore.imap.search import (
    Matcher,
    MessageText,
    Relevancy,
    asks_sent,
    compile_key,
    needs_body,
)
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.session.shared import SUMMARIES, Shared, read_into
from mailcore.imap.session.view import View
from mailcore.imap.summary import Summary
from mailcore.imap.verdicts import judge
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.spool import Content


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
        self._key = key
        self._now = now
        self._uids = view.uids if uids is None else uids
        self._relevancy = Relevancy(limits)
        self._matcher = compile_key(key, self._uids, self._collate, now, self._relevancy)
        self._whole = needs_body(key)
        #: The messages that match, in the order in which they were looked at.
        self.found: list[Candidate] = []
        self._position = view.snapshot.log_end

    async def run(
        self, shared: Shared, among: Iterable[tuple[int, int]], enough: int | None = None
    ) -> AsyncGenerator[int, None]:
        """Look at messages; yields now and then how many of them are decided.

        Arguments:
            shared: where summaries come from.
            among: sequence numbers and UIDs, in the order in which they are looked at.
            enough: stop when so many are found; None: find all.
        """
        among = list(among)
        candidates, opens = self._first_look(among)
        if any(opens) and asks_sent(self._key) and enough is None:
            yield len(among) - len(candidates)
            open_ones = sorted(candidate.uid for candidate in compress(candidates, opens))
            await shared.learn_sent(self._view, array("I", open_ones))
            candidates, opens = self._first_look(among)
        if not any(opens):
            self.found = candidates[:enough]
            return
        decided = len(among) - len(candidates)
        undecided = list(zip(candidates, opens, strict=True))
        for start in range(0, len(undecided), SUMMARIES):
            yield decided + start
            batch = undecided[start : start + SUMMARIES]
            missing = [candidate.uid for candidate, is_open in batch if is_open]
            summaries = await shared.summaries(self._view.mailbox, missing) if missing else {}
            for at, (candidate, is_open) in enumerate(batch, start):
                if is_open:
                    candidate.summary = summaries.get(candidate.uid)
                    answer = candidate.summary is not None and _ask(self._matcher, candidate)
                    if answer is None:
                        yield decided + at
                        candidate.text = await self._read(candidate)
                        answer = candidate.text is not None and _ask(self._matcher, candidate)
                    if not answer:
                        continue
                if not self._has_moved or candidate.is_there:
                    candidate.relevancy = self._relevancy.of(candidate.uid)
                    self.found.append(candidate)
                    if len(self.found) == enough:
                        return

    def in_order(self) -> list[Candidate]:
        """Return what was found and has not vanished since, by rising number."""
        found = self.found
        if self._has_moved:
            found = [one for one in found if one.is_there]
        return found[::-1] if found and found[0].number > found[-1].number else found

    @property
    def _has_moved(self) -> bool:
        """Whether something has happened to the mailbox since the search began."""
        return self._view.snapshot.log_end != self._position

    def _first_look(self, among: Sequence[tuple[int, int]]) -> tuple[list[Candidate], bytes]:
        """Return what may match by flags, dates and sizes, and of each whether that is open."""
        backwards = len(among) > 1 and among[0] > among[-1]
        pairs = among[::-1] if backwards else among
        columns = self._view.columns(array("I", [uid for _, uid in pairs]))
        if len(columns.uids) < len(pairs):
            there = set(columns.uids)
            pairs = [pair for pair in pairs if pair[1] in there]
        yes, opens = judge(self._key, columns, self._uids, self._now)
        if any(opens):
            possible = bytes(map(or_, yes, opens))
            opens = bytes(compress(opens, possible))
        else:
            possible, opens = yes, b""
        candidates = [Candidate(self._view, *pair) for pair in compress(pairs, possible)]
        if backwards:
            candidates.reverse()
            opens = opens[::-1]
        return candidates, opens

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
    for start in range(0, len(missing), SUMMARIES):
        batch = missing[start : start + SUMMARIES]
        summaries = await shared.summaries(view.mailbox, [one.uid for one in batch])
        for one in batch:
            one.summary = summaries.get(one.uid)
    return [one for one in found if one.summary is not None and one.is_there]


def _ask(matcher: Matcher, candidate: Candidate) -> bool | None:
    try:
        return matcher(candidate)
    except KeyError:
        return False
