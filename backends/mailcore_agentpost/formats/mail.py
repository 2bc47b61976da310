"""A message between a folder and a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final


@dataclass(frozen=True, slots=True)
class Mail:
    """A message with what a folder knows of it.

    Arguments:
        octets: with CRLF line ends.
        flags: of IMAP: system flags and keywords.
        date: when it arrived; None if nobody knows.
        size: octets that it takes in its file, for progress.
    """

    octets: bytes
    flags: frozenset[str]
    date: datetime | None
    size: int


SEEN: Final = "\\Seen"

#: Keywords that Maildir and mbox programs have a letter for.
FORWARDED: Final = "$Forwarded"


def from_letters(letters: str, names: Mapping[str, str]) -> frozenset[str]:
    """Return the flags that letters stand for; unknown letters are passed over."""
    return frozenset(names[letter] for letter in letters if letter in names)


def to_letters(flags: frozenset[str], names: Mapping[str, str]) -> str:
    """Return the letters for flags, in their order; what has none is left out."""
    return "".join(sorted(letter for letter, name in names.items() if name in flags))


def to_lf(octets: bytes) -> bytes:
    """Return the octets of a message as they stand in a file."""
    return octets.replace(b"\r\n", b"\n")
