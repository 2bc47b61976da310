"""Annotations of mailboxes and of the server (RFC 5464 §4)."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class GetMetadata(Command):
    """GETMETADATA.

    Arguments:
        mailbox: which one; "" for the server.
        entries: paths in lower case.
        max_size: octets above which a value is not told, or None.
        depth: how many levels below each entry are told too: 0, 1, or None for all.
    """

    mailbox: str
    entries: tuple[str, ...]
    max_size: int | None = None
    depth: int | None = 0


@dataclass(frozen=True, slots=True)
class SetMetadata(Command):
    """SETMETADATA: paths in lower case, each with its value, or None to remove it."""

    mailbox: str
    values: tuple[tuple[str, bytes | None], ...] = field(repr=False)
