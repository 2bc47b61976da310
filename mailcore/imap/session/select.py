"""SELECT, EXAMINE and STATUS (RFC 9051 §6.3.2-3, §6.3.11)."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import suppress
from typing import TYPE_CHECKING

from mailcore.backend import Appendable, Flaggable, KeepsHistory, Mailbox
from mailcore.imap import commands
from mailcore.imap.responses import (
    Exists,
    ListResponse,
    Recent,
    StatusResponse,
    Tagged,
    Untagged,
)
from mailcore.imap.session.answers import bad, ok
from mailcore.imap.session.flags import flags_response, permanent_flags_response
from mailcore.imap.session.identities import object_id
from mailcore.imap.session.reading import message_size
from mailcore.imap.session.resync import changed, missed
from mailcore.imap.session.rights import CHANGING, check_readable, refusal, rights_on
from mailcore.imap.session.urlauth import MECHANISMS
from mailcore.imap.session.view import View
from mailcore.imap.snapshot import Snapshot
from mailcore.imap.types import ResponseCode, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def select(session: Session, command: commands.Select) -> AsyncGenerator[Tagged | None, None]:
    """SELECT and EXAMINE. If it fails no mailbox is selected, the last one included."""
    known = command.qresync
    if known is not None and "QRESYNC" not in session.connection.enabled:
        yield bad(command, "ENABLE QRESYNC first")
        return
    if session.view is not None:
        session.view = None
        _say(session, "CLOSED", text="Previous mailbox is closed")
    if (refused := await refusal(session, command)) is not None:
        yield refused
        return
    if command.condstore:
        session.enable_condstore()
    mailbox = await session.open_account.open(command.mailbox)
    rights = await rights_on(session, command.mailbox)
    can_change = isinstance(mailbox, Flaggable | Appendable) and bool(CHANGING & rights)
    view = View(
        command.mailbox,
        mailbox,
        session.shared.snapshots,
        command.read_only or not can_change,
        session.connection.enabled,
    )
    view.rights = rights
    await view.open()
    if known is not None and not (
        view.keeps_history and known.uid_validity == mailbox.uid_validity
    ):
        # RFC 7162 §3.2.5: the client sees by the answer that its knowledge is worth nothing.
        known = None
    vanished = await missed(view, known) if known is not None else []
    session.view = view
    _describe(session, view)
    for response in vanished:
        session.send(response)
    for number, uid in changed(view, known) if known is not None else ():
        with suppress(KeyError):
            session.send(view.flags_response(number, uid))
        if session.output_is_full:
            yield None
    mode = "READ-ONLY" if view.read_only else "READ-WRITE"
    name = "EXAMINE" if command.read_only else "SELECT"
    yield ok(command, f"{name} completed", ResponseCode(mode))


def _describe(session: Session, view: View) -> None:
    snapshot = view.snapshot
    session.send(flags_response(view))
    session.send(Exists(view.count))
    if session.rev2:
        # RFC 9051 §6.3.2: the name as the server has it.
        session.send(ListResponse(view.name))
    else:
        _describe_to_rev1(session, view)
    session.send(permanent_flags_response(view))
    _say(session, "UIDVALIDITY", view.mailbox.uid_validity, "UIDs valid")
    _say(session, "UIDNEXT", snapshot.uid_next, "Next UID at least")
    if session.is_offered("OBJECTID"):
        _say(session, "MAILBOXID", f"({object_id(view.mailbox.id)})", "The id of the mailbox")
    if session.is_offered("URLAUTH"):
        session.send(Untagged(Status.OK, "How URLs can be authorized", MECHANISMS))
    if view.keeps_history:
        _say(session, "HIGHESTMODSEQ", snapshot.highest_modseq, "Highest mod-sequence")
    else:
        _say(session, "NOMODSEQ", text="No mod-sequences")


def _describe_to_rev1(session: Session, view: View) -> None:
    """Say what RFC 3501 §6.3.1 asks for and RFC 9051 has dropped."""
    session.send(Recent(view.recent_count()))
    unseen = view.snapshot.first_without("\\Seen")
    if unseen is not None:
        _say(session, "UNSEEN", view.number(unseen) or 0, "First unseen")


def _say(session: Session, name: str, argument: object = "", text: str = "") -> None:
    session.send(Untagged(Status.OK, text, ResponseCode(name, str(argument))))


async def status(session: Session, command: commands.StatusCommand) -> Tagged:
    """STATUS, with SIZE, HIGHESTMODSEQ and APPENDLIMIT."""
    session.send(await mailbox_status(session, command.mailbox, command.items))
    await session.tell_updates()
    return ok(command, "STATUS completed")


async def mailbox_status(session: Session, name: str, items: tuple[str, ...]) -> StatusResponse:
    """Return the items of a mailbox, for STATUS and for LIST (RFC 5819).

    Raises:
        BackendError: it cannot be read.
    """
    if "HIGHESTMODSEQ" in items:
        session.enable_condstore()
    await check_readable(session, name)
    mailbox = await session.open_account.open(name)
    snapshot = session.shared.snapshots.get(mailbox)
    await snapshot.refresh(mailbox)
    if "SIZE" in items or "DELETED-STORAGE" in items:
        for uid in snapshot.unknown_sizes():
            await message_size(mailbox, snapshot, uid)
    found = {item: _status_item(session, mailbox, snapshot, item) for item in items}
    return StatusResponse(name, found)


def _status_item(session: Session, mailbox: Mailbox, snapshot: Snapshot, item: str) -> int | str:
    match item:
        case "MESSAGES":
            return len(snapshot)
        case "RECENT":
            return snapshot.count_recent()
        case "UIDNEXT":
            return snapshot.uid_next
        case "UIDVALIDITY":
            return mailbox.uid_validity
        case "UNSEEN":
            return len(snapshot) - snapshot.count_flag("\\Seen")
        case "DELETED":
            return snapshot.count_flag("\\Deleted")
        case "DELETED-STORAGE":
            # RFC 9208 §4.1.4: octets, and not 1024 of them as in QUOTA.
            return sum(snapshot.size(uid) or 0 for uid in snapshot.having("\\Deleted"))
        case "SIZE":
            return snapshot.total_size()
        case "HIGHESTMODSEQ":
            # RFC 7162 §3.1.7: 0 where there are none.
            return snapshot.highest_modseq if isinstance(mailbox, KeepsHistory) else 0
        case "MAILBOXID":
            return object_id(mailbox.id)
        case _:
            return session.limits.message_size  # APPENDLIMIT; the grammar knows no other
