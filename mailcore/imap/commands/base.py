"""What all commands have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """Base of all commands: its tag (RFC 9051 §2.2.1)."""

    tag: str
