"""``$``: the messages that the last SEARCH RETURN (SAVE) found (RFC 5182, RFC 9051 §6.4.4.1)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from mailcore.imap import commands
from mailcore.imap import searchkeys as keys
from mailcore.imap.session.view import View
from mailcore.imap.types import SequenceSet


def uses_saved(command: Any) -> bool:
    """Tell whether a command says ``$``."""
    return any(
        isinstance(numbers := getattr(command, name, None), SequenceSet) and numbers.saved
        for name in _SETS
    ) or _has_saved(getattr(command, "key", None))


def with_saved(command: commands.Command, view: View) -> commands.Command:
    """Return the command with the messages in the place of ``$``."""
    if not uses_saved(command):
        return command
    # What has vanished meanwhile is in it no more (RFC 5182 §2.1).
    uids = [uid for uid in view.saved if view.number(uid) is not None]
    changes: dict[str, Any] = {}
    for name in _SETS:
        numbers = getattr(command, name, None)
        if isinstance(numbers, SequenceSet) and numbers.saved:
            by_uid = getattr(command, "uid", True)
            found = uids if by_uid else [number for uid in uids if (number := view.number(uid))]
            changes[name] = SequenceSet.of(found)
    key = getattr(command, "key", None)
    if key is not None:
        changes["key"] = _resolved(key, keys.InSet(SequenceSet.of(uids), uid=True))
    return replace(command, **changes)


def save(view: View, returns: Sequence[str], found: list[tuple[int, int]]) -> None:
    """Keep what a search has found for ``$``.

    Arguments:
        view: of the mailbox.
        returns: of the search. With MIN or MAX, and neither ALL nor COUNT, only those are kept
            (RFC 5182 §2.1).
        found: (sequence number, UID), rising.
    """
    if not {"ALL", "COUNT"} & set(returns) and {"MIN", "MAX"} & set(returns):
        found = [
            *(found[:1] if "MIN" in returns else ()),
            *(found[-1:] if "MAX" in returns else ()),
        ]
    view.saved = tuple(dict.fromkeys(uid for _, uid in found))


# The fields of commands that hold a sequence set.
_SETS = ("numbers", "uids")


def _has_saved(key: keys.SearchKey | None) -> bool:
    match key:
        case keys.And(parts):
            return any(map(_has_saved, parts))
        case keys.Or(left, right):
            return _has_saved(left) or _has_saved(right)
        case keys.Not(inner):
            return _has_saved(inner)
        case keys.InSet(numbers):
            return numbers.saved
        case _:
            return False


def _resolved(key: keys.SearchKey, saved: keys.InSet) -> keys.SearchKey:
    match key:
        case keys.And(parts):
            return keys.And(tuple(_resolved(part, saved) for part in parts))
        case keys.Or(left, right):
            return keys.Or(_resolved(left, saved), _resolved(right, saved))
        case keys.Not(inner):
            return keys.Not(_resolved(inner, saved))
        case keys.InSet(numbers) if numbers.saved:
            return saved
        case _:
            return key
