"""Commands that speak of messages by number, which a client of UIDONLY must not (RFC 9586 §3.1)."""

from __future__ import annotations

from mailcore.imap import commands
from mailcore.imap import searchkeys as keys


def uses_numbers(command: commands.Command) -> bool:
    """Tell whether a command names messages by sequence number, or is answered by them."""
    if isinstance(command, commands.Select):
        return command.qresync is not None and command.qresync.match is not None
    # What comes in two forms says by "uid" which it is.
    if getattr(command, "uid", True) is False:
        return True
    key = getattr(command, "key", None)
    return key is not None and _has_numbers(key)


def _has_numbers(key: keys.SearchKey) -> bool:
    match key:
        case keys.And(parts):
            return any(map(_has_numbers, parts))
        case keys.Or(left, right):
            return _has_numbers(left) or _has_numbers(right)
        case keys.Not(inner):
            return _has_numbers(inner)
        case keys.InSet(numbers, uid):
            return not uid and not numbers.saved
        case _:
            return False
