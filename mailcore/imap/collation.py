"""How texts are compared by SEARCH, SORT and THREAD (RFC 4790, RFC 5051, RFC 5255 §4)."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Mapping
from typing import Final

#: Makes of a text what is compared: equal, less, or part of it, code point by code point.
Collation = Callable[[str], str]


# Code points that are remembered: more than any few scripts have.
_REMEMBERED: Final = 20_000


class _Folded(dict[int, str]):
    """What i;unicode-casemap makes of each code point, found when it is first met."""

    def __missing__(self, codepoint: int) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        character = chr(codepoint)
        # UnicodeData.txt maps one code point to one; what becomes several is of SpecialCasing.txt,
        # which RFC 5051 does not know.
        title = character.title()
        folded = unicodedata.normalize("NFKD", title if len(title) == 1 else character)
        self[codepoint] = folded
        return folded


_FOLDED: Final = _Folded()
_ASCII_UPPER: Final = {code: code - 32 for code in range(ord("a"), ord("z") + 1)}


def casemap(text: str) -> str:
    """Return what i;unicode-casemap compares: title case, decomposed (RFC 5051 §2).

    ``"É"``, ``"é"`` and ``"e\\u0301"`` are the same. Surrogates are no code points that it knows;
    they stay.
    """
    return text.upper() if text.isascii() else text.translate(_FOLDED)


def _ascii_casemap(text: str) -> str:
    """i;ascii-casemap (RFC 4790 §9.2): only letters of US-ASCII have a case."""
    return text.upper() if text.isascii() else text.translate(_ASCII_UPPER)


def _octet(text: str) -> str:
    """i;octet (RFC 4790 §9.3): as it is."""
    return text


#: The collation that is in force unless the client asks for another (RFC 5255 §4.2).
DEFAULT_COLLATION: Final = "i;unicode-casemap"
#: By their names in the registry of RFC 4790, the most useful first.
COLLATIONS: Final[Mapping[str, Collation]] = {
    DEFAULT_COLLATION: casemap,
    "i;ascii-casemap": _ascii_casemap,
    "i;octet": _octet,
}
