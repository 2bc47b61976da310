"""Commands on IMAP URLs that others may read (RFC 4467 §7)."""

from __future__ import annotations

from dataclasses import dataclass

from mailcore.imap.commands.base import Command


@dataclass(frozen=True, slots=True)
class GenUrlAuth(Command):
    """GENURLAUTH: pairs of a URL that ends in ``;URLAUTH=access`` and a mechanism, upper case."""

    urls: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ResetKey(Command):
    """RESETKEY: URLs that were authorized before are worth nothing any more.

    Arguments:
        mailbox: of which; None for all of the user's.
        mechanisms: upper case, to make a new key for.
    """

    mailbox: str | None = None
    mechanisms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WantedUrl:
    """A URL, and how what it names is told (RFC 5524 §3.1).

    Arguments:
        url: as it was written.
        items: "BODY" or "BINARY", and "BODYPARTSTRUCTURE"; () for the octets as they are.
    """

    url: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class UrlFetch(Command):
    """URLFETCH."""

    urls: tuple[WantedUrl, ...]
