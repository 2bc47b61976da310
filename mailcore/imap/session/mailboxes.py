"""LIST, LSUB, NAMESPACE and the commands that make and unmake mailboxes (RFC 9051 §6.3)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailcore.backend import MailboxInfo, ManagesMailboxes, ManagesSubscriptions
from mailcore.imap import commands
from mailcore.imap.listing import DELIMITER, Pattern, parents
from mailcore.imap.responses import ListResponse, NamespaceResponse, Tagged
from mailcore.imap.session.answers import cannot, no, ok

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session


async def list_mailboxes(session: Session, command: commands.List) -> Tagged:
    """LIST, with children (RFC 3348), special use (RFC 6154) and selection (RFC 5258)."""
    if command.patterns == ("",):
        # Not a pattern: it asks for the delimiter (RFC 9051 §6.3.9).
        session.send(ListResponse("", ("\\Noselect",)))
        return ok(command)
    infos = await session.open_account.mailboxes()
    patterns = [Pattern(command.reference + pattern) for pattern in command.patterns]
    above = parents(info.name for info in infos)
    selected = [info for info in infos if _is_selected(info, command)]
    # A name in between that is no mailbox itself is only shown where nothing narrows the choice.
    missing = above - {info.name for info in infos} if len(selected) == len(infos) else ()
    tell_subscribed = "SUBSCRIBED" in command.select or "SUBSCRIBED" in command.returns
    for info in _sorted([*selected, *(_placeholder(name) for name in missing)]):
        if any(pattern.matches(info.name) for pattern in patterns):
            session.send(ListResponse(info.name, _attributes(info, above, tell_subscribed)))
    return ok(command)


def _is_selected(info: MailboxInfo, command: commands.List) -> bool:
    return ("SUBSCRIBED" not in command.select or info.subscribed) and (
        "SPECIAL-USE" not in command.select or info.special_use is not None
    )


def _attributes(info: MailboxInfo, above: set[str], tell_subscribed: bool) -> tuple[str, ...]:
    found = ["\\HasChildren" if info.name in above else "\\HasNoChildren"]
    if not info.selectable:
        found.append("\\Noselect")
    if info.special_use is not None:
        found.append(info.special_use)
    if tell_subscribed and info.subscribed:
        found.append("\\Subscribed")
    return tuple(found)


def _placeholder(name: str) -> MailboxInfo:
    return MailboxInfo(name, "", subscribed=False, selectable=False)


def _sorted(infos: Sequence[MailboxInfo]) -> list[MailboxInfo]:
    return sorted(infos, key=lambda info: (info.name != "INBOX", info.name))


async def list_subscribed(session: Session, command: commands.Lsub) -> Tagged:
    """LSUB (RFC 3501 §6.3.9): with "%", a name above a subscribed one is shown too."""
    infos = [info for info in await session.open_account.mailboxes() if info.subscribed]
    pattern = Pattern(command.reference + command.pattern)
    missing: set[str] = set()
    if "%" in command.pattern:
        missing = parents(info.name for info in infos) - {info.name for info in infos}
    for info in _sorted([*infos, *(_placeholder(name) for name in missing)]):
        if pattern.matches(info.name):
            attributes = () if info.selectable else ("\\Noselect",)
            session.send(ListResponse(info.name, attributes, lsub=True))
    return ok(command)


async def namespace(session: Session, command: commands.Namespace) -> Tagged:
    """NAMESPACE (RFC 2342): one, personal, without a prefix."""
    session.send(NamespaceResponse(personal=(("", DELIMITER),)))
    return ok(command)


async def create(session: Session, command: commands.Create) -> Tagged:
    """CREATE (RFC 9051 §6.3.4)."""
    if command.mailbox == "INBOX":
        return no(command, "INBOX exists always", "ALREADYEXISTS")
    account = session.open_account
    if not isinstance(account, ManagesMailboxes):
        return cannot(command, "CREATE")
    await account.create(command.mailbox)
    return ok(command)


async def delete(session: Session, command: commands.Delete) -> Tagged:
    """DELETE (RFC 9051 §6.3.5)."""
    if command.mailbox == "INBOX":
        return no(command, "INBOX can not be deleted", "CANNOT")
    account = session.open_account
    if not isinstance(account, ManagesMailboxes):
        return cannot(command, "DELETE")
    await account.delete(command.mailbox)
    return ok(command)


async def rename(session: Session, command: commands.Rename) -> Tagged:
    """RENAME (RFC 9051 §6.3.6)."""
    account = session.open_account
    if not isinstance(account, ManagesMailboxes):
        return cannot(command, "RENAME")
    await account.rename(command.mailbox, command.new_name)
    return ok(command)


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
    await account.subscribe(name, subscribed)
    return ok(command)
