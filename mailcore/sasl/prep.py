"""SASLprep: one spelling for each user name and password (RFC 4013)."""

from __future__ import annotations

import stringprep
from unicodedata import ucd_3_2_0 as unicode_3_2

from mailcore.sasl.errors import SaslError

_PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
)


def saslprep(text: str) -> str:
    """Prepare a user name or a password (RFC 4013 §2).

    Code points that Unicode 3.2 did not know pass as they are, in passwords that are stored too:
    no normalization of that version changes them, and people do choose newer ones.

    Raises:
        SaslError: it holds what must not be in one (§2.3), or mixes directions (§2.4).
    """
    if text.isascii() and text.isprintable():
        return text
    mapped = (
        " " if stringprep.in_table_c12(character) else character
        for character in text
        if not stringprep.in_table_b1(character)
    )
    prepared = unicode_3_2.normalize("NFKC", "".join(mapped))
    if any(is_in(character) for character in prepared for is_in in _PROHIBITED):
        raise SaslError("not allowed in a user name or a password")
    _check_direction(prepared)
    return prepared


def _check_direction(text: str) -> None:
    """RFC 3454 §6: what runs from right to left does so from its first character to its last."""
    runs_left = [stringprep.in_table_d1(character) for character in text]
    if not any(runs_left):
        return
    if any(map(stringprep.in_table_d2, text)) or not (runs_left[0] and runs_left[-1]):
        raise SaslError("text of both directions in a user name or a password")
