"""Texts that are nearly what is looked for: how near, from 1 to 100 (RFC 6203 §4).

Words are compared, whatever their order, case and accents: the same one, one that begins with it or
holds it, one with a letter or two mistyped. Half of the words that are looked for must be there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable
from typing import Final

from mailcore.limits import DEFAULT_LIMITS, Limits

_WORD: Final = re.compile(r"\w+")
# Accents and the like, once they stand apart from their letters.
_MARKS: Final = re.compile("[\u0300-\u036f\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f]+")

# All the words, in their order; all of them, in any; and what one of them may be instead.
_PHRASE: Final = 100
_WORDS: Final = 95
_BEGINS: Final = 85
_MISTYPED: Final = (100, 75, 55)
_HOLDS: Final = 65
# Shorter ones are within too many others to say anything.
_TELLING: Final = 3
# In longer ones, which are no words, each letter makes a difference.
_LONGEST: Final = 32


def fold(text: str) -> str:
    """Return a text without case and accents: ``"Résumé"`` as ``"resume"``."""
    if text.isascii():
        return text.lower()
    return _MARKS.sub("", unicodedata.normalize("NFKD", text)).casefold()


class Likeness:
    """Tells how near texts are to what is looked for.

    What holds it letter by letter, as SEARCH without FUZZY wants it, is near in any case.

    Arguments:
        wanted: what is looked for.
        limits: how many words are compared with how many.
    """

    def __init__(self, wanted: str, limits: Limits = DEFAULT_LIMITS) -> None:
        self._limits = limits
        self._wanted = fold(wanted)
        words = _WORD.findall(self._wanted)[: limits.fuzzy_terms]
        self._words = [_Word(word) for word in dict.fromkeys(words)]
        between = r"\W+".join(map(re.escape, words))
        self._phrase = re.compile(rf"(?<!\w){between}(?!\w)")

    def score(self, texts: Iterable[str]) -> int:
        """Return how near all of these texts together are, from 1 to 100; 0 if they are not."""
        least = 0
        found: dict[str, None] = {}
        for text in texts:
            folded = fold(text)
            if self._words and self._phrase.search(folded):
                return _PHRASE
            if self._wanted in folded:
                least = _HOLDS if self._words else _PHRASE
            for match in _WORD.finditer(folded):
                if len(found) >= self._limits.fuzzy_words:
                    break
                found[match[0]] = None
        if not self._words:
            return least
        each = [self._best(word, found.keys()) for word in self._words]
        if 2 * sum(map(bool, each)) < len(each):
            return least
        return max(least, 1, min(sum(each) // len(each), _WORDS))

    def _best(self, wanted: _Word, found: Collection[str]) -> int:
        if wanted.text in found:
            return _PHRASE
        best, left = 0, self._limits.fuzzy_distances
        for word in found:
            likeness = wanted.beginning_or_part(word)
            if likeness <= best and wanted.may_be(word) and left:
                left -= 1
                likeness = wanted.mistyped(word)
            if likeness > best:
                best = likeness
                if best == _BEGINS:
                    break
        return best


class _Word:
    """One of the words that are looked for."""

    __slots__ = ("_letters", "_mistakes", "_tells", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        self._letters = frozenset(text)
        # A number with another digit is another number.
        exact = not text.isalpha() or len(text) > _LONGEST or len(text) <= _TELLING
        self._mistakes = 0 if exact else 1 if len(text) < 8 else 2
        self._tells = len(text) >= _TELLING or not text.isascii()

    def beginning_or_part(self, word: str) -> int:
        if not self._tells or self.text not in word:
            return 0
        return _BEGINS if word.startswith(self.text) else _HOLDS

    def may_be(self, word: str) -> bool:
        """Tell whether a word may be this one mistyped, at little cost.

        Hardly anybody misses the first letter: it may be left out, or swapped with the next.
        """
        most = self._mistakes
        return (
            0 < most >= abs(len(word) - len(self.text))
            and (word[0] in self.text[:2] or word[1:2] == self.text[0])
            and len(self._letters.symmetric_difference(word)) <= 2 * most
        )

    def mistyped(self, word: str) -> int:
        mistakes = distance(self.text, word, self._mistakes)
        return 0 if mistakes is None else _MISTYPED[mistakes]


def distance(left: str, right: str, most: int) -> int | None:
    """Return how many letters to add, leave out, change or swap with the next; None above ``most``.

    Looks only at what can still be within ``most``: its work grows with the length alone.
    """
    if abs(len(left) - len(right)) > most:
        return None
    left, right = _where_they_differ(left, right)
    far = most + 1
    above: list[int] = []
    row = [min(place, far) for place in range(len(right) + 1)]
    for i, letter in enumerate(left, 1):
        two_above, above = above, row
        row = [far] * (len(right) + 1)
        row[0] = min(i, far)
        for j in range(max(1, i - most), min(len(right), i + most) + 1):
            other = right[j - 1]
            cost = above[j - 1] + (letter != other)
            cost = min(cost, above[j] + 1, row[j - 1] + 1)
            if i > 1 and j > 1 and letter == right[j - 2] and left[i - 2] == other:
                cost = min(cost, two_above[j - 2] + 1)
            row[j] = min(cost, far)
        if min(row) > most:
            return None
    return row[-1] if row[-1] <= most else None


def _where_they_differ(left: str, right: str) -> tuple[str, str]:
    """Return two words without the beginning and the end that they have in common."""
    start, shorter = 0, min(len(left), len(right))
    while start < shorter and left[start] == right[start]:
        start += 1
    end = 0
    while end < shorter - start and left[-1 - end] == right[-1 - end]:
        end += 1
    return left[start : len(left) - end], right[start : len(right) - end]
