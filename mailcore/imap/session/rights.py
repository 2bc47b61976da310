"""Which rights commands take, and what is left of them where some are missing (RFC 4314 §4)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from mailcore.backend import (
    ALL_RIGHTS,
    HasRights,
    MailboxInfo,
    NoSuchMailbox,
    NotPermitted,
    Rights,
)
from mailcore.imap import commands as c
from mailcore.imap.listing import above
from mailcore.imap.responses import Tagged
from mailcore.imap.session.answers import no
from mailcore.imap.session.flags import tell_flags

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

#: Those without which nothing can be changed in a mailbox (RFC 4314 §5.2).
CHANGING: Final = frozenset("iestw")
_FLAGS: Final = "stw"
_ANY: Final = "lrikxa"


@dataclass(frozen=True, slots=True)
class Need:
    """Rights that a command takes on a mailbox.

    Arguments:
        rights: all of them, or with ``any_of`` one of them.
        of: returns the names of the mailboxes; the first that exists counts.
        selected: it is the selected one, which the client knows of.
        when: tells whether the command takes them at all.
    """

    rights: str
    of: Callable[[Any], Sequence[str]] = lambda command: (command.mailbox,)
    any_of: bool = False
    selected: bool = False
    when: Callable[[Any], bool] = lambda command: True

    def is_met(self, rights: Rights) -> bool:
        """Tell whether these rights are enough."""
        wanted = frozenset(self.rights)
        return bool(wanted & rights) if self.any_of else wanted <= rights


def _selected(rights: str, *, any_of: bool = False) -> Need:
    return Need(rights, any_of=any_of, selected=True)


def _above(name: str) -> tuple[str, ...]:
    """Return the names above one, the nearest first."""
    return tuple(above(name))


def _annotated(command: c.GetMetadata | c.SetMetadata) -> tuple[str, ...]:
    return (command.mailbox,) if command.mailbox else ()


# RFC 5464 §3.3
_ANNOTATES: Final = (Need("l", _annotated), Need("rswip", _annotated, any_of=True))

#: What is missing takes no rights, or those of whatever else it does. Everything that is done in
#: the selected mailbox takes "r" (RFC 4314 §4), so that a right taken away is gone at once.
NEEDS: Final[dict[type[c.Command], tuple[Need, ...]]] = {
    c.Select: (Need("r"),),
    c.StatusCommand: (Need("r"),),
    c.Create: (Need("k", lambda command: _above(command.mailbox)),),
    c.Delete: (Need("x"),),
    c.Rename: (Need("x"), Need("k", lambda command: _above(command.new_name))),
    c.AppendBegin: (Need("i"),),
    c.SetAcl: (Need("a"),),
    c.DeleteAcl: (Need("a"),),
    c.GetAcl: (Need("a"),),
    c.ListRights: (Need("a"),),
    c.MyRights: (Need(_ANY, any_of=True),),
    c.GetMetadata: _ANNOTATES,
    c.SetMetadata: _ANNOTATES,
    c.GetQuotaRoot: (Need("r"),),
    # ------------------------------------------------------------------ the selected mailbox
    c.Fetch: (_selected("r"),),
    c.Search: (_selected("r"),),
    # Other mailboxes are passed over where they are not to be read (RFC 7377 §2.2).
    c.Esearch: (Need("r", selected=True, when=lambda command: command.of_selected),),
    c.Sort: (_selected("r"),),
    c.Thread: (_selected("r"),),
    c.Store: (_selected("r"), _selected(_FLAGS, any_of=True)),
    c.Expunge: (_selected("re"),),
    c.Copy: (_selected("r"), Need("i")),
    # RFC 6851 §4.2 and RFC 8508 §4.1: what STORE of \Deleted and EXPUNGE take, and COPY or APPEND.
    c.Move: (_selected("rte"), Need("i")),
    c.Replace: (_selected("rte"), Need("i")),
}
#: They answer TRYCREATE where the mailbox is missing, and where it is hidden as well.
_TARGETED: Final = (c.AppendBegin, c.Copy, c.Move)


async def refusal(session: Session, command: c.Command) -> Tagged | None:
    """Return the answer to a command that takes rights which the user has not; else None."""
    account = session.rights
    if account is None:
        return None
    for need in NEEDS.get(type(command), ()):
        if not need.when(command) or (need.selected and session.view is None):
            continue
        if need.selected:
            rights: Rights | None = await selected_rights(session)
        else:
            rights = await _first(account, need.of(command))
        if rights is None or need.is_met(rights):
            continue
        if "l" not in rights and not need.selected:
            # RFC 4314 §6: what one may not see is not there.
            code = "TRYCREATE" if isinstance(command, _TARGETED) else "NONEXISTENT"
            return no(command, "No such mailbox", code)
        return no(command, f"You lack {_lacking(need, rights)}", "NOPERM")
    return None


def _lacking(need: Need, rights: Rights) -> str:
    if need.any_of:
        return f"each of the rights {need.rights}"
    return f"the right {''.join(one for one in need.rights if one not in rights)}"


async def _first(account: HasRights, names: Sequence[str]) -> Rights | None:
    """Return the rights on the first of these mailboxes that exists; None if there is none."""
    for name in names:
        try:
            return await account.my_rights(name)
        except NoSuchMailbox:
            continue
    return None


async def selected_rights(session: Session) -> Rights:
    """Return the rights on the selected mailbox as they are now; what that changes is told."""
    view, account = session.selected, session.rights
    if account is not None:
        rights = await _first(account, (view.name,))
        if rights is not None and rights != view.rights:
            view.rights = rights
            tell_flags(session, view)
    return view.rights


async def rights_on(session: Session, name: str) -> Rights:
    """Return what the user may do with a mailbox.

    Raises:
        NoSuchMailbox: there is none.
    """
    return ALL_RIGHTS if session.rights is None else await session.rights.my_rights(name)


async def check_readable(session: Session, name: str) -> None:
    """Raise NotPermitted unless a mailbox may be read; NoSuchMailbox if there is none."""
    if "r" not in await rights_on(session, name):
        raise NotPermitted("You lack the right r")


async def check(session: Session, command: c.Command) -> None:
    """Raise NotPermitted if a command would be refused: for what LIST tells of a mailbox."""
    if await refusal(session, command) is not None:
        raise NotPermitted


def rights_in(info: MailboxInfo) -> Rights:
    """Return the rights that a listing tells."""
    return ALL_RIGHTS if info.rights is None else info.rights


async def visible_mailboxes(session: Session) -> list[MailboxInfo]:
    """Return all mailboxes that the user may see ("l")."""
    return [info for info in await session.open_account.mailboxes() if "l" in rights_in(info)]
