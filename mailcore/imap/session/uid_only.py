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
    return key is not None and keys.any_key(key, _is_number)


def _is_number(key: keys.SearchKey) -> bool:
    return isinstance(key, keys.InSet) and not (key.uid or key.numbers.saved)
