"""The parts of a stored message, by the numbers that IMAP gives them."""

from __future__ import annotations

import base64
from collections.abc import Iterator

from mailcore.message import (
    Buffer,
    Part,
    decode_body,
    decode_header,
    decode_text,
    get_parameter,
    is_attachment,
)
from mailcore_agentpost.http.types import Attachment, MimePart

# Of a message built of ten thousand parts, these are shown.
_SHOWN = 500
_DEPTH = 50
# Pictures within the HTML, shown in place: octets of each as decoded.
_PICTURE = 2 * 1024 * 1024


def numbered(root: Part) -> Iterator[tuple[str, Part]]:
    """Yield the leaves with their section numbers (RFC 9051 §6.4.5), in order."""
    if not root.children:
        yield "1", root
        return
    waiting = [(f"{index}", child) for index, child in enumerate(root.children, 1)][::-1]
    while waiting:
        section, part = waiting.pop()
        if part.children and part.envelope is None:
            waiting += [
                (f"{section}.{index}", child) for index, child in enumerate(part.children, 1)
            ][::-1]
        else:
            yield section, part


def attachments(root: Part) -> list[Attachment]:
    """Return what is attached to a message."""
    found = [
        Attachment(
            section=section,
            filename=filename(part),
            mime_type=f"{part.type}/{part.subtype}",
            size=part.size,
        )
        for section, part in numbered(root)
        if is_attachment(part)
    ]
    return found[:_SHOWN]


def find_leaf(root: Part, section: str) -> Part | None:
    """Return the leaf with a section number."""
    return next((part for number, part in numbered(root) if number == section), None)


def tree(root: Part, section: str = "", depth: int = 0) -> MimePart:
    """Return the MIME tree as far as anybody would look at it."""
    # What lies within a message that is attached is numbered on from that message's own number.
    inner = root.children[:_SHOWN] if depth < _DEPTH else ()
    if root.envelope is not None and inner:
        inner = inner[0].children[:_SHOWN] or inner
    prefix = f"{section}." if section else ""
    return MimePart(
        section=section,
        mime_type=f"{root.type}/{root.subtype}",
        encoding=root.encoding,
        charset=get_parameter(root.parameters, "charset"),
        disposition=root.disposition[0] if root.disposition is not None else None,
        filename=filename(root),
        size=root.size,
        children=[
            tree(child, f"{prefix}{index}", depth + 1) for index, child in enumerate(inner, 1)
        ],
    )


def filename(part: Part) -> str | None:
    """Return the name that a part says it has as a file."""
    name = None
    if part.disposition is not None:
        name = get_parameter(part.disposition[1], "filename")
    name = name or get_parameter(part.parameters, "name")
    return None if name is None else decode_header(name.encode("utf-8", "replace"))


def html_page(data: Buffer, root: Part) -> str | None:
    """Return the HTML of a message with its own pictures in place; None if it has none."""
    pictures: dict[str, Part] = {}
    html = None
    for _, part in numbered(root):
        if part.type == "text" and part.subtype == "html" and html is None:
            if not is_attachment(part):
                raw = decode_body(data[part.body : part.end], part.encoding)
                html = decode_text(raw, get_parameter(part.parameters, "charset"))
        elif part.type == "image" and part.content_id is not None:
            pictures[part.content_id.decode("ascii", "replace").strip("<> ")] = part
    if html is None:
        return None
    for name, part in pictures.items():
        if f"cid:{name}" in html and part.size <= _PICTURE * 4 // 3:
            html = html.replace(f"cid:{name}", _data_url(data, part))
    return html


def _data_url(data: Buffer, part: Part) -> str:
    encoded = base64.b64encode(decode_body(data[part.body : part.end], part.encoding)).decode()
    return f"data:image/{part.subtype};base64,{encoded}"
