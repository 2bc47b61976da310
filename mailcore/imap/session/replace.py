"""REPLACE (RFC 8508): an APPEND whose message takes the place of another, at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mailcore.backend import NoSuchMailbox, Replaceable
from mailcore.imap import commands
from mailcore.imap.responses import Tagged, Untagged
from mailcore.imap.session import append
from mailcore.imap.session.answers import cannot, no, ok
from mailcore.imap.types import ResponseCode, SequenceSet, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

_GONE = "There is no such message to replace"


async def begin(session: Session, command: commands.Replace) -> Tagged | None:
    """Judge it before its octets come."""
    view = session.selected
    if not isinstance(view.mailbox, Replaceable):
        return cannot(command, "REPLACE")
    if view.read_only:
        return no(command, "The mailbox is opened read-only", "NOPERM")
    if not _uids(session, command):
        return no(command, _GONE)
    return await append.begin(session, command)


def _uids(session: Session, command: commands.Replace) -> list[int]:
    """Return the UID that the command names, if there is one; raises BadNumber."""
    numbers = SequenceSet(((command.number, command.number),))
    return list(session.selected.select(numbers, command.uid).uids)


async def end(session: Session, event: commands.AppendEnd) -> Tagged:
    """Store what has come, of an APPEND as well.

    APPENDUID is told before the old message vanishes (RFC 8508 §3.4).
    """
    appended = session.append
    assert appended is not None
    command = appended.command
    if not isinstance(command, commands.Replace):
        return await append.end(session, event)
    mailbox = session.selected.mailbox
    assert isinstance(mailbox, Replaceable)
    try:
        (message,) = appended.messages()
        (uid,) = _uids(session, command)
        new = await mailbox.replace(uid, message, command.mailbox)
    except (KeyError, ValueError):
        return no(command, _GONE)
    except NoSuchMailbox:
        return no(command, "No such mailbox", "TRYCREATE")
    finally:
        session.drop_append()
    code = ResponseCode("APPENDUID", f"{appended.mailbox.uid_validity} {new}")
    session.send(Untagged(Status.OK, "Replacement stored", code))
    await session.tell_updates(ask=True)
    return ok(command)
