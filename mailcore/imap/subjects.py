"""Base subjects: without what answering and forwarding add (RFC 5256 §2.1)."""

from __future__ import annotations

import re
from typing import Final, NamedTuple

_SPACES: Final = re.compile(r"[ \t\r\n]++")
# subj-blob       =  "[" *BLOBCHAR "]" *WSP
# subj-refwd      =  ("re" / ("fw" ["d"])) *WSP [subj-blob] ":"
# subj-leader     =  (*subj-blob subj-refwd) / WSP
# A run of blobs that no subj-refwd follows is looked at again for each that is taken off, so it is
# bounded.
_BLOB: Final = re.compile(r"\[[^\[\]]*+\] *+")
_REFWD: Final = re.compile(r"(?:re|fwd?) *+(?:\[[^\[\]]*+\] *+)?:", re.IGNORECASE)
_MOST_BLOBS: Final = 50
_TRAILER: Final = "(fwd)"
_FWD_HEADER: Final = "[fwd:"


class BaseSubject(NamedTuple):
    """What subjects are compared by.

    Arguments:
        text: the base subject; decoded, not collated.
        is_reply: whether something was taken off that a reply or a forward adds.
    """

    text: str
    is_reply: bool


def base_subject(subject: str) -> BaseSubject:
    """Extract the base subject of a decoded subject, in linear time."""
    text = _SPACES.sub(" ", subject)
    start, end = 0, len(text)
    is_reply = False
    while True:
        end, trailed = _without_trailers(text, start, end)
        start, led = _without_leaders(text, start, end)
        is_reply |= trailed or led
        # subj-fwd  =  subj-fwd-hdr subject subj-fwd-trl
        forwarded = text[start : start + len(_FWD_HEADER)].lower() == _FWD_HEADER
        if not (forwarded and text[start:end].endswith("]")):
            return BaseSubject(text[start:end], is_reply)
        start, end = start + len(_FWD_HEADER), end - 1
        is_reply = True


def _without_trailers(text: str, start: int, end: int) -> tuple[int, bool]:
    found = False
    while end > start:
        if text[end - 1] == " ":
            end -= 1
        elif text[max(start, end - len(_TRAILER)) : end].lower() == _TRAILER:
            end -= len(_TRAILER)
            found = True
        else:
            break
    return end, found


def _without_leaders(text: str, start: int, end: int) -> tuple[int, bool]:
    found = False
    while start < end:
        if text[start] == " ":
            start += 1
        elif (leader := _leader(text, start, end)) is not None:
            start = leader
            found = True
        # One blob may go if something is left.
        elif (blob := _BLOB.match(text, start, end)) is not None and blob.end() < end:
            start = blob.end()
        else:
            break
    return start, found


def _leader(text: str, start: int, end: int) -> int | None:
    """Return where a run of blobs with a reply mark behind it ends."""
    for _ in range(_MOST_BLOBS):
        mark = _REFWD.match(text, start, end)
        if mark is not None:
            return mark.end()
        blob = _BLOB.match(text, start, end)
        if blob is None:
            return None
        start = blob.end()
    return None
