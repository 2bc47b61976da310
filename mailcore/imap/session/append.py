"""APPEND (RFC 9051 §6.3.12): its octets come in pieces and are committed before OK.

Some of them are those of messages that are here already (CATENATE, RFC 4469).
"""

from __future__ import annotations

import logging
from contextlib import aclosing
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    Appendable,
    BackendError,
    Cannot,
    Mailbox,
    NewMessage,
    NoSuchMailbox,
    Rights,
    TooBig,
    Unavailable,
)
from mailcore.imap import commands
from mailcore.imap.responses import Tagged
from mailcore.imap.session.answers import bad, no, ok
from mailcore.imap.session.binary import made_legal
from mailcore.imap.session.copy import in_order
from mailcore.imap.session.flags import changeable, permanent_flags
from mailcore.imap.session.rights import rights_on
from mailcore.imap.session.store import canonical
from mailcore.imap.session.urls import BadUrl, in_response_code, locate, open_own, own_url
from mailcore.imap.types import ResponseCode, Status
from mailcore.limits import Limits
from mailcore.spool import Content

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

logger: Final = logging.getLogger("mailcore.imap")


class Append:
    """An APPEND whose messages are coming in."""

    def __init__(
        self, command: commands.AppendBegin, mailbox: Mailbox, rights: Rights, limits: Limits
    ) -> None:
        if not isinstance(mailbox, Appendable):
            raise Cannot("APPEND is not possible here")
        self.command = command
        self.mailbox = mailbox
        self.target: Appendable = mailbox
        self._rights = rights
        self._limits = limits
        self._announced = 0
        self._begun: list[tuple[commands.AppendBegin, Content]] = []

    def begin(self, command: commands.AppendBegin) -> None:
        """Make room for a message; raises TooBig if the whole command is too large."""
        self.announce(command.size)
        self._begun.append((command, Content(memory=self._limits.spool_memory)))

    def announce(self, size: int) -> None:
        """Make room for more octets of the message that began last; raises TooBig."""
        self._announced += size
        if self._announced > self._limits.message_size:
            raise TooBig

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
            NewMessage(
                content,
                # RFC 4314 §4: what may not be set is left out, and no reason to fail.
                changeable(canonical(begin.flags, keywords), self._rights),
                begin.internal_date,
                self._limits,
            )
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
            rights = await rights_on(session, command.mailbox)
            session.append = Append(command, mailbox, rights, session.limits)
        session.append.begin(command)
    except NoSuchMailbox:
        return no(command, "No such mailbox", "TRYCREATE")
    except BackendError:
        session.drop_append()
        raise
    session.connection.accept_literal()
    return None


async def catenate_url(session: Session, event: commands.CatenateUrl) -> Tagged | None:
    """Put what a URL names into the message (RFC 4469 §3)."""
    append = session.append
    assert append is not None
    command = append.command
    stored = False
    try:
        url = own_url(session, event.url)
        if url.partial is not None and not session.is_offered("URL-PARTIAL"):
            return bad(command, "URL-PARTIAL is not offered here")
        mailbox = await open_own(session, url)
        located = await locate(url, mailbox, session.shared)
        append.announce(located.size)
        async with aclosing(located.chunks()) as chunks:
            async for data in chunks:
                append.write(data)
        stored = True
    except BadUrl as error:
        code = ResponseCode("BADURL", in_response_code(event.url))
        return Tagged(command.tag, Status.NO, str(error), code)
    except OSError as error:
        raise _no_place(session, error) from error
    finally:
        if not stored:
            session.drop_append()
    return None


async def catenate_text(session: Session, event: commands.CatenateText) -> None:
    """Judge a part of a message before its octets come."""
    assert session.append is not None
    try:
        session.append.announce(event.size)
    except BackendError:
        session.drop_append()
        raise
    session.connection.accept_literal()


async def chunk(session: Session, event: commands.AppendChunk) -> None:
    """Take some octets. If there is no room for them, those still to come are refused."""
    assert session.append is not None
    try:
        session.append.write(event.data)
    except OSError as error:
        session.drop_append()
        raise _no_place(session, error) from error


def _no_place(session: Session, error: OSError) -> Unavailable:
    logger.error("%s: no place to keep a message: %s", session.peer.host, error)
    return Unavailable("No place to keep the message")


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
