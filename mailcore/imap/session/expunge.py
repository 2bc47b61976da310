"""EXPUNGE, CLOSE and UNSELECT (RFC 9051 §6.4.1-3)."""

from __future__ import annotations

from contextlib import suppress
from itertools import compress
from typing import TYPE_CHECKING

from mailcore.backend import BackendError, Expungeable
from mailcore.imap import commands
from mailcore.imap.responses import Tagged, Untagged
from mailcore.imap.session.answers import cannot, no, ok
from mailcore.imap.session.chosen import Chosen
from mailcore.imap.session.long_commands import within_limit
from mailcore.imap.session.rights import selected_rights
from mailcore.imap.session.view import View
from mailcore.imap.types import SequenceSet, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def expunge(session: Session, command: commands.Expunge) -> Tagged:
    """EXPUNGE, and UID EXPUNGE (RFC 4315 §2.1)."""
    view = session.selected
    mailbox = view.mailbox
    if view.read_only:
        return no(command, "The mailbox is opened read-only", "NOPERM")
    if not isinstance(mailbox, Expungeable):
        return cannot(command, "EXPUNGE")
    await view.refresh()
    deleted = _deleted(view, command.uids)
    chosen, limited = within_limit(Chosen(deleted, deleted), session.limits)
    uids = chosen.uids
    if uids:
        await mailbox.expunge(uids)
    await session.tell_updates(ask=True)
    code = view.told_code() if uids else None
    if limited is not None and code is not None:
        session.send(Untagged(Status.OK, "Up to here all is told", code))
    return ok(command, code=limited or code)


async def close(session: Session, command: commands.Close) -> Tagged:
    """CLOSE: expunge in silence, except where the mailbox is read-only or can not."""
    view = session.selected
    mailbox = view.mailbox
    # RFC 4314 §4: without the right "e" nothing is expunged, and CLOSE is OK all the same.
    may = "e" in await selected_rights(session)
    if may and not view.read_only and isinstance(mailbox, Expungeable):
        # The mailbox is closed whether it lets its messages go or not: CLOSE has no other answer.
        with suppress(BackendError):
            await view.refresh()
            if uids := _deleted(view, None):
                await mailbox.expunge(uids)
    session.view = None
    return ok(command)


async def unselect(session: Session, command: commands.Unselect) -> Tagged:
    """UNSELECT (RFC 3691)."""
    session.view = None
    return ok(command)


def _deleted(view: View, among: SequenceSet | None) -> list[int]:
    # Only of the messages that the client knows of: it has not seen what the others are.
    known = view.all_messages() if among is None else view.select(among, uid=True)
    rows = view.columns(known.uids)
    return list(compress(rows.uids, rows.flags.having("\\Deleted")))
