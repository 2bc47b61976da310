"""Commands on access control lists (RFC 4314 §3)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class SetAcl(Command):
    """SETACL.

    Arguments:
        mailbox: whose list.
        identifier: who.
        rights: as they were written, without the sign.
        action: "" to replace what they have, "+" to add, "-" to take away.
    """

    mailbox: str
    identifier: str
    rights: str
    action: str = ""


@dataclass(frozen=True, slots=True)
class DeleteAcl(Command):
    """DELETEACL."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class GetAcl(Command):
    """GETACL."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class ListRights(Command):
    """LISTRIGHTS: what an identifier can be granted."""

    mailbox: str
    identifier: str


@dataclass(frozen=True, slots=True)
class MyRights(Command):
    """MYRIGHTS."""

    mailbox: str
