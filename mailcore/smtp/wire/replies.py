"""Replies to octets: the one encoder, so that no CR, LF or NUL reaches a line by any call."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from mailcore.errors import LocalProtocolError
from mailcore.smtp.types import Reply

#: RFC 3463 §2: class "." subject "." detail
ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}", re.ASCII)
# textstring = 1*(%d09 / %d32-126) (RFC 5321 §4.2)
_NOT_TEXT = re.compile(r"[^\t -~]")
# RFC 5321 §4.5.3.1.5: a reply line has at most 512 octets, with code and CRLF.
_LINE_OCTETS = 512


def encode_reply(reply: Reply) -> bytes:
    """Write a reply, the enhanced code on each line (RFC 2034 §4).

    What can not stand in a line becomes "?"; a text that is too long for one is continued on
    the next.

    Raises:
        LocalProtocolError: the code is not 200 to 599, or the enhanced code is not one, or of
            another class.
    """
    return _encoded(reply.code, reply.enhanced, tuple(reply.lines))


# Most replies are the same few.
@lru_cache(maxsize=256)
def _encoded(code: int, enhanced: str | None, texts: tuple[str, ...]) -> bytes:
    if not 200 <= code <= 599:
        raise LocalProtocolError(f"{code} is not an SMTP reply code")
    prefix = ""
    if enhanced is not None:
        if not ENHANCED.fullmatch(enhanced) or enhanced[0] != str(code)[0]:
            raise LocalProtocolError(f"{enhanced!r} does not go with {code}")
        prefix = enhanced + " "
    # A challenge is one line, whatever its length (RFC 4954 §4: 12,288 octets).
    width = None if code == 334 else _LINE_OCTETS - len("250 \r\n") - len(prefix)
    parts = [part for text in texts or ("",) for part in _fit(text, width)]
    lines = [f"{code}-{prefix}{part}\r\n" for part in parts[:-1]]
    lines.append(f"{code} {prefix}{parts[-1]}\r\n")
    return "".join(lines).encode("ascii")


def _fit(line: str, width: int | None) -> Iterator[str]:
    text = _NOT_TEXT.sub("?", line)
    if width is None or len(text) <= width:
        yield text
        return
    for start in range(0, len(text), width):
        yield text[start : start + width]
