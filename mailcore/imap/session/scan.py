"""Looking through a mailbox: what SEARCH, SORT and THREAD begin with.

The snapshot is asked first, then summaries, then messages, and only while the answer is open.
"""

from __future__ import annotations

from array import array
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from datetime import datetime
from itertools import compress

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
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.found import Found
from mailcore.imap.session.shared import SUMMARIES, Shared, read_into
from mailcore.imap.session.view import View
from mailcore.imap.summary import Summary
from mailcore.imap.verdicts import judge
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.spool import Content


class Candidate:
    """A message that is looked at closely; more is known of it as that goes on."""

    __slots__ = ("_view", "relevancy", "summary", "text", "uid")

    def __init__(
        self, view: View, uid: int, summary: Summary | None = None, relevancy: int = 100
    ) -> None:
        self._view = view
        self.uid = uid
        self.summary = summary
        self.text: MessageText | None = None
        #: To a search with FUZZY, once it is found: from 1 to 100.
        self.relevancy = relevancy

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
        self._whole = needs_body(key)
        self._among = Chosen()
        # For each message that was looked at 1 if it matches, and 0 if not.
        self._found = bytearray()
        self._position = view.snapshot.log_end

    async def run(
        self,
        shared: Shared,
        among: Chosen,
        enough: int | None = None,
        *,
        from_end: bool = False,
    ) -> AsyncGenerator[int, None]:
        """Look at messages; yields now and then how many of them are decided.

        Arguments:
            shared: where summaries come from.
            among: the messages to look at.
            enough: stop when so many are found; None: find all.
            from_end: begin with the last one.
        """
        there, yes, opens = self._first_look(among)
        if 1 in opens and asks_sent(self._key) and enough is None:
            yield len(among) - opens.count(1)
            await shared.learn_sent(self._view, array("I", compress(there.uids, opens)))
            there, yes, opens = self._first_look(among)
        self._among, self._found = there, bytearray(yes)
        if 1 in opens:
            async with aclosing(self._look_closer(shared, opens, enough, from_end)) as looking:
                async for left in looking:
                    yield len(among) - left
        elif enough is not None:
            _keep(self._found, enough, from_end)

    @property
    def found(self) -> Found:
        """The messages that match and have not vanished since, by rising number."""
        found = Found(
            self._view, among=self._among, mask=bytes(self._found), relevancy=self._relevancy
        )
        if self._has_moved:
            still = self._view.snapshot.still(found.uids)
            return found if len(still) == len(found) else found.only(still)
        return found

    @property
    def _has_moved(self) -> bool:
        """Whether something has happened to the mailbox since the search began."""
        return self._view.snapshot.log_end != self._position

    def _first_look(self, among: Chosen) -> tuple[Chosen, bytes, bytes]:
        """Return those that are there, and of each whether it matches by flags, dates and sizes,
        and whether that is open.
        """
        columns = self._view.columns(among.uids)
        return among.only(columns.uids), *judge(self._key, columns, self._uids, self._now)

    async def _look_closer(
        self, shared: Shared, opens: bytes, enough: int | None, from_end: bool
    ) -> AsyncGenerator[int, None]:
        """Decide what is open; yields how many messages are not decided yet."""
        matcher = compile_key(self._key, self._uids, self._collate, self._now, self._relevancy)
        uids = self._among.uids
        possible = list(compress(range(len(uids)), _either(self._found, opens)))
        if from_end:
            possible.reverse()
        matching = bytearray(len(uids))
        self._found = matching
        left = enough
        for start in range(0, len(possible), SUMMARIES):
            yield len(possible) - start
            batch = possible[start : start + SUMMARIES]
            missing = sorted(uids[place] for place in batch if opens[place])
            summaries = await shared.summaries(self._view.mailbox, missing) if missing else {}
            for at, place in enumerate(batch, start):
                uid = uids[place]
                if opens[place]:
                    candidate = Candidate(self._view, uid, summaries.get(uid))
                    answer = candidate.summary is not None and _ask(matcher, candidate)
                    if answer is None:
                        yield len(possible) - at
                        candidate.text = await self._read(candidate)
                        answer = candidate.text is not None and _ask(matcher, candidate)
                    if not answer:
                        continue
                if self._has_moved and uid not in self._view.snapshot:
                    continue
                matching[place] = 1
                if left is not None:
                    left -= 1
                    if not left:
                        return

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


def _either(one: bytearray, other: bytes) -> bytes:
    """Return 1 where one of them has it."""
    both = int.from_bytes(one, "little") | int.from_bytes(other, "little")
    return both.to_bytes(len(one), "little")


def _keep(found: bytearray, count: int, from_end: bool) -> None:
    """Forget all that is found but the first ones, or the last ones."""
    surplus = found.count(1) - count
    if surplus > 0:
        places = list(compress(range(len(found)), found))
        for place in places[:surplus] if from_end else places[count:]:
            found[place] = 0


async def candidates(
    shared: Shared, view: View, found: Found, *, summaries: bool
) -> AsyncGenerator[list[Candidate], None]:
    """Yield what was found, some at a time: summaries of all at once would not fit into memory.

    Those that are gone by now are left out.

    Arguments:
        shared: where summaries come from.
        view: of the mailbox.
        found: in it.
        summaries: whether they are needed.
    """
    relevancies = found.relevancies()
    for start in range(0, len(found), SUMMARIES):
        part = slice(start, start + SUMMARIES)
        uids = found.uids[part]
        known = await shared.summaries(view.mailbox, uids) if summaries else {}
        yield [
            Candidate(view, uid, known.get(uid), relevancy)
            for uid, relevancy in zip(uids, relevancies[part], strict=True)
            if (uid in known or not summaries) and uid in view.snapshot
        ]


def _ask(matcher: Matcher, candidate: Candidate) -> bool | None:
    try:
        return matcher(candidate)
    except KeyError:
        return False
