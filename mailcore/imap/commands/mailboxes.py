"""Commands on mailboxes as a whole (RFC 9051 §6.3)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class Select(Command):
    """SELECT, or EXAMINE when ``read_only``; ``condstore`` is the parameter of RFC 7162 §3.1.8."""

    mailbox: str
    read_only: bool = False
    condstore: bool = False


@dataclass(frozen=True, slots=True)
class Create(Command):
    """CREATE; a trailing "/" was cut off."""

    mailbox: str


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
    """

    reference: str
    patterns: tuple[str, ...]
    select: tuple[str, ...] = ()
    returns: tuple[str, ...] = ()


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
    HIGHESTMODSEQ, APPENDLIMIT).
    """

    mailbox: str
    items: tuple[str, ...]
