"""What is said of annotations (RFC 5464 §4.4)."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class MetadataResponse:
    """``* METADATA`` with values: None is NIL. The mailbox is "" for the server."""

    mailbox: str
    values: tuple[tuple[str, bytes | None], ...] = field(repr=False)


@dataclass(frozen=True, slots=True)
class MetadataEntries:
    """``* METADATA`` without values: these have changed."""

    mailbox: str
    entries: tuple[str, ...]
