"""What is said of access control lists (RFC 4314 §3.6-8)."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class AclResponse:
    """``* ACL``: pairs of an identifier and its rights."""

    mailbox: str
    entries: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class ListRightsResponse:
    """``* LISTRIGHTS``.

    Arguments:
        mailbox, identifier: as they were asked for.
        always: rights that the identifier has in any case.
        optional: rights that can be granted; those of one string go together.
    """

    mailbox: str
    identifier: str
    always: str = ""
    optional: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class MyRightsResponse:
    """``* MYRIGHTS``."""

    mailbox: str
    rights: str
