"""LANGUAGE and COMPARATOR (RFC 5255): what texts are written in, and how they are compared."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailcore.imap import commands
from mailcore.imap.collation import COLLATIONS, DEFAULT_COLLATION
from mailcore.imap.listing import Pattern
from mailcore.imap.responses import ComparatorResponse, LanguageResponse, Tagged
from mailcore.imap.session.answers import no, ok

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# All texts are English; i-default is English that anybody may read (RFC 2277 §4.5).
_DEFAULT: Final = "i-default"
_LANGUAGES: Final = ("en", _DEFAULT)


async def language(session: Session, command: commands.Language) -> Tagged:
    """LANGUAGE (RFC 5255 §3.2)."""
    if not command.ranges:
        session.send(LanguageResponse(_LANGUAGES))
        return ok(command)
    found = next((known for one in command.ranges if (known := _look_up(one)) is not None), None)
    if found is None:
        return no(command, "Unsupported language")
    session.send(LanguageResponse((found,)))
    return ok(command)


def _look_up(wanted: str) -> str | None:
    """Return the language that a range means, the more general one if need be (RFC 4647 §3.4)."""
    tag = wanted.lower()
    if tag in ("default", "*"):
        return _DEFAULT
    if tag in _LANGUAGES:
        return tag
    primary = tag.split("-", 1)[0]
    return primary if primary in _LANGUAGES else None


async def comparator(session: Session, command: commands.Comparator) -> Tagged:
    """COMPARATOR (RFC 5255 §4.7): the collation that SEARCH, SORT and THREAD go by."""
    if not command.orders:
        session.send(ComparatorResponse(session.collation))
        return ok(command)
    matching = next((names for one in command.orders if (names := _matching(one))), ())
    if not matching:
        return no(command, "No such collation", "BADCOMPARATOR")
    session.collation = matching[0]
    session.send(ComparatorResponse(matching[0], matching if len(matching) > 1 else ()))
    return ok(command)


def _matching(order: str) -> tuple[str, ...]:
    """Return the collations that a name or pattern means (RFC 4790 §3.2, collation-wild)."""
    wanted = order.lower()
    if wanted == "default":
        return (DEFAULT_COLLATION,)
    if "%" in wanted:
        return ()
    pattern = Pattern(wanted)
    return tuple(name for name in COLLATIONS if pattern.matches(name))
