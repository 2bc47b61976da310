"""The one change primitive: what is new, changed and vanished in a mailbox."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import NamedTuple


class MessageState(NamedTuple):
    """What a mailbox says of one message. A tuple, since a mailbox has many of them.

    Arguments:
        uid: 1 to 2**32-1, never used twice under one UIDVALIDITY.
        flags: system flags as RFC 9051 §2.3.2 spells them, and keywords. ``\\Recent`` is the
            engine's.
        modseq: the mailbox's mod-sequence when this message last changed (RFC 7162 §3.1.1).
        internal_date: when it arrived; must carry a time zone.
        size: octets of the message, or None if unknown: the engine then reads it to count.
    """

    uid: int
    flags: frozenset[str] = frozenset()
    modseq: int = 1
    internal_date: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    size: int | None = None


class FlagsChanged(NamedTuple):
    """What became of the flags of messages that are known: the same for all of them.

    Arguments:
        uids: rising. Those that are gone are passed over.
        flags: all that each of them has now.
        modseq: as of :class:`MessageState`.
    """

    uids: Sequence[int]
    flags: frozenset[str]
    modseq: int


@dataclass(frozen=True, slots=True)
class Changes:
    """The one change primitive: what is new, changed and vanished after a mod-sequence.

    Arguments:
        messages: those that are new or whose flags changed.
        vanished: UIDs that are gone.
        highest_modseq: as of now; pass it as ``since`` the next time. Each change raises it.
        uid_next: the UID that the next message would get at least.
        complete: True if ``messages`` is all there is, so that whatever is not in it has vanished.
            For ``since=0``, and for backends that keep no history.
        flagged: a shorter way to tell of messages that were told before, or stand in ``messages``,
            and have other flags since; taken in behind those, one after the other.
    """

    messages: Sequence[MessageState]
    vanished: Sequence[int] = ()
    highest_modseq: int = 1
    uid_next: int = 1
    complete: bool = False
    flagged: Sequence[FlagsChanged] = ()


def all_messages(messages: Iterable[MessageState], *, modseq: int = 1) -> Changes:
    """Make :class:`Changes` for a mailbox that keeps no history: simply all that is there now.

    Arguments:
        messages: all of them, in any order.
        modseq: any number that never falls and rises with each change; a constant is right for
            a mailbox whose messages only come and go.
    """
    ordered = sorted(messages, key=lambda message: message.uid)
    uid_next = ordered[-1].uid + 1 if ordered else 1
    return Changes(ordered, highest_modseq=modseq, uid_next=uid_next, complete=True)
