"""A mailbox, and what it may offer beyond being read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from functools import cached_property
from typing import NamedTuple, Protocol, runtime_checkable

from mailcore.backend.changes import Changes
from mailcore.backend.checking import Checked
from mailcore.imap.summary import summarize
from mailcore.limits import DEFAULT_LIMITS, Limits
from mailcore.spool import Content


@runtime_checkable
class Mailbox(Protocol, metaclass=Checked):
    """Messages, each with a UID, flags and a mod-sequence. Two methods make it readable."""

    @property
    def id(self) -> str:
        """The identity of :attr:`MailboxInfo.id`: the engine shares one snapshot per id."""
        ...

    @property
    def uid_validity(self) -> int:
        """RFC 9051 §2.3.1.1: another value says that all UIDs are new. 1 to 2**32-1."""
        ...

    async def changes(self, since: int) -> Changes:
        """Return what happened after mod-sequence ``since``; 0 asks for everything."""
        ...

    async def read(self, uid: int, start: int, end: int) -> bytes:
        """Return octets ``start`` to ``end`` (exclusive; beyond the end is cut) of a message.

        Raises:
            KeyError: no such message any more.
        """
        ...


@dataclass(frozen=True)
class NewMessage:
    """A message on its way into a mailbox.

    Arguments:
        content: its octets; the engine closes it afterwards.
        flags: to set; empty for none.
        internal_date: as the client asked, or None for now.
        limits: bounds on what is derived from it.
    """

    content: Content
    flags: frozenset[str] = frozenset()
    internal_date: datetime | None = None
    limits: Limits = DEFAULT_LIMITS

    @cached_property
    def summary(self) -> bytes:
        """What the engine derives from the octets: opaque; for :class:`KeepsSummaries`.

        Made when it is first asked for. A large message that was built to be slow to read takes
        seconds, so a backend that serves others meanwhile asks in a thread.
        """
        return summarize(self.content.buffer(), self.limits).to_bytes()


@runtime_checkable
class Appendable(Protocol, metaclass=Checked):
    """Optional, on a mailbox: APPEND (RFC 9051 §6.3.12)."""

    async def append(self, messages: Sequence[NewMessage]) -> Sequence[int]:
        """Store all of them or none; return their UIDs in order (RFC 3502 §6.3.11).

        Returns after the commit has reached the disk.
        """
        ...


class FlagAction(Enum):
    """How STORE combines flags (RFC 9051 §6.4.6)."""

    REPLACE = "FLAGS"
    ADD = "+FLAGS"
    REMOVE = "-FLAGS"


@runtime_checkable
class Flaggable(Protocol, metaclass=Checked):
    """Optional, on a mailbox: STORE. A mailbox without it, or APPEND, is opened read-only."""

    @property
    def permanent_flags(self) -> frozenset[str]:
        """What a client can change for good; ``"\\*"`` allows new keywords (RFC 9051 §7.1)."""
        ...

    async def store_flags(
        self,
        uids: Sequence[int],
        action: FlagAction,
        flags: frozenset[str],
        unchanged_since: int | None = None,
    ) -> Sequence[int]:
        """Change flags; return the UIDs left alone because they changed after ``unchanged_since``.

        UIDs that are gone are passed over in silence (RFC 7162 §3.1.3).

        Raises:
            NotPermitted: one of the flags is not this user's to change; nothing was changed.
        """
        ...


@runtime_checkable
class Expungeable(Protocol, metaclass=Checked):
    """Optional, on a mailbox: EXPUNGE and UID EXPUNGE. The engine chooses the messages."""

    async def expunge(self, uids: Sequence[int]) -> None:
        """Remove these messages; those already gone are passed over."""
        ...


@dataclass(frozen=True, slots=True)
class Copied:
    """Where messages went (COPYUID, RFC 4315 §3). ``source`` and ``target`` run in step."""

    uid_validity: int
    source: Sequence[int] = ()
    target: Sequence[int] = ()


@runtime_checkable
class Copyable(Protocol, metaclass=Checked):
    """Optional, on a mailbox: COPY and MOVE into another one of the same account, atomically."""

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        """Copy; UIDs that are gone are passed over.

        Raises:
            NoSuchMailbox: the client gets TRYCREATE.
        """
        ...

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        """Copy and remove in one step (RFC 6851)."""
        ...


class OctetRange(NamedTuple):
    """Some octets of a message.

    Arguments:
        uid: of the message.
        start, end: as of :meth:`Mailbox.read`.
    """

    uid: int
    start: int
    end: int


@runtime_checkable
class ReadsRanges(Protocol, metaclass=Checked):
    """Optional, on a mailbox: it reads from many messages at one go, for FETCH of many."""

    async def read_ranges(self, ranges: Sequence[OctetRange]) -> Sequence[bytes | None]:
        """Return for each range what :meth:`Mailbox.read` does, and None where the message is gone.

        Arguments:
            ranges: rising by UID; a megabyte in all at most, in one call.
        """
        ...


@runtime_checkable
class KeepsSummaries(Protocol, metaclass=Checked):
    """Optional, on a mailbox: it kept each :attr:`NewMessage.summary`: no body is read twice."""

    async def summaries(self, uids: Sequence[int]) -> Mapping[int, bytes]:
        """Return the stored summaries of these UIDs; leave out those that there are none for."""
        ...
