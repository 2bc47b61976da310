"""What is said of IMAP URLs (RFC 4467 §8, RFC 5524 §3.2)."""

from __future__ import annotations

from dataclasses import dataclass, field

from mailcore.message import Part


@dataclass(frozen=True, slots=True)
class GenUrlAuthResponse:
    """``* GENURLAUTH``: the URLs, with what authorizes them."""

    urls: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FetchedUrl:
    """What a URL names.

    Arguments:
        url: as it was asked for.
        data: its octets; None is NIL: it names nothing that is told.
        item: "BODY" or "BINARY" where that was asked for, else "".
        structure: BODYPARTSTRUCTURE, or None.
    """

    url: str
    data: bytes | None = field(default=None, repr=False)
    item: str = ""
    structure: Part | None = None


@dataclass(frozen=True, slots=True)
class UrlFetchResponse:
    """``* URLFETCH``, all of it in memory."""

    urls: tuple[FetchedUrl, ...]


@dataclass(frozen=True, slots=True)
class UrlFetchBegin:
    """``* URLFETCH`` whose octets follow, each :class:`LiteralChunk` some; see FetchedUrl.

    Arguments:
        size: octets to come, exactly.
        has_nul: NUL may be among them: a literal8 (RFC 3516 §4.2).
    """

    url: str
    size: int
    item: str = ""
    structure: Part | None = None
    has_nul: bool = False


@dataclass(frozen=True, slots=True)
class UrlFetchEnd:
    """The end of these octets, and what the response says of other URLs."""

    urls: tuple[FetchedUrl, ...] = ()
