"""APPEND (RFC 9051 §6.3.12): its octets come in pieces and are committed before OK."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    Appendable,
    BackendError,
    Cannot,
    Mailbox,
    NewMessage,
    NoSuchMailbox,
    TooBig,
    Unavailable,
)
from mailcore.imap import commands
from mailcore.imap.responses import Tagged
from mailcore.imap.session.answers import no, ok
from mailcore.imap.session.binary import made_legal
from mailcore.imap.session.copy import in_order
from mailcore.imap.session.select import permanent_flags
from mailcore.imap.session.store import canonical
from mailcore.imap.types import ResponseCode
from mailcore.limits import Limits
from mailcore.spool import Content

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

logger: Final = logging.getLogger("mailcore.imap")


class Append:
    """An APPEND whose messages are coming in."""

    def __init__(self, command: commands.AppendBegin, mailbox: Mailbox, limits: Limits) -> None:
        if not isinstance(mailbox, Appendable):
            raise Cannot("APPEND is not possible here")
        self.command = command
        self.mailbox = mailbox
        self.target: Appendable = mailbox
        self._limits = limits
        self._announced = 0
        self._begun: list[tuple[commands.AppendBegin, Content]] = []

    def begin(self, command: commands.AppendBegin) -> None:
        """Make room for a message; raises TooBig if the whole command is too large."""
        self._announced += command.size
        if self._announced > self._limits.message_size:
            raise TooBig
        self._begun.append((command, Content(memory=self._limits.spool_memory)))

    def write(self, data: bytes) -> None:
        """Take octets of the message that began last."""
        self._begun[-1][1].write(data)

    async def commit(self) -> list[int]:
        """Store the messages and return their UIDs.

        Raises:
            BackendError: they are not stored, none of them.
        """
        return list(await self.target.append(self.messages()))

    def messages(self) -> list[NewMessage]:
        """Return what has come, as it is to be stored."""
        for index, (begin, content) in enumerate(self._begun):
            if begin.binary:
                legal = made_legal(content, self._limits)
                self._begun[index] = begin, legal
                if legal is not content:
                    content.close()
        keywords = permanent_flags(self.mailbox)
        return [
            NewMessage(content, canonical(begin.flags, keywords), begin.internal_date, self._limits)
            for begin, content in self._begun
        ]

    def close(self) -> None:
        """Give back what the messages took. Harmless when repeated."""
        for _, content in self._begun:
            content.close()
        self._begun.clear()


async def begin(session: Session, command: commands.AppendBegin) -> Tagged | None:
    """Judge a message before its octets come; they are refused by a tagged response."""
    try:
        if session.append is None:
            mailbox = await session.open_account.open(command.mailbox)
            session.append = Append(command, mailbox, session.limits)
        session.append.begin(command)
    except NoSuchMailbox:
        return no(command, "No such mailbox", "TRYCREATE")
    except BackendError:
        session.drop_append()
        raise
    session.connection.accept_literal()
    return None


async def chunk(session: Session, event: commands.AppendChunk) -> None:
    """Take some octets. If there is no room for them, those still to come are refused."""
    assert session.append is not None
    try:
        session.append.write(event.data)
    except OSError as error:
        logger.error("%s: no place to keep a message: %s", session.peer.host, error)
        session.drop_append()
        raise Unavailable("No place to keep the message") from error


async def end(session: Session, event: commands.AppendEnd) -> Tagged:
    """Store what has come; the UIDs are told (RFC 4315 §3)."""
    append = session.append
    assert append is not None
    command = append.command
    try:
        uids = await append.commit()
    finally:
        session.drop_append()
    if session.view is not None and session.view.mailbox.id == append.mailbox.id:
        await session.tell_updates(ask=True)
    argument = f"{append.mailbox.uid_validity} {in_order(uids)}"
    return ok(command, "APPEND completed", ResponseCode("APPENDUID", argument) if uids else None)


async def aborted(session: Session, event: commands.AppendAborted) -> None:
    """Forget what has come."""
    session.drop_append()
