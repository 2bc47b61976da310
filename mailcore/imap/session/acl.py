"""Access control lists: SETACL, DELETEACL, GETACL, LISTRIGHTS, MYRIGHTS (RFC 4314 §3)."""

from __future__ import annotations

from collections.abc import Collection
from typing import TYPE_CHECKING, Final

from mailcore.backend import ALL_RIGHTS, Grantable, HasRights, Rights, RightsChange
from mailcore.imap import commands
from mailcore.imap.responses import (
    AclResponse,
    ListRightsResponse,
    MyRightsResponse,
    Tagged,
)
from mailcore.imap.session.answers import bad, cannot, ok
from mailcore.sasl import SaslError
from mailcore.sasl.prep import saslprep

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

#: What RIGHTS= tells: those that RFC 2086 did not have (RFC 4314 §2.2).
NEW_RIGHTS: Final = "texk"
#: The rights of RFC 2086 that are now several (RFC 4314 §2.1.1): CREATE, and what removes.
VIRTUAL: Final = {"c": frozenset("kx"), "d": frozenset("et")}
_ORDER: Final = "lrswipkxtecda"


def spelled(rights: Rights) -> str:
    """Write rights, with the virtual ones that belong to them."""
    told = set(rights) | {name for name, members in VIRTUAL.items() if members & rights}
    return "".join(sorted(told, key=_place))


def _place(right: str) -> tuple[int, str]:
    return (_ORDER.index(right) if right in _ORDER else len(_ORDER), right)


def _read(text: str) -> Rights | None:
    """Read rights, virtual ones taken apart; None if one of them is unknown."""
    found: set[str] = set()
    for right in text:
        if right in VIRTUAL:
            found |= VIRTUAL[right]
        elif right in ALL_RIGHTS or (right.isascii() and right.isdigit()):
            found.add(right)
        else:
            return None
    return frozenset(found)


def _identifier(text: str) -> str | None:
    """Prepare an identifier (RFC 4314 §3); None if nobody can be called so."""
    try:
        return saslprep(text) or None
    except SaslError:
        return None


async def set_acl(session: Session, command: commands.SetAcl) -> Tagged:
    """SETACL."""
    account = session.open_account
    if not isinstance(account, HasRights):
        return cannot(command, "SETACL")
    rights, identifier = _read(command.rights), _identifier(command.identifier)
    if rights is None:
        return bad(command, "One of these rights is not known here")
    if identifier is None:
        return bad(command, "Nobody can be called so")
    change = RightsChange(command.action)
    await account.change_access(command.mailbox, identifier, change, rights)
    return ok(command, "SETACL completed")


async def delete_acl(session: Session, command: commands.DeleteAcl) -> Tagged:
    """DELETEACL."""
    account = session.open_account
    if not isinstance(account, HasRights):
        return cannot(command, "DELETEACL")
    identifier = _identifier(command.identifier)
    if identifier is None:
        return bad(command, "Nobody can be called so")
    await account.delete_access(command.mailbox, identifier)
    return ok(command, "DELETEACL completed")


async def get_acl(session: Session, command: commands.GetAcl) -> Tagged:
    """GETACL."""
    account = session.open_account
    if not isinstance(account, HasRights):
        return cannot(command, "GETACL")
    found = await account.access_list(command.mailbox)
    entries = tuple((identifier, spelled(rights)) for identifier, rights in found.items())
    session.send(AclResponse(command.mailbox, entries))
    return ok(command, "GETACL completed")


async def list_rights(session: Session, command: commands.ListRights) -> Tagged:
    """LISTRIGHTS."""
    account = session.open_account
    if not isinstance(account, HasRights):
        return cannot(command, "LISTRIGHTS")
    identifier = _identifier(command.identifier)
    if identifier is None:
        return bad(command, "Nobody can be called so")
    found = await account.grantable(command.mailbox, identifier)
    always, optional = grantable(found)
    # RFC 4314 §3.4: the identifier as the client wrote it.
    session.send(ListRightsResponse(command.mailbox, command.identifier, always, optional))
    return ok(command, "LISTRIGHTS completed")


def grantable(found: Grantable) -> tuple[str, tuple[str, ...]]:
    """Write what can be granted, each right once, virtual ones where their members are."""
    sets = [set(rights) for rights in found.optional]
    always = set(found.always)
    for name, members in VIRTUAL.items():
        places = [one for one in sets if members & one]
        tied = [one for one in places if one - members - set(VIRTUAL)]
        if not places:
            always |= {name} if members & always else set()
        elif tied:
            tied[0].add(name)
        else:
            sets.append({name})
    return _joined(always), tuple(_joined(one) for one in sets)


def _joined(rights: Collection[str]) -> str:
    return "".join(sorted(rights, key=_place))


async def my_rights(session: Session, command: commands.MyRights) -> Tagged:
    """MYRIGHTS."""
    account = session.open_account
    if not isinstance(account, HasRights):
        return cannot(command, "MYRIGHTS")
    rights = await account.my_rights(command.mailbox)
    session.send(MyRightsResponse(command.mailbox, spelled(rights)))
    return ok(command, "MYRIGHTS completed")
