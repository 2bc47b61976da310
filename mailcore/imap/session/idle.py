"""NOOP, CHECK and IDLE: what only serves to learn of changes (RFC 9051 §6.1.2, RFC 2177)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailcore.imap import commands
from mailcore.imap.responses import Continuation, Tagged
from mailcore.imap.session.answers import ok
from mailcore.imap.types import Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def noop(session: Session, command: commands.Noop | commands.Check) -> Tagged:
    """NOOP and CHECK: ask the mailbox, hint or no hint."""
    await session.tell_updates(ask=True)
    session.mark_current()
    return ok(command)


def noop_at_once(session: Session, command: commands.Noop | commands.Check) -> Tagged | None:
    """The same for those that came together with one that has asked; None: ask."""
    return ok(command) if session.is_current else None


async def idle(session: Session, command: commands.Idle) -> None:
    """IDLE: what happened before it began is told at once; then the session is woken by hints."""
    session.send(Continuation("idling"))
    session.idling = True
    await session.tell_updates(ask=True)


async def done(session: Session, event: commands.IdleDone) -> Tagged:
    """DONE."""
    session.idling = False
    await session.tell_updates()
    return Tagged(event.tag, Status.OK, "Idle completed")
