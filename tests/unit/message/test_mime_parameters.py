"""Parameters, and their continuations and character sets (RFC 2231)."""

from __future__ import annotations

import pytest

from mailcore.message import get_parameter
from mailcore.message.parameters import parse_parameters


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (b"text/plain", {}),
        (b"text/plain;", {}),
        (b"text/plain; charset=utf-8", {"charset": "utf-8"}),
        (b"text/plain;CHARSET=UTF-8;Format = flowed", {"charset": "UTF-8", "format": "flowed"}),
        (b'x; name="a;b=\\"c\\""; y=z', {"name": 'a;b="c"', "y": "z"}),
        (b'x; name=""; y=z', {"name": "", "y": "z"}),
        (b"x; charset=us-ascii (Plain text); y=z", {"charset": "us-ascii", "y": "z"}),
        (b"x; name=my file(1).pdf", {"name": "my file(1).pdf"}),
        (b'x; name="never closed', {"name": "never closed"}),
        (b"x; a=1; a=2", {"a": "1"}),
        (b"x; name=\xc3\xa9", {"name": "é"}),
        (b"x; name=\xe9", {"name": "é"}),
        (b"x; ; =; =y; z; a=1", {"a": "1"}),
        (b'x; u*0=ftp://; u*1="cs.utk.edu"; a=1', {"a": "1", "u": "ftp://cs.utk.edu"}),
        (b"x; u*1=b; u*0=a", {"u": "ab"}),
        (b"x; u*0=a; u*2=c", {"u": "a"}),
        (b"x; t*=us-ascii'en-us'This%20is%20%2A%2A%2Afun", {"t*": "This is ***fun"}),
        (
            b"x; t*0*=us-ascii'en'This%20is%20even%20more%20; t*1*=%2A%2A%2Afun%2A%2A%2A%20;"
            b' t*2="isn\'t it!"',
            {"t*": "This is even more ***fun*** isn't it!"},
        ),
        (b"x; n*=utf-8''%e2%82%ac; n=EUR", {"n": "EUR", "n*": "€"}),
        (b"x; n*=iso-8859-1''%A3; m*=nonsense''%41; o*=%42", {"n*": "£", "m*": "A", "o*": "B"}),
        (b"x; n*=utf-8''a%0D%0A%00b%zz", {"n*": "ab%zz"}),
    ],
)
def test_parameters(value: bytes, expected: dict[str, str]) -> None:
    assert dict(parse_parameters(value)) == expected


def test_get_parameter_prefers_the_one_with_a_character_set() -> None:
    parameters = parse_parameters(b"x; filename=e.txt; filename*=utf-8''%C3%A9.txt; a=b")
    assert get_parameter(parameters, "filename") == "é.txt"
    assert get_parameter(parameters, "a") == "b"
    assert get_parameter(parameters, "c") is None
