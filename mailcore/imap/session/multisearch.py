"""ESEARCH, the command: one search through several mailboxes (RFC 7377)."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator, Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from mailcore.backend import BackendError, MailboxInfo
from mailcore.imap import commands
from mailcore.imap.responses import Tagged
from mailcore.imap.session.answers import bad, no, ok
from mailcore.imap.session.contexts import begin_updates, refuse_updates, reuses_tag
from mailcore.imap.session.filters import covers
from mailcore.imap.session.listing import in_order
from mailcore.imap.session.rights import rights_in, visible_mailboxes
from mailcore.imap.session.saved import save, uses_saved
from mailcore.imap.session.search import Looking, extended, relevant_of
from mailcore.imap.session.view import NoModSequences, View
from mailcore.imap.types import ResponseCode

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

logger: Final = logging.getLogger("mailcore.imap")


async def esearch(
    session: Session, command: commands.Esearch
) -> AsyncGenerator[Tagged | None, None]:
    """ESEARCH: an answer for each mailbox in which something was found."""
    if (refusal := _refusal(session, command)) is not None:
        yield refusal
        return
    limits, selected = session.limits, session.view
    infos = [info for info in await visible_mailboxes(session) if "r" in rights_in(info)]
    chosen = list(_chosen(command, infos, selected))
    if len(chosen) > limits.search_mailboxes:
        yield no(command, "Too many mailboxes at a time", "LIMIT")
        return
    looked_at, limited, goes_on = 0, False, False
    for place in chosen:
        if looked_at >= limits.messages_per_command:
            limited = True
            break
        view = place if isinstance(place, View) else await _opened(session, place.name)
        if view is None:
            continue
        search = Looking(session, command, view, looked_at)
        try:
            async for _ in search.run():
                yield None
        except (BackendError, NoModSequences) as error:
            if view is selected:
                raise
            logger.info("%s: %s is not searched: %r", session.peer.host, view.name, error)
            continue
        if search.refused is not None:
            yield search.refused
            return
        _tell(session, command, view, search)
        goes_on = goes_on or view is selected
        limited = limited or search.limited is not None
        looked_at += view.count
        if session.output_is_full:
            yield None
    if not goes_on:
        refuse_updates(session, command, "This is not the mailbox that is selected")
    await session.tell_updates()
    # RFC 7377 §2.4
    yield ok(command, code=ResponseCode("LIMIT") if limited else None)


def _refusal(session: Session, command: commands.Esearch) -> Tagged | None:
    returns, view = command.returns or (), session.view
    if view is None and (command.of_selected or "UPDATE" in returns):
        return bad(command, "No mailbox is selected")
    if command.of_others and ("SAVE" in returns or uses_saved(command)):
        return bad(command, "What is saved is of the selected mailbox alone")
    if view is not None and reuses_tag(view, command):
        return bad(command, "Tag reuse")
    return None


def _chosen(
    command: commands.Esearch, infos: Sequence[MailboxInfo], selected: View | None
) -> Iterator[View | MailboxInfo]:
    """Yield the mailboxes that are meant, each once; of the selected one what its client knows."""
    if selected is not None and command.of_selected:
        yield selected
    for info in in_order(infos):
        if not (info.selectable and info.exists):
            continue
        if not any(covers(source, info) for source in command.sources):
            continue
        if selected is None or info.id != selected.mailbox.id:
            yield info
        elif not command.of_selected:
            yield selected


async def _opened(session: Session, name: str) -> View | None:
    """Return a mailbox as it is now; None if it can not be read, and is passed over (§2.2)."""
    try:
        mailbox = await session.open_account.open(name)
        enabled = session.connection.enabled
        view = View(name, mailbox, session.shared.snapshots, read_only=True, enabled=enabled)
        await view.open()
    except BackendError as error:
        logger.info("%s: %s is not searched: %s", session.peer.host, name, error)
        return None
    return view


def _tell(session: Session, command: commands.Esearch, view: View, search: Looking) -> None:
    returns = command.returns if command.returns is not None else ("ALL",)
    if "SAVE" in returns:
        save(view, relevant_of(command, search.found).uids)
    if len(search.found) and not (returns == ("SAVE",) and command.partial is None):
        response = extended(command, returns, search.found)
        uid_validity = view.mailbox.uid_validity
        session.send(replace(response, mailbox=view.name, uid_validity=uid_validity))
    if view is session.view:
        complete = search.limited is None
        begin_updates(session, command, search.found, search.position, complete=complete)
