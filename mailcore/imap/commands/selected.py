"""Commands on the messages of the selected mailbox (RFC 9051 §6.4)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command
from mailcore.imap.searchkeys import SearchKey
from mailcore.imap.types import FetchItem, PartialRange, SequenceSet, SortCriterion


@dataclass(frozen=True, slots=True)
class Check(Command):
    """CHECK (RFC 3501 §6.4.1)."""


@dataclass(frozen=True, slots=True)
class Close(Command):
    """CLOSE: expunge in silence, then unselect."""


@dataclass(frozen=True, slots=True)
class Unselect(Command):
    """UNSELECT (RFC 3691)."""


@dataclass(frozen=True, slots=True)
class Expunge(Command):
    """EXPUNGE, or UID EXPUNGE of these (RFC 4315 §2.1)."""

    uids: SequenceSet | None = None


@dataclass(frozen=True, slots=True)
class Search(Command):
    """SEARCH.

    Arguments:
        key: the tree.
        uid: UID SEARCH: the answer is UIDs.
        returns: None without RETURN (RFC 4731); else MIN, MAX, ALL, COUNT, SAVE (RFC 5182),
            CONTEXT, UPDATE (RFC 5267 §4), RELEVANCY (RFC 6203 §4); ``RETURN ()`` is ("ALL",).
        charset: as the client named it, upper case, or None; strings in ``key`` are decoded
            already.
        partial: PARTIAL among the return options (RFC 9394 §3.1), which has no word in
            ``returns``; None without it.
        update_items: what UPDATE tells of new messages that it adds (RFC 5465 §7).
    """

    key: SearchKey
    uid: bool = False
    returns: tuple[str, ...] | None = None
    charset: str | None = None
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class Sort(Command):
    """SORT (RFC 5256 §3).

    Arguments:
        criteria: what to go by, the first decides first.
        key, uid, returns, charset, partial, update_items: as in :class:`Search`; the charset is
            never None.
    """

    criteria: tuple[SortCriterion, ...]
    key: SearchKey
    uid: bool = False
    returns: tuple[str, ...] | None = None
    charset: str = "US-ASCII"
    partial: PartialRange | None = None
    update_items: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True)
class CancelUpdate(Command):
    """CANCELUPDATE (RFC 5267 §4.3.5).

    Arguments:
        tags: of searches whose changes are wanted no more.
    """

    tags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Thread(Command):
    """THREAD (RFC 5256 §3).

    Arguments:
        algorithm: upper case: ORDEREDSUBJECT, REFERENCES, REFS.
        key, uid, charset: as in :class:`Sort`.
    """

    algorithm: str
    key: SearchKey
    uid: bool = False
    charset: str = "US-ASCII"


@dataclass(frozen=True, slots=True)
class Fetch(Command):
    """FETCH.

    Arguments:
        numbers: which messages.
        items: what of them.
        uid: ``numbers`` are UIDs.
        changed_since: the modifier of RFC 7162 §3.1.4.1, or None.
        vanished: that of RFC 7162 §3.2.6: tell also which of the UIDs are gone since then.
        partial: that of RFC 9394 §3.3, for UIDs: only these of the messages, or None.
    """

    numbers: SequenceSet
    items: tuple[FetchItem, ...]
    uid: bool = False
    changed_since: int | None = None
    vanished: bool = False
    partial: PartialRange | None = None


@dataclass(frozen=True, slots=True)
class Store(Command):
    """STORE.

    Arguments:
        numbers: which messages.
        action: "FLAGS", "+FLAGS" or "-FLAGS"; or the same with "X-GM-LABELS".
        flags: as written; or labels.
        silent: .SILENT: no untagged FETCH for what this command does.
        unchanged_since: RFC 7162 §3.1.3, or None.
    """

    numbers: SequenceSet
    action: str
    flags: tuple[str, ...]
    silent: bool = False
    uid: bool = False
    unchanged_since: int | None = None


@dataclass(frozen=True, slots=True)
class Copy(Command):
    """COPY."""

    numbers: SequenceSet
    mailbox: str
    uid: bool = False


@dataclass(frozen=True, slots=True)
class Move(Command):
    """MOVE (RFC 6851)."""

    numbers: SequenceSet
    mailbox: str
    uid: bool = False
