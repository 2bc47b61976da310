"""Encoded words in header fields (RFC 2047)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from mailcore.message.charsets import decode_text
from mailcore.message.headers import unfold
from mailcore.message.transfer import decode_base64, decode_q

# encoded-word  =  "=?" charset ["*" language] "?" encoding "?" encoded-text "?="
# RFC 2231 §5 adds the language. Spaces in Q text are wrong and frequent.
_ENCODED_WORD = re.compile(
    rb"=\?([!-)+->@-~]{1,64}+)(?:\*[!->@-~]{0,64}+)?\?([BbQq])\?([^?\r\n]*+)\?="
)
# A decoded word may hold any character; none of these may reach a protocol line or a terminal.
_CONTROLS = dict.fromkeys((*range(0x20), *range(0x7F, 0xA0), 0x2028, 0x2029), " ")


def decode_header(raw: bytes) -> str:
    """Return the text of an unstructured field or a display name; never an error.

    Octets that are not encoded are taken as UTF-8, else as windows-1252; a word that cannot be
    decoded is decoded as far as possible. The result has no control characters.

    Arguments:
        raw: the value of the field, folded or not.
    """
    value = unfold(raw)
    if b"=?" not in value:
        text = decode_text(value, None)
    else:
        text = "".join(decode_text(*piece) for piece in _pieces(value))
    return text if text.isprintable() else text.translate(_CONTROLS)


def _pieces(value: bytes) -> Iterator[tuple[bytes, str | None]]:
    """Yield octets and character set of each stretch.

    White space between two encoded words is dropped (RFC 2047 §6.2). Neighbours of one character
    set are decoded together: many senders split multi-octet characters.
    """
    pending: list[bytes] = []
    pending_charset: str | None = None
    position = 0
    for match in _ENCODED_WORD.finditer(value):
        between = value[position : match.start()]
        position = match.end()
        charset = match[1].decode("ascii").lower()
        adjacent = bool(pending) and not between.strip(b" \t")
        if not adjacent or charset != pending_charset:
            yield b"".join(pending), pending_charset
            pending = []
        if not adjacent:
            yield between, None
        pending_charset = charset
        pending.append(decode_base64(match[3]) if match[2] in b"Bb" else decode_q(match[3]))
    yield b"".join(pending), pending_charset
    yield value[position:], None
