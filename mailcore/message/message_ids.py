"""Message identifiers of Message-ID, References and In-Reply-To (RFC 5322 §3.6.4)."""

from __future__ import annotations

import re

from mailcore.message.headers import unfold

# msg-id  =  [CFWS] "<" id-left "@" id-right ">" [CFWS]
_MESSAGE_ID = re.compile(rb"<([^<>]{1,998})>")
_QUOTING = re.compile(rb"[\"\\]+")


def message_ids(raw: bytes, *, limit: int = 1000) -> tuple[str, ...]:
    """Return the message identifiers of a field in order, each as ``<left@right>``.

    Quoting and white space within an identifier are removed, so that two spellings of one
    identifier are equal (RFC 5256 §3). Other text is passed over.

    Arguments:
        raw: the value of the field, folded or not.
        limit: of more identifiers the first (the root of the thread) and the last are kept.
    """
    found = _MESSAGE_ID.findall(unfold(raw))
    if len(found) > limit:
        found = [*found[:1], *found[len(found) - limit + 1 :]][:limit]
    return tuple(f"<{_plain(text)}>" for text in found)


def _plain(text: bytes) -> str:
    return "".join(_QUOTING.sub(b"", text).decode("utf-8", "replace").split())
