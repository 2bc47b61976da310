"""``$``: the messages that the last SEARCH RETURN (SAVE) found (RFC 5182, RFC 9051 §6.4.4.1)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields, replace
from functools import cache
from typing import Any, Final

from mailcore.imap import commands
from mailcore.imap import searchkeys as keys
from mailcore.imap.session.view import View
from mailcore.imap.types import SequenceSet

# The fields of commands that hold a sequence set.
_SETS: Final = ("numbers", "uids")


def saves_or_uses(command: Any) -> bool:
    """Tell whether a command saves what it finds, or says ``$``."""
    return "SAVE" in (command.returns or ()) or uses_saved(command)


def uses_saved(command: Any) -> bool:
    """Tell whether a command says ``$``."""
    for name in _sets(command.__class__):
        if _is_saved(getattr(command, name)):
            return True
    key = getattr(command, "key", None)
    return key is not None and keys.any_key(key, _names_saved)


@cache
def _sets(kind: type[commands.Command]) -> tuple[str, ...]:
    """Return which fields of a kind of command may be ``$``."""
    return tuple(field.name for field in fields(kind) if field.name in _SETS)


def with_saved(command: commands.Command, view: View) -> commands.Command:
    """Return the command with the messages in the place of ``$``."""
    if not uses_saved(command) or getattr(command, "of_others", False):
        # In other mailboxes these UIDs are other messages: ESEARCH refuses.
        return command
    # What has vanished meanwhile is in it no more (RFC 5182 §2.1).
    uids = [uid for uid in view.saved if view.number(uid) is not None]
    changes: dict[str, Any] = {}
    for name in _SETS:
        if _is_saved(getattr(command, name, None)):
            by_uid = getattr(command, "uid", True)
            found = uids if by_uid else [number for uid in uids if (number := view.number(uid))]
            changes[name] = SequenceSet.of(found)
    key = getattr(command, "key", None)
    if key is not None:
        saved = keys.InSet(SequenceSet.of(uids), uid=True)
        changes["key"] = keys.map_keys(key, lambda one: saved if _names_saved(one) else one)
    return replace(command, **changes)


def save(view: View, uids: Iterable[int]) -> None:
    """Keep what a search has found for ``$``."""
    view.saved = tuple(sorted(set(uids)))


def _is_saved(numbers: object) -> bool:
    return isinstance(numbers, SequenceSet) and numbers.saved


def _names_saved(key: keys.SearchKey) -> bool:
    return isinstance(key, keys.InSet) and key.numbers.saved
