"""Values with parameters: Content-Type, Content-Disposition (RFC 2045 §5.1, RFC 2183, RFC 2231)."""

from __future__ import annotations

import re
from urllib.parse import unquote_to_bytes

from mailcore.message.charsets import decode_text

Parameters = tuple[tuple[str, str], ...]

# parameter  =  attribute "=" value
# value      =  token / quoted-string       ; in the wild: anything up to ";"
_PARAMETER = re.compile(
    rb';[ \t]*+([^ \t=;"]++)[ \t]*+=[ \t]*+(?:"((?:[^"\\]++|\\.)*+)"?+|([^;]*+))', re.DOTALL
)
_QUOTED_PAIR = re.compile(rb"\\(.)", re.DOTALL)
# An unquoted value may be followed by a comment.
_COMMENT = re.compile(rb"[ \t]\(.*", re.DOTALL)
# content    =  type "/" subtype *(";" parameter)
_MEDIA_TYPE = re.compile(
    rb"(?:\([^()]*+\)|[ \t])*+([^\x00-\x20()<>@,;:\\\"/\[\]?=\x7f-\xff]++)[ \t]*+"
    rb"/[ \t]*+([^\x00-\x20()<>@,;:\\\"/\[\]?=\x7f-\xff]++)"
)
# attribute  =  name ["*" section] ["*"]    ; RFC 2231 §7
_ATTRIBUTE = re.compile(rb"([^*]++)(?:\*([0-9]{1,4}))?(\*)?")


def parse_media_type(value: bytes) -> tuple[str, str] | None:
    """Return type and subtype of a Content-Type in lower case; None if it has none."""
    match = _MEDIA_TYPE.match(value)
    if match is None:
        return None
    return match[1].decode("ascii").lower(), match[2].decode("ascii").lower()


def parse_parameters(value: bytes) -> Parameters:
    """Return the parameters that follow the first ";" of an unfolded value, names in lower case.

    RFC 2231 sections are joined. Where a value declared its character set, it is decoded and
    the name keeps its asterisk, as RFC 9051 §7.5.2 says (``filename*``). Of a name that comes
    twice, the first counts.
    """
    whole: dict[str, str] = {}
    sections: dict[str, dict[int, tuple[bytes, bool]]] = {}
    for name, text in _raw_parameters(value):
        match = _ATTRIBUTE.fullmatch(name) if b"*" in name else None
        if match is None or (match[2] is None and match[3] is None):
            whole.setdefault(_text(name).lower(), _text(text))
            continue
        base = _text(match[1]).lower()
        parts = sections.setdefault(base, {})
        parts.setdefault(int(match[2] or 0), (text, match[3] is not None))
    for base, parts in sections.items():
        name_of_all, joined = _join_sections(base, parts)
        whole.setdefault(name_of_all, joined)
    return tuple(whole.items())


def get_parameter(parameters: Parameters, name: str) -> str | None:
    """Return the value of a parameter, preferring the one that declared its character set."""
    found = dict(parameters)
    return found.get(name + "*", found.get(name))


def _raw_parameters(value: bytes) -> list[tuple[bytes, bytes]]:
    found: list[tuple[bytes, bytes]] = []
    for name, quoted, plain in _PARAMETER.findall(value):
        if quoted:
            found.append((name, _QUOTED_PAIR.sub(rb"\1", quoted) if b"\\" in quoted else quoted))
        else:
            found.append((name, (_COMMENT.sub(b"", plain) if b"(" in plain else plain).strip()))
    return found


def _join_sections(base: str, parts: dict[int, tuple[bytes, bool]]) -> tuple[str, str]:
    charset: str | None = None
    pieces: list[bytes] = []
    for number in range(len(parts)):
        if number not in parts:
            break  # RFC 2231 §3: numbered from 0 without gaps; what follows a gap is unusable
        text, extended = parts[number]
        if extended:
            if number == 0 and text.count(b"'") >= 2:
                declared, _language, text = text.split(b"'", 2)
                charset = _text(declared)
            text = unquote_to_bytes(text)
        pieces.append(text)
    joined = b"".join(pieces)
    if any(extended for _, extended in parts.values()):
        return base + "*", decode_text(joined, charset).translate(_UNSAFE)
    return base, _text(joined)


# What percent signs can smuggle in must not reach a protocol line.
_UNSAFE = {0: None, 10: None, 13: None}


def _text(value: bytes) -> str:
    return decode_text(value, None)
