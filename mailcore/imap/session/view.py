"""What one session has been told of its mailbox, and what it is still to be told."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Awaitable, Collection, Mapping, Sequence
from functools import lru_cache
from itertools import compress, count
from typing import TYPE_CHECKING, Final

from mailcore.backend import ALL_RIGHTS, KeepsHistory, Mailbox, Rights
from mailcore.imap.responses import (
    Exists,
    Expunged,
    FetchResponse,
    Flags,
    ModSequence,
    Recent,
    Response,
    Uid,
    Untagged,
    Vanished,
)
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.snapshot import Rows, Snapshots
from mailcore.imap.types import STAR, ResponseCode, SequenceSet, Status, in_order

if TYPE_CHECKING:
    from mailcore.imap.session.contexts import Context

_LAST_UID: Final = 2**32 - 1
# Numbers in a column that can be read through in the time that it takes to look for one in it.
_SOUGHT: Final = 16


@lru_cache(maxsize=4096)
def _with_recent(flags: frozenset[str]) -> frozenset[str]:
    return flags | {"\\Recent"}


def _among(uids: set[int], known: array[int], count: int) -> set[int]:
    """Return those of some UIDs that stand among the first ones of a rising column."""
    if not uids:
        return uids
    if len(uids) * _SOUGHT > count:
        return uids.intersection(known[:count])
    places = ((uid, bisect_left(known, uid, 0, count)) for uid in uids)
    return {uid for uid, place in places if place < count and known[place] == uid}


class MailboxReset(Exception):
    """The UIDVALIDITY of a mailbox that is selected has changed: its numbers mean nothing now."""


class BadNumber(Exception):
    """A sequence number above the number of messages (RFC 9051 §9, seq-number)."""


class NoModSequences(Exception):
    """A command that uses mod-sequences on a mailbox that keeps none (RFC 7162 §3.1.2.2)."""


class View:
    """A mailbox as its client sees it. Numbers change only in :meth:`updates`.

    Arguments:
        name: of the mailbox.
        mailbox: where to read.
        snapshots: the registry that the snapshot comes from.
        read_only: opened with EXAMINE, or not to be changed at all.
        enabled: what the client has enabled, which decides how it is told; looked at each time.
    """

    def __init__(
        self,
        name: str,
        mailbox: Mailbox,
        snapshots: Snapshots,
        read_only: bool,
        enabled: Collection[str] = (),
    ) -> None:
        self.name = name
        self.mailbox = mailbox
        self.read_only = read_only
        #: What its user may do in it (RFC 4314), as of the last command that asked.
        self.rights: Rights = ALL_RIGHTS
        #: Whether its mod-sequences mean something.
        self.keeps_history = isinstance(mailbox, KeepsHistory)
        self.snapshot = snapshots.get(mailbox)
        # An array of the snapshot's, and how much of it the client knows; see Table.
        self._known = array("I")
        self._count = 0
        self._late = 0
        self._enabled = enabled
        self._snapshots = snapshots
        self._uid_validity = mailbox.uid_validity
        self._position = 0
        #: The UIDs that ``$`` stands for (RFC 5182).
        self.saved: tuple[int, ...] = ()
        #: Searches that go on (RFC 5267), by the tag of their command.
        self.contexts: dict[str, Context] = {}
        self._told_modseq = 0
        # Up to which nothing at all is untold, not even what is gone.
        self._all_told = 0
        self._last = 0
        self._gone: set[int] = set()
        self._recent: list[tuple[int, int]] = []

    def refresh(self) -> Awaitable[None]:
        """Bring the snapshot up to date; nothing is told yet.

        Raises:
            MailboxReset: the UIDs are not those that the client knows.
            BackendError: the mailbox refuses.
        """
        if self.mailbox.uid_validity != self._uid_validity:
            raise MailboxReset(self.name)
        return self.snapshot.refresh(self.mailbox)

    async def open(self) -> None:
        """Take all messages as told: SELECT is about to say how many there are."""
        await self.refresh()
        self._late = self.snapshot.late
        self._follow(len(self.snapshot))
        self._last = self.last
        self._position = self.snapshot.log_end
        self._all_told = self._told_modseq = self.snapshot.highest_modseq
        if self.read_only:
            self._recent = [(self.snapshot.recent_floor, _LAST_UID)]
        else:
            self._claim_recent()

    @property
    def condstore(self) -> bool:
        """Whether mod-sequences are told (RFC 7162 §3.1)."""
        return self.keeps_history and "CONDSTORE" in self._enabled

    @property
    def tells_vanished(self) -> bool:
        """Whether VANISHED is told instead of EXPUNGE (RFC 7162 §3.2.10, RFC 9586 §3.4)."""
        return self.resyncs or self.uid_only

    @property
    def resyncs(self) -> bool:
        """Whether the client may ask later what it has missed since a mod-sequence."""
        return self.keeps_history and "QRESYNC" in self._enabled

    @property
    def uid_only(self) -> bool:
        """Whether messages are told by their UIDs and never by number (RFC 9586)."""
        return "UIDONLY" in self._enabled

    @property
    def tells_recent(self) -> bool:
        """Whether ``\\Recent`` is told: IMAP4rev2 knows it no more (RFC 9051 appendix E)."""
        return "IMAP4REV2" not in self._enabled

    # ------------------------------------------------------------------------------ numbers

    @property
    def count(self) -> int:
        """How many messages the client knows."""
        return self._count

    @property
    def last(self) -> int:
        """The last UID that the client knows, 0 if there is none."""
        return self._known[self._count - 1] if self._count else 0

    @property
    def uids(self) -> array[int]:
        """The UIDs that the client knows, by sequence number: a copy, to look at all of them."""
        return self._known[: self._count]

    def after(self, uid: int) -> Sequence[int]:
        """Return the UIDs above one."""
        return self._known[bisect_right(self._known, uid, 0, self._count) : self._count]

    def number(self, uid: int) -> int | None:
        """Return the sequence number of a message, None if the client does not know of it."""
        index = bisect_left(self._known, uid, 0, self._count)
        return index + 1 if index < self._count and self._known[index] == uid else None

    def numbers(self, uids: Sequence[int]) -> list[int]:
        """Return the sequence numbers of messages that the client knows, in any order."""
        if len(uids) < self._count // 8:
            return [bisect_left(self._known, uid, 0, self._count) + 1 for uid in uids]
        return list(map(dict(zip(self.uids, count(1))).__getitem__, uids))

    def select(self, numbers: SequenceSet, uid: bool) -> Chosen:
        """Return the messages in a set, also those that are gone.

        ``*`` is the last message; in an empty mailbox it names none.

        Raises:
            BadNumber: a sequence number of a message that there is not.
        """
        count = self._count
        if not uid:
            for first, last in numbers.ranges:
                # "5:*" in a box of three is 3:5, so that only a range without "*" can be wrong.
                if STAR not in (first, last) and max(first, last) > count:
                    raise BadNumber
        all_numbers = range(1, count + 1)
        spans = list(numbers.spans(self._known if uid else all_numbers, count))
        if len(spans) == 1:
            return Chosen(all_numbers[spans[0]], self._known[spans[0]])
        return Chosen(
            [number for span in spans for number in all_numbers[span]],
            [one for span in spans for one in self._known[span]],
        )

    def all_messages(self) -> Chosen:
        """Return all that the client knows, also those that are gone."""
        return Chosen(range(1, self._count + 1), self.uids)

    def flags(self, uid: int) -> tuple[str, ...]:
        """Return the flags of a message in a steady order; KeyError if it is gone."""
        flags = in_order(self.snapshot.flags(uid))
        return (*flags, "\\Recent") if self.is_recent(uid) else flags

    def flags_of(self, rows: Rows) -> Sequence[frozenset[str]]:
        """Return the flags of some messages, each with ``\\Recent`` where it is."""
        flags = rows.flags
        if not (self._recent and self.tells_recent):
            return flags
        told = list(flags)
        for low, high in self._recent:
            recent = slice(bisect_left(rows.uids, low), bisect_right(rows.uids, high))
            told[recent] = map(_with_recent, told[recent])
        return told

    def is_recent(self, uid: int) -> bool:
        """Tell whether this session was the first to be told of a message."""
        return self.tells_recent and any(low <= uid <= high for low, high in self._recent)

    def is_whole(self, count: int) -> bool:
        """Tell whether so many messages that the client knows are all that there are now."""
        known = self.snapshot.uids
        if not count == self._count == len(known):
            return False
        return self._known is known or self.uids == known

    def columns(self, uids: Sequence[int]) -> Rows:
        """Return what is at hand of these messages, rising, those that are gone left out."""
        return self.snapshot.columns(uids, self._recent if self.tells_recent else ())

    def recent_count(self) -> int:
        """Return how many messages are ``\\Recent`` in this session."""
        known, count = self._known, self._count
        return sum(
            bisect_right(known, high, 0, count) - bisect_left(known, low, 0, count)
            for low, high in self._recent
        )

    def _follow(self, count: int) -> None:
        """Know so many messages of the snapshot, from the first on."""
        self._known, self._count = self.snapshot.uids, count

    def _claim_recent(self) -> None:
        if not self.tells_recent:
            return
        claimed = self._snapshots.claim_recent(self.mailbox, self.snapshot)
        if claimed is None:
            return
        low, high = claimed
        if self._recent and self._recent[-1][1] == low - 1:
            # One range for all that come one by one: each telling counts through them.
            low, _ = self._recent.pop()
        self._recent.append((low, high))

    # ------------------------------------------------------------------------------ telling

    def updates(self, *, expunge: bool, told: Mapping[int, int]) -> list[Response]:
        """Return the untagged responses for what has happened since the last call.

        Arguments:
            expunge: whether messages may vanish now (RFC 9051 §7.5.1: not while a command by
                sequence number is answered).
            told: the messages whose flags the client has just been told, by UID, with the
                mod-sequence that they had then: they may have changed since.
        """
        if not self._gone and self._is_all_told(told):
            self._position = self.snapshot.log_end
            self._all_told = self._told_modseq = self.snapshot.highest_modseq
            return []
        changed, new = self._news()
        responses: list[Response] = []
        if self._gone and expunge:
            responses += self._expunge()
        elif self._gone and self.resyncs:
            # RFC 7162 §3.2: what was just told may be newer than what must wait. Whoever loses
            # the connection now must ask again from before that.
            code = ResponseCode("HIGHESTMODSEQ", str(self._all_told))
            responses.append(Untagged(Status.OK, "Some messages are gone since", code))
        if new:
            recent_before = self.recent_count()
            self._extend(new)
            if not self.read_only:
                self._claim_recent()
            responses.append(Exists(self._count))
            if self.tells_recent and self.recent_count() != recent_before:
                responses.append(Recent(self.recent_count()))
        for uid in self._untold_flags(sorted(changed), told):
            if (number := self.number(uid)) is not None:
                responses.append(self.flags_response(number, uid))
        if not self._gone:
            self._all_told = self._told_modseq
        return responses

    def _is_all_told(self, told: Mapping[int, int]) -> bool:
        """Tell whether nothing has happened but what the client has just been told."""
        if self._position == self.snapshot.log_end:
            return True
        if not told:
            return False
        log = self.snapshot.log_since(self._position)
        if log is None or len(log) != len(told) or told.keys() != set(log):
            return False
        rows = self.snapshot.columns(sorted(told))
        return dict(zip(rows.uids, rows.modseqs, strict=True)) == told

    def _untold_flags(self, changed: Sequence[int], told: Mapping[int, int]) -> Sequence[int]:
        if not told:
            return changed
        modseqs = self.snapshot.rows(changed).modseqs
        return [uid for uid, own in zip(changed, modseqs, strict=True) if told.get(uid) != own]

    def told_code(self) -> ResponseCode | None:
        """Return HIGHESTMODSEQ for the end of a command that expunges (RFC 7162 §3.2.7)."""
        if not self.resyncs:
            return None
        return ResponseCode("HIGHESTMODSEQ", str(self._all_told))

    @property
    def position(self) -> int:
        """How far in the snapshot's log all is told, but for what is gone and may have to wait."""
        return self._position

    def told_since(self, position: int) -> Sequence[int]:
        """Return the UIDs of what was told since a position; of all, if that is too long ago."""
        log = self.snapshot.log_since(position)
        return self.uids if log is None else log[: self._position - position]

    def untold(self) -> set[int]:
        """Return the UIDs that something has happened to which is still to be told."""
        log = self.snapshot.log_since(self._position)
        return set(self.uids if log is None else log)

    def flags_response(self, number: int, uid: int, *, with_uid: bool = True) -> FetchResponse:
        """Return the FETCH response that tells the flags of a message; KeyError if it is gone."""
        uid_only = self.uid_only
        return FetchResponse(
            uid if uid_only else number,
            (
                *((Uid(uid),) if with_uid and not uid_only else ()),
                Flags(self.flags(uid)),
                *((ModSequence(self.snapshot.modseq(uid)),) if self.condstore else ()),
            ),
            uid_only,
        )

    def _news(self) -> tuple[set[int], Sequence[int]]:
        """Return the UIDs whose flags changed and those that are new; note those that are gone."""
        log = self.snapshot.log_since(self._position)
        told_modseq, self._told_modseq = self._told_modseq, self.snapshot.highest_modseq
        self._position = self.snapshot.log_end
        if log is None:
            # Too far behind: compare. A constant mod-sequence tells nothing, hence ">=".
            rows = self.snapshot.columns(self.uids)
            touched = set(compress(rows.uids, map(told_modseq.__le__, rows.modseqs)))
            gone = set(self.uids).difference(rows.uids)
        else:
            # Most often a message has come, and nothing has happened to those that are known.
            known_before = {uid for uid in log if uid <= self._last}
            touched = _among(known_before, self._known, self._count)
            gone = touched - _among(touched, self.snapshot.uids, len(self.snapshot))
        self._gone |= gone
        known = self.snapshot.uids
        return touched - gone, known[bisect_right(known, self._last) :]

    def _extend(self, new: Sequence[int]) -> None:
        """Know messages that are new."""
        self._last = new[-1]
        if self._known is self.snapshot.uids and self._late == self.snapshot.late:
            self._follow(len(self.snapshot))
        else:
            self._known = self.uids
            self._known.extend(new)
            self._count = len(self._known)

    def _expunge(self) -> list[Response]:
        gone = sorted(uid for uid in self._gone if self.number(uid) is not None)
        # From the last to the first, so that no number moves before it is told.
        numbers = [number for uid in reversed(gone) if (number := self.number(uid)) is not None]
        if self._late == self.snapshot.late:
            self._follow(bisect_right(self.snapshot.uids, self._last))
        else:
            known = self.uids
            self._known = array("I", [uid for uid in known if uid not in self._gone])
            self._count = len(self._known)
        self._gone.clear()
        if self.tells_vanished:
            return [Vanished(SequenceSet.rising(gone))] if gone else []
        return [Expunged(number) for number in numbers]
