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
from mailcore.imap.session.found import Found
from mailcore.imap.session.gmail import with_queries
from mailcore.imap.session.identities import with_known
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.saved import save
from mailcore.imap.session.scan import Scan
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
        self.found = Found(self._view, ())
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
        everything = view.all_messages()
        key = await with_known(keys.without_fuzzy(key), view.mailbox, everything.uids)
        key = await with_texts(
            key,
            view.mailbox,
            everything.uids,
            collation=session.collation,
            most=session.limits.text_lookups,
        )
        now, limits = session.time(), session.limits
        scan = Scan(view, key, session.collation, now, everything.uids, limits)
        among, self.limited = within_limit(everything, self._limits)
        page = _only_page(command)
        enough = None if page is None else page.reach
        from_end = page is not None and page.from_end
        looking = scan.run(session.shared, among, enough, from_end=from_end)
        async with aclosing(looking) as running:
            async for done in running:
                before = self._before
                if session.tell_progress(command, before + done, before + len(among)):
                    yield
        # What has vanished since it was found has no date to be sorted by.
        self.found = scan.found


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


def answer(session: Session, command: commands.Search | commands.Sort, found: Found) -> None:
    """Send what was found, in its order, in the form that was asked for."""
    returns = command.returns
    if returns is None and session.rev2 and isinstance(command, commands.Search):
        # RFC 9051 §6.4.4: the SEARCH response is no more.
        returns = ("ALL",)
    if returns is None:
        numbers = _numbers(command, found)
        modseq = found.highest_modseq() if asks_modseq(command.key) else None
        kind = SearchResponse if isinstance(command, commands.Search) else SortResponse
        session.send(kind(numbers, modseq))
        return
    if "SAVE" in returns:
        save(session.selected, relevant_of(command, found).uids)
        if returns == ("SAVE",) and command.partial is None:
            return
    session.send(extended(command, returns, found))


def _names_other_charset(session: Session, command: Searching) -> bool:
    # RFC 6855 §3: refuse CHARSET; one that says what is true in any case does no harm.
    utf8 = "UTF8=ACCEPT" in session.connection.enabled
    return utf8 and command.charset not in (None, "UTF-8", "US-ASCII")


def relevant_of(command: Returning, found: Found) -> Found:
    """Return the messages that an answer is about: not all that match, if it names only some.

    RFC 7162 §3.1.10 says so of mod-sequences, RFC 5182 §2.1 and RFC 9394 §3.2 of what is saved.
    """
    returns = command.returns or ()
    picks: list[slice] = []
    if "MIN" in returns:
        picks.append(slice(0, 1))
    if "MAX" in returns:
        picks.append(slice(max(len(found) - 1, 0), len(found)))
    if command.partial is not None:
        picks.append(command.partial.span(len(found)))
    if not picks or not {"ALL", "COUNT"}.isdisjoint(returns):
        return found
    return found.only([uid for pick in picks for uid in found.uids[pick]])


def extended(command: Returning, returns: tuple[str, ...], found: Found) -> EsearchResponse:
    """Return what return options ask for, of what was found, in its order."""
    relevant = relevant_of(command, found)
    page = None
    if command.partial is not None:
        page = command.partial, _told(command, found[command.partial.span(len(found))])
    return EsearchResponse(
        command.tag,
        command.uid,
        min=_one(command, found[:1]) if "MIN" in returns else None,
        max=_one(command, found[-1:]) if "MAX" in returns else None,
        count=len(found) if "COUNT" in returns else None,
        all=_told(command, found) if "ALL" in returns else None,
        modseq=relevant.highest_modseq() if asks_modseq(command.key) else None,
        partial=page,
        relevancy=relevant.relevancies() if "RELEVANCY" in returns else None,
    )


def _numbers(command: Returning, found: Found) -> Sequence[int]:
    return found.uids if command.uid else found.numbers


def _one(command: Returning, found: Found) -> int | None:
    return _numbers(command, found)[0] if len(found) else None


def _told(command: Returning, found: Found) -> SequenceSet | None:
    if not len(found):
        return None
    in_order = SequenceSet.in_order if isinstance(command, commands.Sort) else SequenceSet.rising
    return in_order(_numbers(command, found))
