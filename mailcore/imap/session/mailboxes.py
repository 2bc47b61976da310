"""The commands that make, unmake, rename and subscribe mailboxes (RFC 9051 §6.3.4-8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    Cannot,
    CannotServe,
    CreatesSpecialUse,
    LimitReached,
    ManagesMailboxes,
    ManagesSubscriptions,
    NameChanged,
    NoSuchMailbox,
    SubscriptionChanged,
)
from mailcore.imap import commands
from mailcore.imap.listing import DELIMITER, parents
from mailcore.imap.responses import ListResponse, Tagged
from mailcore.imap.session.answers import cannot, no, ok
from mailcore.imap.session.identities import object_id
from mailcore.imap.session.rights import visible_mailboxes
from mailcore.imap.types import ResponseCode

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# RFC 6154 §2 and the registry of mailbox attributes: those that a mailbox can be made for.
_SPECIAL_USES: Final = {
    use.lower(): use
    for use in ("\\All", "\\Archive", "\\Drafts", "\\Flagged", "\\Junk", "\\Sent", "\\Trash")
}


async def create(session: Session, command: commands.Create) -> Tagged:
    """CREATE, with a special use (RFC 6154 §3)."""
    if command.mailbox == "INBOX":
        return no(command, "INBOX exists always", "ALREADYEXISTS")
    account = session.open_account
    if not isinstance(account, ManagesMailboxes):
        return cannot(command, "CREATE")
    _check_name(session, command.mailbox)
    with session.news.causing(NameChanged(command.mailbox)):
        if not command.special_use:
            await account.create(command.mailbox)
        elif isinstance(account, CreatesSpecialUse):
            await account.create_special(command.mailbox, _special_use(command.special_use))
        else:
            return cannot(command, "CREATE with a use")
    code = None
    if session.is_offered("OBJECTID"):
        # RFC 8474 §4.1
        ids = {info.name: info.id for info in await account.mailboxes()}
        if command.mailbox in ids:
            code = ResponseCode("MAILBOXID", f"({object_id(ids[command.mailbox])})")
    return ok(command, code=code)


def _special_use(wanted: tuple[str, ...]) -> str:
    """Return the one use that a mailbox is made for; raises CannotServe."""
    if len(wanted) > 1:
        raise CannotServe("A mailbox has one use here")
    use = _SPECIAL_USES.get(wanted[0].lower())
    if use is None:
        raise CannotServe("No mailbox is for that here")
    return use


def _check_name(session: Session, name: str) -> None:
    """Refuse names that no mailbox can have (RFC 9051 §5.1).

    Raises:
        Cannot: a level is empty.
        LimitReached: it is too long, or has too many levels.
    """
    limits = session.limits
    levels = name.split(DELIMITER)
    if not all(levels):
        raise Cannot("A mailbox name has something in each level")
    if len(name) > limits.mailbox_name or len(levels) > limits.mailbox_levels:
        raise LimitReached(
            f"A mailbox name has at most {limits.mailbox_name} characters"
            f" and {limits.mailbox_levels} levels"
        )


async def delete(session: Session, command: commands.Delete) -> Tagged:
    """DELETE (RFC 9051 §6.3.5): what is below a mailbox stays, and its name with it."""
    if command.mailbox == "INBOX":
        return no(command, "INBOX can not be deleted", "CANNOT")
    account = session.open_account
    if not isinstance(account, ManagesMailboxes):
        return cannot(command, "DELETE")
    try:
        with session.news.causing(NameChanged(command.mailbox)):
            await account.delete(command.mailbox)
    except NoSuchMailbox:
        if command.mailbox in parents(info.name for info in await visible_mailboxes(session)):
            return no(command, "Only names below this one exist", "HASCHILDREN")
        raise
    return ok(command)


async def rename(session: Session, command: commands.Rename) -> Tagged:
    """RENAME (RFC 9051 §6.3.6): what is below a mailbox goes along."""
    account = session.open_account
    if not isinstance(account, ManagesMailboxes):
        return cannot(command, "RENAME")
    old, new = command.mailbox, command.new_name
    if new == "INBOX":
        return no(command, "INBOX exists always", "ALREADYEXISTS")
    _check_name(session, new)
    if new.startswith(old + DELIMITER) and old != "INBOX":
        return no(command, "A mailbox can not go below itself", "CANNOT")
    # INBOX stays: what a backend tells is that there is another mailbox.
    with session.news.causing(NameChanged(new, old if old != "INBOX" else None)):
        await account.rename(old, new)
    if session.view is not None and old != "INBOX":
        session.view.name = _renamed(session.view.name, old, new)
    if session.rev2 and old != "INBOX":
        # RFC 9051 §6.3.9.7
        session.send(ListResponse(new, old_name=old))
    return ok(command)


def _renamed(name: str, old: str, new: str) -> str:
    if name == old or name.startswith(old + DELIMITER):
        return new + name.removeprefix(old)
    return name


async def subscribe(session: Session, command: commands.Subscribe) -> Tagged:
    """SUBSCRIBE (RFC 9051 §6.3.7)."""
    return await _subscribe(session, command, command.mailbox, True)


async def unsubscribe(session: Session, command: commands.Unsubscribe) -> Tagged:
    """UNSUBSCRIBE (RFC 9051 §6.3.8)."""
    return await _subscribe(session, command, command.mailbox, False)


async def _subscribe(
    session: Session, command: commands.Command, name: str, subscribed: bool
) -> Tagged:
    account = session.open_account
    if not isinstance(account, ManagesSubscriptions):
        return cannot(command, "A change of subscriptions")
    if subscribed:
        _check_name(session, name)
    with session.news.causing(SubscriptionChanged(name)):
        await account.subscribe(name, subscribed)
    return ok(command)
