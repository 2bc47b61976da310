"""SEARCH (RFC 9051 §6.4.4, RFC 4731, RFC 5182, RFC 9394)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailcore.imap import commands
from mailcore.imap import searchkeys as keys
from mailcore.imap.responses import EsearchResponse, SearchResponse, SortResponse, Tagged
from mailcore.imap.search import asks_age, asks_modseq
from mailcore.imap.session.answers import bad, cannot, ok
from mailcore.imap.session.contexts import Returning, begin_updates, reuses_tag
from mailcore.imap.session.gmail import with_queries
from mailcore.imap.session.identities import with_known
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.saved import save
from mailcore.imap.session.scan import Candidate, Scan
from mailcore.imap.session.texts import with_texts
from mailcore.imap.session.view import View
from mailcore.imap.types import PartialRange, ResponseCode, SequenceSet

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# Return options that need no more results than PARTIAL does.
_NO_MORE: Final = frozenset({"SAVE", "CONTEXT", "RELEVANCY"})
#: Commands that look through mailboxes.
Searching = commands.Search | commands.Sort | commands.Thread | commands.Esearch


async def search(session: Session, command: commands.Search) -> AsyncGenerator[Tagged | None, None]:
    """SEARCH and UID SEARCH."""
    search = Looking(session, command)
    async for _ in search.run():
        yield None
    if search.refused is not None:
        yield search.refused
        return
    answer(session, command, search.found)
    begin_updates(session, command, search.found, search.position, complete=search.limited is None)
    await session.tell_updates(expunge=command.uid)
    yield ok(command, code=search.limited)


class Looking:
    """Looks through a mailbox for a command.

    Arguments:
        session: whose.
        command: what for.
        view: of the mailbox; None for the one that is selected.
        before: messages that the command has looked at in other mailboxes.
    """

    def __init__(
        self, session: Session, command: Searching, view: View | None = None, before: int = 0
    ) -> None:
        self._session = session
        self._command = command
        self._view = view or session.selected
        self._before = before
        self._limits = session.limits
        if before:
            left = session.limits.messages_per_command - before
            self._limits = replace(session.limits, messages_per_command=left)
        #: What matches, by rising sequence number.
        self.found: list[Candidate] = []
        #: Of the log, up to which it knows what has happened.
        self.position = self._view.position
        #: Where it stopped (RFC 9738).
        self.limited: ResponseCode | None = None
        #: The answer, if the command can not be done.
        self.refused: Tagged | None = None

    async def run(self) -> AsyncGenerator[None, None]:
        """Look; yields where output may be sent."""
        session, command, view = self._session, self._command, self._view
        if _names_other_charset(session, command):
            self.refused = bad(command, "After ENABLE UTF8=ACCEPT there is no CHARSET")
            return
        if asks_relevancy(command) and not keys.is_fuzzy(command.key):
            self.refused = bad(command, "RELEVANCY needs FUZZY")
            return
        if reuses_tag(view, command):
            self.refused = bad(command, "Tag reuse")
            return
        if saves(command):
            # If this fails, nothing is saved (RFC 5182 §2.1).
            save(view, ())
        if asks_modseq(command.key):
            session.use_modseqs(view)
        key = with_queries(command.key, view.name, session.limits.query_words)
        if asks_age(key) and session.time() is None:
            self.refused = cannot(command, "A query for an age")
            return
        key = await with_known(keys.without_fuzzy(key), view.mailbox, view.uids)
        key = await with_texts(
            key,
            view.mailbox,
            view.uids,
            collation=session.collation,
            most=session.limits.text_lookups,
        )
        scan = Scan(view, key, session.collation, session.time(), limits=session.limits)
        among, self.limited = within_limit(list(enumerate(view.uids, 1)), self._limits)
        page = _only_page(command)
        if page is not None and page.from_end:
            among.reverse()
        enough = None if page is None else page.reach
        async with aclosing(scan.run(session.shared, among, enough)) as running:
            async for done in running:
                before = self._before
                if session.tell_progress(command, before + done, before + len(among)):
                    yield
        # What has vanished since it was found has no date to be sorted by.
        self.found = scan.in_order()


def _only_page(command: Searching) -> PartialRange | None:
    """Return the range of results that alone is asked for, so that the others may stay unknown."""
    if isinstance(command, commands.Search | commands.Esearch):
        return command.partial if _NO_MORE.issuperset(command.returns or ()) else None
    return None


def asks_relevancy(command: Searching) -> bool:
    """Tell whether a command is answered or sorted by relevancy (RFC 6203 §4, §6)."""
    return "RELEVANCY" in (getattr(command, "returns", None) or ()) or any(
        criterion.key == "RELEVANCY" for criterion in getattr(command, "criteria", ())
    )


def saves(command: Searching) -> bool:
    """Tell whether a command saves what it finds."""
    returns = getattr(command, "returns", None)
    return returns is not None and "SAVE" in returns


def answer(
    session: Session, command: commands.Search | commands.Sort, found: Sequence[Candidate]
) -> None:
    """Send what was found, in its order, in the form that was asked for."""
    returns = command.returns
    if returns is None and session.rev2 and isinstance(command, commands.Search):
        # RFC 9051 §6.4.4: the SEARCH response is no more.
        returns = ("ALL",)
    if returns is None:
        numbers = [one.uid if command.uid else one.number for one in found]
        modseq = _highest(found) if asks_modseq(command.key) else None
        kind = SearchResponse if isinstance(command, commands.Search) else SortResponse
        session.send(kind(numbers, modseq))
        return
    if "SAVE" in returns:
        save(session.selected, (one.uid for one in relevant_of(command, found)))
        if returns == ("SAVE",) and command.partial is None:
            return
    session.send(extended(command, returns, found))


def _names_other_charset(session: Session, command: Searching) -> bool:
    # RFC 6855 §3: refuse CHARSET; one that says what is true in any case does no harm.
    utf8 = "UTF8=ACCEPT" in session.connection.enabled
    return utf8 and command.charset not in (None, "UTF-8", "US-ASCII")


def relevant_of(command: Returning, found: Sequence[Candidate]) -> Sequence[Candidate]:
    """Return the messages that an answer is about: not all that match, if it names only some.

    RFC 7162 §3.1.10 says so of mod-sequences, RFC 5182 §2.1 and RFC 9394 §3.2 of what is saved.
    """
    returns = command.returns or ()
    picks: list[Sequence[Candidate]] = []
    if "MIN" in returns:
        picks.append(found[:1])
    if "MAX" in returns:
        picks.append(found[-1:])
    if command.partial is not None:
        picks.append(command.partial.of(found))
    if not picks or not {"ALL", "COUNT"}.isdisjoint(returns):
        return found
    return [one for pick in picks for one in pick]


def extended(
    command: Returning, returns: tuple[str, ...], found: Sequence[Candidate]
) -> EsearchResponse:
    """Return what return options ask for, of what was found, in its order."""
    numbers = [one.uid if command.uid else one.number for one in found]
    relevant = relevant_of(command, found)
    return EsearchResponse(
        command.tag,
        command.uid,
        min=numbers[0] if "MIN" in returns and numbers else None,
        max=numbers[-1] if "MAX" in returns and numbers else None,
        count=len(numbers) if "COUNT" in returns else None,
        all=SequenceSet.in_order(numbers) if "ALL" in returns and numbers else None,
        modseq=_highest(relevant) if asks_modseq(command.key) else None,
        partial=None if command.partial is None else _page(command.partial, numbers),
        relevancy=tuple(one.relevancy for one in relevant) if "RELEVANCY" in returns else None,
    )


def _page(wanted: PartialRange, numbers: list[int]) -> tuple[PartialRange, SequenceSet | None]:
    page = wanted.of(numbers)
    return wanted, SequenceSet.in_order(page) if page else None


def _highest(found: Sequence[Candidate]) -> int | None:
    return max((one.modseq for one in found if one.is_there), default=None)
