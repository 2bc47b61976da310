"""Searches that go on: SEARCH and SORT RETURN (UPDATE) tell what changes later (RFC 5267 §4.3).

A context holds what its client has been told, and how far it has read the snapshot's log. What is
gone is told before the numbers move; all else behind the news of the mailbox, when the client knows
the messages.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import aclosing
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Final, Protocol

from mailcore.imap import commands
from mailcore.imap import searchkeys as keys
from mailcore.imap.collation import COLLATIONS
from mailcore.imap.responses import ContextUpdate, EsearchResponse, Tagged, Untagged
from mailcore.imap.search import asks_age
from mailcore.imap.session.answers import ok
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.fetch import fetch_unasked
from mailcore.imap.session.found import Found
from mailcore.imap.session.gmail import with_queries
from mailcore.imap.session.identities import with_known
from mailcore.imap.session.scan import Scan, candidates
from mailcore.imap.session.view import View
from mailcore.imap.sorting import needs_summary, sort_key
from mailcore.imap.types import STAR, ResponseCode, SequenceSet, SortCriterion, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

#: Commands that have return options.
Returning = commands.Search | commands.Sort | commands.Esearch

_LAST_UID: Final = 2**32 - 1
# What time alone changes is looked at so often at most (RFC 5032 §2: "periodically").
_PERIOD: Final = timedelta(minutes=1)

# Above so many, sorting all is quicker than putting each into its place.
_FEW: Final = 100

# A place in the results, from 1 on, and the UIDs that are put there or taken from there; 0: each
# where it belongs in the mailbox.
_Pairs = list[tuple[int, list[int]]]


class _Results(Protocol):
    def __len__(self) -> int: ...
    def __contains__(self, uid: int) -> bool: ...
    def remove(self, uids: Sequence[int]) -> _Pairs: ...
    def add(self, keys: Mapping[int, Any]) -> _Pairs: ...


class _InMailboxOrder:
    """What SEARCH has found."""

    def __init__(self) -> None:
        self._uids: set[int] = set()

    def __len__(self) -> int:
        return len(self._uids)

    def __contains__(self, uid: int) -> bool:
        return uid in self._uids

    def remove(self, uids: Sequence[int]) -> _Pairs:
        self._uids.difference_update(uids)
        return [(0, sorted(uids))]

    def add(self, keys: Mapping[int, Any]) -> _Pairs:
        self._uids.update(keys)
        return [(0, sorted(keys))]


class _Sorted:
    """What SORT has found. What decides the order of a message never changes."""

    def __init__(self) -> None:
        self._keys: dict[int, Any] = {}
        self._order: list[tuple[Any, int]] = []

    def __len__(self) -> int:
        return len(self._order)

    def __contains__(self, uid: int) -> bool:
        return uid in self._keys

    def _index(self, uid: int) -> int:
        return bisect_left(self._order, (self._keys[uid], uid))

    def remove(self, uids: Sequence[int]) -> _Pairs:
        pairs: _Pairs = []
        # From the last to the first, so that no place moves before it is told.
        for low, high in reversed(list(_runs(sorted(map(self._index, uids))))):
            pairs.append((low + 1, [uid for _, uid in self._order[low : high + 1]]))
            del self._order[low : high + 1]
        for uid in uids:
            del self._keys[uid]
        return pairs

    def add(self, keys: Mapping[int, Any]) -> _Pairs:
        self._keys.update(keys)
        placed = [(key, uid) for uid, key in keys.items()]
        if len(placed) > _FEW:
            self._order.extend(placed)
            self._order.sort()
        else:
            for one_placed in placed:
                insort(self._order, one_placed)
        # From the first to the last: each comes to stand where it stays.
        return [
            (low + 1, [uid for _, uid in self._order[low : high + 1]])
            for low, high in _runs(sorted(map(self._index, keys)))
        ]


def _runs(indexes: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Yield the runs of neighbours among rising indexes, each as its first and last one."""
    return iter(SequenceSet.in_order(indexes).ranges)


class Context:
    """One search that goes on.

    Arguments:
        session: whose.
        command: that began it.
        position: of the log, up to which the search knew what had happened.
    """

    def __init__(self, session: Session, command: Returning, position: int) -> None:
        view = session.selected
        self.position = position
        self._tag = command.tag
        self._uid = command.uid
        key = with_queries(command.key, view.name, session.limits.query_words)
        self._key = _fixed(keys.without_fuzzy(key), view)
        self._criteria = command.criteria if isinstance(command, commands.Sort) else ()
        self._collation = session.collation
        self._items = command.update_items
        # ESEARCH says with all that it tells of which mailbox that is (RFC 7377 §2.1).
        told_of = isinstance(command, commands.Esearch)
        self._mailbox = view.name if told_of else None
        self._uid_validity = view.mailbox.uid_validity if told_of else None
        self._may_change = keys.any_key(
            key, lambda one: isinstance(one, keys.HasFlag | keys.ModSeq)
        )
        self._looked = session.time()
        # The last message that the client knew of when this was looked at.
        self._last = view.last
        self.results: _Results = _Sorted() if self._criteria else _InMailboxOrder()

    def vanished(self, view: View) -> EsearchResponse | None:
        """Return the REMOVEFROM for what is gone, while its numbers are still those of before."""
        log = view.snapshot.log_since(self.position)
        touched = view.uids if log is None else sorted(set(log))
        gone = [uid for uid in touched if uid in self.results and uid not in view.snapshot]
        return self._response(view, gone, {})

    async def tell(self, session: Session) -> None:
        """Look at what has happened to messages that the client knows of; send what changes.

        Raises:
            BackendError: the mailbox refuses; what is not told yet is told later.
        """
        view, now = session.selected, session.time()
        position, touched = view.position, self._touched(view, now)
        uids = [uid for uid in touched if view.number(uid) is not None]
        if not uids:
            self.position = position
            return
        among = Chosen(view.numbers(uids), uids)
        key = await with_known(self._key, view.mailbox, uids)
        scan = Scan(view, key, self._collation, now, uids, session.limits)
        async with aclosing(scan.run(session.shared, among)) as running:
            async for _ in running:
                pass
        matching = scan.found.uids
        gone = set(uids).difference(matching)
        removed = [uid for uid in uids if uid in gone and uid in self.results]
        new = Found(view, [uid for uid in matching if uid not in self.results])
        added = await sort_keys(session, self._criteria, new)
        self.position = position
        if (response := self._response(view, removed, added)) is not None:
            session.send(response)
        arrived = [uid for uid in added if uid > self._last]
        self._last = view.last
        if arrived and self._items:
            # RFC 5465 §5.2: behind ADDTO. §7 shows them the other way round.
            await fetch_unasked(session, arrived, self._items)

    def _touched(self, view: View, now: datetime | None) -> Sequence[int]:
        aged = now is not None and self._looked is not None and now - self._looked >= _PERIOD
        if aged and asks_age(self._key):
            self._looked = now
            return view.uids
        touched = sorted(set(view.told_since(self.position)))
        # What does not ask for flags knows the answer of each message since it came.
        return touched if self._may_change else touched[bisect_right(touched, self._last) :]

    def _response(
        self, view: View, removed: Sequence[int], added: Mapping[int, Any]
    ) -> EsearchResponse | None:
        updates = []
        if removed:
            updates.append(self._update(view, "REMOVEFROM", self.results.remove(removed)))
        if added:
            updates.append(self._update(view, "ADDTO", self.results.add(added)))
        if not updates:
            return None
        return EsearchResponse(
            self._tag,
            self._uid,
            updates=tuple(updates),
            mailbox=self._mailbox,
            uid_validity=self._uid_validity,
        )

    def _update(self, view: View, name: str, pairs: _Pairs) -> ContextUpdate:
        told = []
        for place, uids in pairs:
            # All of them are messages that the client knows: none is without a number.
            numbers = uids if self._uid else [view.number(uid) or 0 for uid in uids]
            told.append((place, SequenceSet.in_order(numbers)))
        return ContextUpdate(name, tuple(told))


def _fixed(key: keys.SearchKey, view: View) -> keys.SearchKey:
    """Return a key whose numbers mean what they mean now (RFC 5267 §4.3).

    ``*`` is the last message that there is now; of UIDs, a range that ends with it stays open.
    """
    last = view.last or _LAST_UID

    def fixed(one: keys.SearchKey) -> keys.SearchKey:
        if not isinstance(one, keys.InSet):
            return one
        if one.uid:
            return keys.InSet(
                SequenceSet(tuple(_open(pair, last) for pair in one.numbers.ranges)), True
            )
        numbers, uids = one.numbers.select(range(1, view.count + 1)), view.uids
        return keys.InSet(SequenceSet.of(uids[number - 1] for number in numbers), True)

    return keys.map_keys(key, fixed)


def _open(pair: tuple[int, int], last: int) -> tuple[int, int]:
    if STAR not in pair:
        return pair
    return (last, last) if pair == (STAR, STAR) else (min(max(pair), last), _LAST_UID)


# ----------------------------------------------------------------------------- what handlers need


def reuses_tag(view: View, command: commands.Command) -> bool:
    """Tell whether a command asks for updates by a tag that stands for others (RFC 5267 §4.3)."""
    return command.tag in view.contexts and "UPDATE" in (getattr(command, "returns", None) or ())


async def sort_keys(
    session: Session, criteria: Sequence[SortCriterion], found: Found
) -> dict[int, Any]:
    """Return what decides where messages stand, by UID; those that are gone are left out."""
    view, collate = session.selected, COLLATIONS[session.collation]
    if not criteria:
        return dict.fromkeys(view.snapshot.still(found.uids))
    keys: dict[int, Any] = {}
    looking = candidates(session.shared, view, found, summaries=needs_summary(criteria))
    async with aclosing(looking) as batches:
        async for batch in batches:
            keys.update((one.uid, sort_key(one, criteria, collate)) for one in batch)
    return {uid: key for uid, key in keys.items() if uid in view.snapshot}


def begin_updates(
    session: Session,
    command: Returning,
    found: Found,
    position: int,
    *,
    complete: bool,
    keys: Mapping[int, Any] | None = None,
) -> None:
    """Let a search go on if it asks for that and there is room; say NOUPDATE if there is not.

    Arguments:
        session, command: whose, and what it asks for.
        found: by the search.
        position: see :class:`Context`.
        complete: whether all messages were looked at.
        keys: of what was sorted, see :func:`sort_keys`.
    """
    if "UPDATE" not in (command.returns or ()):
        return
    contexts, limits = session.selected.contexts, session.limits
    if len(contexts) >= limits.search_contexts:
        refuse_updates(session, command, "Too many contexts")
    elif not complete or _kept(contexts) + len(found) > limits.search_context_results:
        refuse_updates(session, command, "Too many messages")
    else:
        contexts[command.tag] = context = Context(session, command, position)
        context.results.add(keys or dict.fromkeys(found.uids))


def refuse_updates(session: Session, command: Returning, text: str) -> None:
    """Say NOUPDATE to a command that has asked for updates (RFC 5267 §4.3.1)."""
    if "UPDATE" in (command.returns or ()):
        session.send(_no_update(command.tag, text))


def vanished(view: View) -> Iterator[EsearchResponse]:
    """Yield what is to be told of contexts before any message vanishes."""
    for context in view.contexts.values():
        if (response := context.vanished(view)) is not None:
            yield response


async def tell_changes(session: Session) -> None:
    """Send what has changed in contexts, once the client has been told of the messages.

    Raises:
        BackendError: the mailbox refuses; what it had to say is told later.
    """
    contexts = session.selected.contexts
    for tag, context in list(contexts.items()):
        await context.tell(session)
        if tag in contexts and _kept(contexts) > session.limits.search_context_results:
            del contexts[tag]
            session.send(_no_update(tag, "Too many messages"))


def _kept(contexts: Mapping[str, Context]) -> int:
    return sum(len(context.results) for context in contexts.values())


def _no_update(tag: str, text: str) -> Untagged:
    # "]" may be in a tag, and not in a response code.
    code = ResponseCode("NOUPDATE", f'"{tag}"') if "]" not in tag else None
    return Untagged(Status.NO, text, code)


async def cancel_update(session: Session, command: commands.CancelUpdate) -> Tagged:
    """CANCELUPDATE (RFC 5267 §4.3.5): of what does not go on there is nothing to cancel."""
    for tag in command.tags:
        session.selected.contexts.pop(tag, None)
    await session.tell_updates()
    return ok(command, "No further updates")
