"""What a server offers, as its reply to EHLO says (RFC 5321 §4.1.1.1)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from mailcore.smtp.types import Reply

# ehlo-line = ehlo-keyword *( SP ehlo-param )
_LINE = re.compile(r"([A-Za-z0-9][A-Za-z0-9-]*)(?:[ =]+(.*))?")
_NUMBER = re.compile(r"[0-9]{1,20}")


@dataclass(frozen=True, slots=True)
class Extensions:
    """The offers of a server; none before EHLO, after HELO, and after the TLS handshake.

    Arguments:
        host: what the server calls itself.
        keywords: each keyword, in capitals, with its parameters.
    """

    host: str = ""
    keywords: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @classmethod
    def from_reply(cls, reply: Reply) -> Extensions:
        """Read the reply to EHLO or LHLO. A line that is no offer is passed over."""
        keywords: dict[str, tuple[str, ...]] = {}
        for line in reply.lines[1:]:
            # Some servers still say "AUTH=LOGIN", from before RFC 2554, beside the right form.
            if found := _LINE.fullmatch(line.rstrip()):
                keyword = found[1].upper()
                known = keywords.get(keyword, ())
                new = (word for word in (found[2] or "").split() if word not in known)
                keywords[keyword] = (*known, *new)
        return cls(reply.lines[0].partition(" ")[0], keywords)

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.keywords

    @property
    def size(self) -> int | None:
        """The most octets of a message (RFC 1870 §4); None where the server names no bound."""
        value = next(iter(self.keywords.get("SIZE", ())), "0")
        return (int(value) or None) if _NUMBER.fullmatch(value) else None

    @property
    def mechanisms(self) -> tuple[str, ...]:
        """The SASL mechanisms, in capitals, in the server's order (RFC 4954 §3)."""
        return tuple(word.upper() for word in self.keywords.get("AUTH", ()))
