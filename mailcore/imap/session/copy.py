"""COPY and MOVE (RFC 9051 §6.4.7-8, RFC 6851)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailcore.backend import Copied, Copyable, FlagAction, Flaggable, NoSuchMailbox
from mailcore.imap import commands
from mailcore.imap.responses import Tagged, Untagged
from mailcore.imap.session.answers import cannot, no, ok
from mailcore.imap.session.flags import all_changeable, changeable
from mailcore.imap.session.long_commands import too_many
from mailcore.imap.session.rights import rights_on
from mailcore.imap.types import ResponseCode, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def copy(session: Session, command: commands.Copy) -> Tagged:
    """COPY: messages that are gone are passed over."""
    view = session.selected
    mailbox = view.mailbox
    if not isinstance(mailbox, Copyable):
        return cannot(command, "COPY")
    uids = view.select(command.numbers, command.uid).uids
    if (refusal := too_many(command, len(uids), session.limits)) is not None:
        return refusal
    try:
        lost = await _lost(session, command.mailbox, uids)
        copied = await mailbox.copy(uids, command.mailbox)
    except NoSuchMailbox:
        return no(command, "No such mailbox", "TRYCREATE")
    await _leave_out(session, command.mailbox, copied, lost)
    await session.tell_updates()
    return ok(command, code=copy_uid(copied))


async def move(session: Session, command: commands.Move) -> Tagged:
    """MOVE: COPYUID is told before the messages vanish (RFC 6851 §4.3)."""
    view = session.selected
    mailbox = view.mailbox
    if not isinstance(mailbox, Copyable):
        return cannot(command, "MOVE")
    if view.read_only:
        return no(command, "The mailbox is opened read-only", "NOPERM")
    uids = view.select(command.numbers, command.uid).uids
    if (refusal := too_many(command, len(uids), session.limits)) is not None:
        return refusal
    try:
        lost = await _lost(session, command.mailbox, uids)
        copied = await mailbox.move(uids, command.mailbox)
    except NoSuchMailbox:
        return no(command, "No such mailbox", "TRYCREATE")
    await _leave_out(session, command.mailbox, copied, lost)
    if (code := copy_uid(copied)) is not None:
        session.send(Untagged(Status.OK, "Moved", code))
    await session.tell_updates(ask=True)
    return ok(command)


async def _lost(session: Session, name: str, uids: Sequence[int]) -> frozenset[str]:
    """Return the flags of messages that the user may not set in another mailbox (RFC 4314 §4).

    Raises:
        NoSuchMailbox: there is none.
    """
    rights = await rights_on(session, name)
    if all_changeable(rights):
        return frozenset()
    view = session.selected
    await view.refresh()
    flags: frozenset[str] = frozenset()
    for uid in uids:
        if uid in view.snapshot:
            flags |= view.snapshot.flags(uid)
    return flags - changeable(flags, rights)


async def _leave_out(session: Session, name: str, copied: Copied, lost: frozenset[str]) -> None:
    """Take from copies the flags that the user may not set there."""
    if not lost or not copied.target:
        return
    mailbox = await session.open_account.open(name)
    if isinstance(mailbox, Flaggable):
        await mailbox.store_flags(copied.target, FlagAction.REMOVE, lost)


def copy_uid(copied: Copied) -> ResponseCode | None:
    """Return COPYUID (RFC 4315 §3), whose sets run in step; None if nothing was copied."""
    if not copied.source:
        return None
    sets = f"{in_order(copied.source)} {in_order(copied.target)}"
    return ResponseCode("COPYUID", f"{copied.uid_validity} {sets}")


def in_order(uids: Sequence[int]) -> str:
    """Write a uid-set that keeps the order of the UIDs."""
    ranges: list[tuple[int, int]] = []
    for uid in uids:
        if ranges and uid == ranges[-1][1] + 1:
            ranges[-1] = (ranges[-1][0], uid)
        else:
            ranges.append((uid, uid))
    return ",".join(str(low) if low == high else f"{low}:{high}" for low, high in ranges)
