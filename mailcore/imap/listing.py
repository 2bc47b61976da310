"""Which mailbox names LIST and LSUB show (RFC 9051 §6.3.9, RFC 5258, RFC 3348)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

DELIMITER: Final = "/"
INBOX: Final = "INBOX"


class Pattern:
    """A mailbox name with wildcards: ``*`` is anything, ``%`` anything within one level.

    All places of the pattern that a name can have reached are kept as the bits of one number, so
    that the time is the length of the name times a 64th of the pattern's, whatever the wildcards.

    Arguments:
        text: reference and pattern, one behind the other.
    """

    def __init__(self, text: str) -> None:
        self._exact = _Places(text)
        # INBOX is the one name without case (RFC 9051 §5.1).
        self._folded = _Places(text.upper())

    def matches(self, name: str) -> bool:
        """Tell whether the pattern names this mailbox."""
        return self._exact.reach_end(name) or (name == INBOX and self._folded.reach_end(name))


class _Places:
    def __init__(self, text: str) -> None:
        self._literals: dict[str, int] = {}
        self._stars = self._percents = 0
        place, wildcard = 1, 0
        for character in text:
            if character not in "*%":
                self._literals[character] = self._literals.get(character, 0) | place
                wildcard = 0
            else:
                # Neighbouring wildcards are one.
                wildcard = wildcard or place
                if character == "*":
                    self._stars |= wildcard
                else:
                    self._percents |= wildcard
                if wildcard != place:
                    continue
            place <<= 1
        self._end = place

    def reach_end(self, name: str) -> bool:
        wildcards = self._stars | self._percents
        places = 1
        for character in name:
            places |= (places & wildcards) << 1
            staying = self._stars if character == DELIMITER else wildcards
            places = (places & self._literals.get(character, 0)) << 1 | (places & staying)
            if not places:
                return False
        places |= (places & wildcards) << 1
        return bool(places & self._end)


def parents(names: Iterable[str]) -> set[str]:
    """Return every name above one of these, whether it is a mailbox itself or not."""
    found: set[str] = set()
    for name in names:
        found.update(above(name))
    return found


def above(name: str) -> Iterator[str]:
    """Yield the names above one, the nearest first."""
    at = name.rfind(DELIMITER)
    while at > 0:
        yield name[:at]
        at = name.rfind(DELIMITER, 0, at)
