"""Flags (RFC 9051 §9)."""

from __future__ import annotations

import re

from mailcore.imap.wire.cursor import Cursor, ParseError

# flag            =  "\Answered" / ... / flag-keyword / flag-extension
# flag-extension  =  "\" atom
_FLAG = re.compile(rb'\\?[^\x00-\x20\x7f-\xff(){%*"\\\]]++')
# The system flags have one spelling inside the engine.
_CANONICAL = {
    name.lower(): name
    for name in ("\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft", "\\Recent")
}


def flag(cursor: Cursor) -> str:
    """Return one flag; a system flag in its usual letter case."""
    name = cursor.need(_FLAG, "a flag")[0].decode("ascii")
    return _CANONICAL.get(name.lower(), name) if name.startswith("\\") else name


def settable_flag(cursor: Cursor) -> str:
    """Return a flag that a client may set: \\Recent is the server's (RFC 3501 §2.3.2)."""
    name = flag(cursor)
    if name == "\\Recent":
        raise ParseError("\\Recent cannot be set")
    return name


# flag-list       =  "(" [flag *(SP flag)] ")"
def flag_list(cursor: Cursor) -> tuple[str, ...]:
    """Return flags in brackets."""
    return tuple(cursor.bracketed(settable_flag, "a flag list", empty=True))


# store-att-flags =  ... (flag-list / (flag *(SP flag)))
def store_flags(cursor: Cursor) -> tuple[str, ...]:
    """Return flags with or without brackets."""
    if cursor.at(b"("):
        return flag_list(cursor)
    flags = [settable_flag(cursor)]
    while cursor.skip(b" "):
        flags.append(settable_flag(cursor))
    return tuple(flags)
