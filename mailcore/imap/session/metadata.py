"""GETMETADATA and SETMETADATA (RFC 5464 §4.2-3)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from mailcore.backend import KeepsMetadata, MetadataChanged
from mailcore.imap import commands
from mailcore.imap.responses import MetadataResponse, Tagged
from mailcore.imap.session.answers import cannot, ok
from mailcore.imap.types import ResponseCode, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def get_metadata(session: Session, command: commands.GetMetadata) -> Tagged:
    """GETMETADATA: an entry that has no value is NIL where it was asked for by its name."""
    account = session.open_account
    if not isinstance(account, KeepsMetadata):
        return cannot(command, "GETMETADATA")
    kept = await account.metadata(command.mailbox)
    told: list[tuple[str, bytes | None]] = []
    longest = 0
    for name in chosen(kept, command.entries, command.depth):
        value = kept.get(name)
        if command.max_size is None or value is None or len(value) <= command.max_size:
            told.append((name, value))
        else:
            longest = max(longest, len(value))
    if told:
        session.send(MetadataResponse(command.mailbox, tuple(told)))
    return ok(command, code=_code(f"LONGENTRIES {longest}") if longest else None)


def chosen(kept: Iterable[str], entries: Iterable[str], depth: int | None) -> list[str]:
    """Return the names that are asked for, each once.

    Arguments:
        kept: names that have a value.
        entries: names that are asked for.
        depth: how many levels below each of them, None for all.
    """
    found = dict.fromkeys(name for name in entries if name.count("/") > 1)
    if depth != 0:
        for base in entries:
            below = base + "/"
            found.update(
                dict.fromkeys(
                    name
                    for name in sorted(kept)
                    if name.startswith(below)
                    and (depth is None or name.count("/", len(below)) < depth)
                )
            )
    return list(found)


async def set_metadata(session: Session, command: commands.SetMetadata) -> Tagged:
    """SETMETADATA: all of it or nothing."""
    account = session.open_account
    if not isinstance(account, KeepsMetadata):
        return cannot(command, "SETMETADATA")
    values = dict(command.values)
    limit = session.limits.metadata_value
    if any(value is not None and len(value) > limit for value in values.values()):
        return _refused(command, "A value is too large", f"MAXSIZE {limit}")
    after = set(await account.metadata(command.mailbox))
    before = len(after)
    after.update(name for name, value in values.items() if value is not None)
    after.difference_update(name for name, value in values.items() if value is None)
    if len(after) > max(before, session.limits.metadata_entries):
        return _refused(command, "Too many annotations", "TOOMANY")
    with session.news.causing(MetadataChanged(command.mailbox, tuple(values))):
        await account.set_metadata(command.mailbox, values)
    return ok(command)


def _refused(command: commands.SetMetadata, text: str, argument: str) -> Tagged:
    return Tagged(command.tag, Status.NO, text, _code(argument))


def _code(argument: str) -> ResponseCode:
    return ResponseCode("METADATA", argument)
