"""Commands on mailboxes as a whole (RFC 9051 §6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command
from mailcore.imap.types import SequenceSet


@dataclass(frozen=True, slots=True)
class QResync:
    """What a client knows of a mailbox that it selects again (RFC 7162 §3.2.5).

    Arguments:
        uid_validity: under which it knows the mailbox.
        modseq: up to which it knows the changes.
        known_uids: of the messages that it knows; None for all.
        match: a sample of sequence numbers, and the UIDs that these messages have.
    """

    uid_validity: int
    modseq: int
    known_uids: SequenceSet | None = None
    match: tuple[SequenceSet, SequenceSet] | None = None


@dataclass(frozen=True, slots=True)
class Select(Command):
    """SELECT, or EXAMINE when ``read_only``.

    Arguments:
        mailbox: which one.
        read_only: for EXAMINE.
        condstore: the parameter of RFC 7162 §3.1.8.
        qresync: that of RFC 7162 §3.2.5, or None.
    """

    mailbox: str
    read_only: bool = False
    condstore: bool = False
    qresync: QResync | None = None


@dataclass(frozen=True, slots=True)
class Create(Command):
    """CREATE; a trailing "/" was cut off.

    Arguments:
        mailbox: its name.
        special_use: what it shall be for (RFC 6154 §3): attributes as they were written.
    """

    mailbox: str
    special_use: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Delete(Command):
    """DELETE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Rename(Command):
    """RENAME."""

    mailbox: str
    new_name: str


@dataclass(frozen=True, slots=True)
class Subscribe(Command):
    """SUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class Unsubscribe(Command):
    """UNSUBSCRIBE."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class List(Command):
    """LIST (RFC 9051 §6.3.9), with the RETURN and selection options of RFC 5258 and RFC 6154.

    Arguments:
        reference: prefix for the patterns.
        patterns: with ``*`` and ``%``; one unless several stood in brackets.
        select: selection options, upper case ("SUBSCRIBED", "SPECIAL-USE").
        returns: return options, upper case ("CHILDREN", "SPECIAL-USE", "SUBSCRIBED").
        status: the items of the return option STATUS (RFC 5819); () without it.
        metadata: the annotations of the return option METADATA (RFC 9590); () without it.
    """

    reference: str
    patterns: tuple[str, ...]
    select: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()
    status: tuple[str, ...] = ()
    metadata: tuple[str, ...] = ()

    @property
    def is_extended(self) -> bool:
        """Whether it says what only RFC 5258 §3 knows."""
        return bool(
            self.select or self.returns or self.status or self.metadata or len(self.patterns) != 1
        )


@dataclass(frozen=True, slots=True)
class Lsub(Command):
    """LSUB (RFC 3501 §6.3.9)."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True)
class Namespace(Command):
    """NAMESPACE (RFC 2342)."""


@dataclass(frozen=True, slots=True)
class StatusCommand(Command):
    """STATUS; items in upper case (MESSAGES, RECENT, UIDNEXT, UIDVALIDITY, UNSEEN, DELETED, SIZE,
    HIGHESTMODSEQ, APPENDLIMIT, MAILBOXID).
    """

    mailbox: str
    items: tuple[str, ...]
