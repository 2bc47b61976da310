"""SASLprep: the examples of RFC 4013 §3 and RFC 3454 §6, and what people type."""

from __future__ import annotations

import pytest

from mailcore.sasl import SaslError, saslprep


@pytest.mark.parametrize(
    ("text", "prepared"),
    [
        ("I\u00adX", "IX"),
        ("user", "user"),
        ("USER", "USER"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("", ""),
        ("a b~", "a b~"),
        ("a\u00a0b\u3000c", "a b c"),
        ("u\u0308", "\u00fc"),
        ("\u0627\u0031\u0628", "\u0627\u0031\u0628"),
        # Newer than Unicode 3.2, as people choose them.
        ("\U0001f600", "\U0001f600"),
    ],
)
def test_one_spelling_for_all_that_look_the_same(text: str, prepared: str) -> None:
    assert saslprep(text) == prepared
    assert saslprep(prepared) == prepared


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("\u0007", "not allowed"),
        ("a\0b", "not allowed"),
        ("\x7f", "not allowed"),
        ("\ue000", "not allowed"),
        ("\ud800", "not allowed"),
        ("\u2028", "not allowed"),
        ("\u0627\u0031", "both directions"),
        ("a\u0627", "both directions"),
    ],
)
def test_what_can_not_be_in_a_name_or_a_password(text: str, reason: str) -> None:
    with pytest.raises(SaslError, match=reason):
        saslprep(text)
