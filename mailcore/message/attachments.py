"""Which parts of a message are attachments, as people understand it."""

from __future__ import annotations

from collections.abc import Iterator

from mailcore.message.structure import Part


def leaves(root: Part) -> Iterator[Part]:
    """Yield the parts that hold content; a message within the message is one of them."""
    waiting = [root]
    while waiting:
        part = waiting.pop()
        if part.children and part.envelope is None:
            waiting.extend(reversed(part.children))
        else:
            yield part


def is_attachment(part: Part) -> bool:
    """Tell whether a part is neither text nor shown within it, like a picture that HTML cites."""
    disposition = part.disposition[0] if part.disposition is not None else None
    if disposition == "attachment":
        return True
    shown = part.content_id is not None and disposition in (None, "inline")
    return part.type != "text" and not shown
