"""What programs look for in a message: one-time codes, and links to follow."""

from __future__ import annotations

import re
from html import unescape
from itertools import islice
from typing import Final

from mailcore_agentpost.http.types import Message

# Four to ten digits, in one piece or in two or three groups, or six to ten capitals and digits.
_CODE: Final = re.compile(
    r"(?<![\w./:#=&?@+-])(?:\d{4,10}|\d{3}[ -]\d{3}(?:[ -]\d{3})?|(?=[A-Z]*\d)[A-Z0-9]{6,10})"
    r"(?![\w/@=-]|[.,:]\d)"
)
_NAMED: Final = re.compile(
    r"code|passcode|password|pin\b|otp|verif|token|2fa|sign.?in|log.?in", re.IGNORECASE
)
# Years are the most frequent numbers that are no codes.
_YEAR: Final = re.compile(r"(?:19|20)\d\d")
_LINK: Final = re.compile(r"https?://[^\s<>\"'`]+")
# Characters that are looked at; a code stands at the top.
_MOST: Final = 200_000
# Numbers that are ranked.
_MOST_NUMBERS: Final = 1000
_TAG: Final = re.compile(
    r"<(?P<end>/?)(?P<name>[a-zA-Z][a-zA-Z0-9]{0,20})(?P<attributes>[^<>]{0,5000})>"
)
_HREF: Final = re.compile(
    r"\bhref\s{0,9}=\s{0,9}(?:\"([^\"]*)\"|'([^']*)'|([^\s\"']+))", re.IGNORECASE
)
_UNSEEN: Final = frozenset({"style", "script", "head", "title"})


class _Page:
    """The links and the text of an HTML page, by one pass that hostile pages can not slow down."""

    def __init__(self, html: str) -> None:
        self.links: list[str] = []
        pieces: list[str] = []
        unseen, position = "", 0
        for tag in _TAG.finditer(html[:_MOST]):
            if not unseen:
                pieces += (html[position : tag.start()], "\n")
            position = tag.end()
            name = tag["name"].lower()
            if unseen:
                if (name == unseen and tag["end"]) or name == "body":
                    unseen = ""
            elif name in _UNSEEN and not tag["end"]:
                unseen = name
            if name == "a" and (href := _HREF.search(tag["attributes"])) is not None:
                self.links.append(unescape(href[1] or href[2] or href[3] or ""))
        pieces.append("" if unseen else html[position:_MOST])
        self.text = unescape("".join(pieces))


def find_codes(message: Message) -> list[str]:
    """Return what looks like a one-time code, the likeliest first, without spaces and hyphens.

    Numbers near a word such as "code" or "PIN" come first, the nearest before others; then those in
    a line of their own; then all others in their order. The subject is looked at too.
    """
    text = "\n".join((message.subject, _text(message)))[:_MOST]
    ranked: dict[str, tuple[int, int, int]] = {}
    for match in islice(_CODE.finditer(text), _MOST_NUMBERS):
        code = re.sub(r"[ -]", "", match[0])
        rank = _rank(text, match, code)
        ranked[code] = min(ranked.get(code, rank), rank)
    return sorted(ranked, key=lambda code: ranked[code])


def _rank(text: str, match: re.Match[str], code: str) -> tuple[int, int, int]:
    """Return how unlikely a number is to be a code, how far a word says so, and where it is."""
    first, last = max(0, match.start() - 80), match.end() + 40
    before, after = text[first : match.start()], text[match.end() : last]
    alone = (
        ("\n" in before or first == 0)
        and ("\n" in after or last >= len(text))
        and not before.rpartition("\n")[2].strip()
        and not after.partition("\n")[0].strip()
    )
    far = [
        min(abs(match.start() - first - word.end()), abs(word.start() - match.end() + first))
        for word in _NAMED.finditer(text[first:last])
    ]
    rank = 0 if far else 1 if alone else 2
    if _YEAR.fullmatch(code) and not far:
        rank += 2
    return rank, min(far, default=0), match.start()


def find_links(message: Message) -> list[str]:
    """Return the addresses (http, https) that a message links to, each once, in their order.

    Those of its HTML come first: a text part often breaks or shortens them.
    """
    found = [link.strip() for link in _Page(message.html_body or "").links]
    found += [_trimmed(link) for link in _LINK.findall((message.text_body or "")[:_MOST])]
    wanted = (one for one in found if one.lower().startswith(("http://", "https://")))
    return list(dict.fromkeys(wanted))


def _text(message: Message) -> str:
    if message.text_body:
        return message.text_body
    return _Page(message.html_body or "").text


def _trimmed(link: str) -> str:
    """Return a link without the punctuation of the sentence that it stands in."""
    while link and link[-1] in ".,;:!?)]}*_":
        if link[-1] == ")" and link.count("(") >= link.count(")"):
            break
        link = link[:-1]
    return link
