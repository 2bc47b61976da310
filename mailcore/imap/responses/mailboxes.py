"""What is said of mailboxes (RFC 9051 §7.3-4)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mailcore.imap.types import SequenceSet


@dataclass(frozen=True, slots=True)
class ListResponse:
    """``* LIST``, or ``* LSUB`` when ``lsub``.

    Arguments:
        name: of the mailbox.
        attributes: as ``\\HasChildren``.
        delimiter: of the levels of its name.
        lsub: see above.
        child_info: the selection options that something below it meets (RFC 5258 §3.5).
        old_name: what it was called before, or what the client called it (RFC 9051 §6.3.9.7).
    """

    name: str
    attributes: tuple[str, ...] = ()
    delimiter: str | None = "/"
    lsub: bool = False
    child_info: tuple[str, ...] = ()
    old_name: str | None = None


@dataclass(frozen=True, slots=True)
class NamespaceResponse:
    """``* NAMESPACE``: (prefix, delimiter) pairs; None for NIL."""

    personal: tuple[tuple[str, str | None], ...] | None
    others: tuple[tuple[str, str | None], ...] | None = None
    shared: tuple[tuple[str, str | None], ...] | None = None


@dataclass(frozen=True, slots=True)
class StatusResponse:
    """``* STATUS``.

    Arguments:
        mailbox: its name.
        items: numbers, and ids as text (MAILBOXID, RFC 8474 §4.3).
    """

    mailbox: str
    items: Mapping[str, int | str]


@dataclass(frozen=True, slots=True)
class FlagsResponse:
    """``* FLAGS``."""

    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Exists:
    """``* n EXISTS``."""

    count: int


@dataclass(frozen=True, slots=True)
class Recent:
    """``* n RECENT`` (RFC 3501 §7.3.2)."""

    count: int


@dataclass(frozen=True, slots=True)
class Expunged:
    """``* n EXPUNGE``."""

    number: int


@dataclass(frozen=True, slots=True)
class Vanished:
    """``* VANISHED``: what is gone, by UID (RFC 7162 §3.2.10).

    Arguments:
        uids: of the messages.
        earlier: they are gone since a mod-sequence that the client named, and have no sequence
            numbers; otherwise they had, and those behind them move up.
    """

    uids: SequenceSet
    earlier: bool = False
