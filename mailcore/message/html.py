"""HTML to plain text, simply: for previews and search, never for display as HTML."""

from __future__ import annotations

import html
import re

# A tag, a comment or a declaration. None of them crosses a "<", so each octet is seen once.
_TAG = re.compile(r"<(!--|[/!?]?[A-Za-z][^\s<>/]*+|[!?])[^<>]*+>?+")
_SILENT = frozenset({"head", "script", "style", "template", "title"})
_BREAK = re.compile(
    r"/?(?:address|article|blockquote|br|d[dlt]|div|footer|form|h[1-6r]|header|li|main|nav|ol|p|pre"
    r"|section|t[dhr]|table|ul)"
)


def strip_html(text: str) -> str:
    """Return the text of an HTML document without tags, scripts, styles and comments."""
    pieces: list[str] = []
    position = 0
    silent = ""
    while match := _TAG.search(text, position):
        name = match[1].lower()
        if not silent:
            pieces.append(text[position : match.start()])
        position = match.end()
        if name == "!--":
            # A comment that never ends hides the rest, as it does in a browser.
            end = text.find("-->", match.start() + 2)
            position = end + 3 if end >= 0 else len(text)
        elif silent:
            silent = "" if name == "/" + silent else silent
        elif name in _SILENT and not match[0].endswith("/>"):
            silent = name
        elif _BREAK.fullmatch(name):
            pieces.append("\n")
    if not silent:
        pieces.append(text[position:])
    return html.unescape("".join(pieces))
