"""Commands on quotas (RFC 9208 §4.1)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class GetQuota(Command):
    """GETQUOTA: of a root."""

    root: str


@dataclass(frozen=True, slots=True)
class GetQuotaRoot(Command):
    """GETQUOTAROOT: the roots of a mailbox, and their quotas."""

    mailbox: str


@dataclass(frozen=True, slots=True)
class SetQuota(Command):
    """SETQUOTA.

    Arguments:
        root: whose limits.
        limits: pairs of a resource, upper case, and how much of it; STORAGE in 1024 octets.
    """

    root: str
    limits: tuple[tuple[str, int], ...] = ()
