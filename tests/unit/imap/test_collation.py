"""Collations: what compares as equal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.imap.collation import _FOLDED, COLLATIONS, casemap


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("Hello, World 1", "HELLO, WORLD 1"),
        ("\u01c4", "Dz\u030c"),  # the example of RFC 5051 §2
        ("é", "E\u0301"),
        ("É", "E\u0301"),
        ("e\u0301", "E\u0301"),
        ("ｆｕｌｌ", "FULL"),
        ("\ufb01", "fi"),  # no titlecase property; decomposed all the same
        ("ß", "ß"),  # nor has this
        ("ς", "Σ"),
        ("ı", "I"),
        ("", ""),
    ],
)
def test_casemap(text: str, folded: str) -> None:
    assert casemap(text) == folded


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_casemap_of_a_text_is_that_of_its_code_points(text: str) -> None:
    assert casemap(text) == "".join(map(casemap, text))
    assert unicodedata.is_normalized("NFKD", casemap(text[:1]))


def test_a_text_of_every_letter_there_is_leaves_no_table_of_them() -> None:
    text = "".join(map(chr, range(0x80, 0xD800)))
    assert casemap(text) == "".join(map(casemap, text))
    assert len(_FOLDED) <= 20_000


def test_other_collations() -> None:
    assert COLLATIONS["i;ascii-casemap"]("aé") == "Aé"
    assert COLLATIONS["i;ascii-casemap"]("ab") == "AB"
    assert COLLATIONS["i;octet"]("aÉ") == "aÉ"
