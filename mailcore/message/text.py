"""The text of a message: for previews (RFC 8970) and for SEARCH BODY and TEXT."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from mailcore.message.buffer import Buffer
from mailcore.message.charsets import decode_text
from mailcore.message.encoded_words import decode_header
from mailcore.message.html import strip_html
from mailcore.message.parameters import get_parameter
from mailcore.message.structure import Part
from mailcore.message.transfer import decode_body

# RFC 8970 §3.3: should be limited to 200 characters, must not exceed 256.
PREVIEW_LENGTH = 200
_PREVIEW_OCTETS = 64 * 1024
# Characters that are looked at first, and then.
_BEGINNINGS = (400, 4000)
# Replies quote what the reader knows already; a preview leaves that out.
_QUOTED_LINE = re.compile(r"^>.*$", re.MULTILINE)
# Control characters, soft hyphens, and what newsletters pad their own previews with: white space
# of no width. Joiners between letters and within emoji stay.
_INVISIBLE = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\u00ad\u034f\u200b\u200e\u200f\u2060\ufeff]+"
)
# The same, for most texts, in a fifth of the time.
_INVISIBLE_ASCII = dict.fromkeys(code for code in range(0x80) if _INVISIBLE.match(chr(code)))
_NON_JOINER = "\u200c"
_NOTHING_JOINED = re.compile(_NON_JOINER + r"(?=\s)")


def extract_text(data: Buffer, part: Part, limit: int = 1 << 20) -> str:
    """Return the text of the part that a reader would be shown, without markup; "" if none.

    The first text/plain that is no attachment, else the first text/html, else any other text; a
    message within the message counts only where there is nothing else.

    Arguments:
        data: the octets of the message.
        part: the message or a part of it.
        limit: octets of the body to look at, before decoding.
    """
    best = _best(_walk(part, into_messages=False)) or _best(_walk(part, into_messages=True))
    if best is None:
        return ""
    text = _decoded(data, best, limit)
    return strip_html(text) if best.subtype == "html" else text


def _best(parts: Iterable[Part]) -> Part | None:
    best: Part | None = None
    for part in parts:
        if part.type != "text" or _is_attachment(part) or part.body == part.end:
            continue
        if part.subtype == "plain":
            return part
        if best is None or (part.subtype == "html" and best.subtype != "html"):
            best = part
    return best


def preview(data: Buffer, part: Part) -> str:
    """Return the preview of a message: at most 200 characters on one line (RFC 8970 §3.3).

    Arguments:
        data: the octets of the message.
        part: its structure.
    """
    text = extract_text(data, part, _PREVIEW_OCTETS)
    # Most texts say enough in their beginning; the word at its end may be cut.
    for length in _BEGINNINGS:
        beginning, _, _ = _words(_unquoted(_visible(text[:length]))).rpartition(" ")
        if len(beginning) >= PREVIEW_LENGTH:
            return beginning[:PREVIEW_LENGTH].rstrip()
    text = _visible(text)
    return _one_line(_unquoted(text)) or _one_line(text)


def _unquoted(text: str) -> str:
    return _QUOTED_LINE.sub("", text) if ">" in text else text


def _visible(text: str) -> str:
    if text.isascii():
        return text.translate(_INVISIBLE_ASCII)
    if _NON_JOINER in text:
        text = _NOTHING_JOINED.sub("", text)
    return _INVISIBLE.sub("", text)


def _one_line(text: str) -> str:
    return _words(text)[:PREVIEW_LENGTH].rstrip()


def _words(text: str) -> str:
    # So many words have at least so many characters; the rest need not be looked at.
    return " ".join(text.split(None, PREVIEW_LENGTH)[:PREVIEW_LENGTH])


def iter_text_parts(data: Buffer, part: Part, limit: int = 1 << 24) -> Iterator[str]:
    """Yield what SEARCH BODY looks at: each text part decoded, markup included, and the headers
    of messages within the message.

    Arguments:
        data: the octets of the message.
        part: its structure.
        limit: octets of each body to look at, before decoding.
    """
    for candidate in _walk(part, into_messages=True):
        if candidate.type == "text":
            yield _decoded(data, candidate, limit)
        elif candidate.envelope is not None:
            inner = candidate.children[0]
            yield decode_header(data[inner.start : min(inner.body, inner.start + limit)])


def encoded_text_size(part: Part) -> int:
    """Return how many octets the text parts of a message have before they are decoded."""
    texts = (one for one in _walk(part, into_messages=True) if one.type == "text")
    return sum(text.end - text.body for text in texts)


def _walk(part: Part, *, into_messages: bool) -> Iterator[Part]:
    waiting = [part]
    while waiting:
        current = waiting.pop()
        yield current
        if into_messages or current.envelope is None:
            waiting.extend(reversed(current.children))


def _decoded(data: Buffer, part: Part, limit: int) -> str:
    raw = data[part.body : min(part.end, part.body + limit)]
    return decode_text(decode_body(raw, part.encoding), get_parameter(part.parameters, "charset"))


def _is_attachment(part: Part) -> bool:
    return part.disposition is not None and part.disposition[0] == "attachment"
