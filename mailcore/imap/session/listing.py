"""LIST, LSUB and NAMESPACE (RFC 9051 §6.3.9-10, RFC 5258, RFC 5819)."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from mailcore.backend import BackendError, KeepsMetadata, MailboxInfo
from mailcore.imap import commands
from mailcore.imap.listing import DELIMITER, Pattern, parents
from mailcore.imap.responses import (
    ListResponse,
    MetadataResponse,
    MyRightsResponse,
    NamespaceResponse,
    Tagged,
)
from mailcore.imap.session.acl import spelled
from mailcore.imap.session.answers import ok
from mailcore.imap.session.rights import check, rights_in, visible_mailboxes
from mailcore.imap.session.select import mailbox_status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

# Selection options that say how the others select.
_MODIFIERS: Final = frozenset({"RECURSIVEMATCH", "REMOTE"})


async def list_mailboxes(
    session: Session, command: commands.List
) -> AsyncGenerator[Tagged | None, None]:
    """LIST, with selection and return options (RFC 5258), special use (RFC 6154) and STATUS."""
    if command.patterns == ("",):
        # Not a pattern: it asks for the delimiter (RFC 9051 §6.3.9).
        session.send(ListResponse("", ("\\Noselect",)))
        yield ok(command)
        return
    infos = await visible_mailboxes(session)
    choice = Choice(command, infos, modern=session.rev2 or command.is_extended)
    for info, response in choice.responses():
        session.send(response)
        if info.selectable and info.exists:
            await _tell_more(session, command, info)
        if session.output_is_full:
            yield None
    yield ok(command)


async def _tell_more(session: Session, command: commands.List, info: MailboxInfo) -> None:
    """Send what else LIST was asked for; what cannot be had is left out (RFC 5819 §2)."""
    name = info.name
    if "MYRIGHTS" in command.returns:
        session.send(MyRightsResponse(name, spelled(rights_in(info))))
    with suppress(BackendError):
        if command.status:
            session.send(await mailbox_status(session, name, command.status))
    account = session.open_account
    with suppress(BackendError):
        if command.metadata and isinstance(account, KeepsMetadata):
            await check(session, commands.GetMetadata(command.tag, name, command.metadata))
            kept = await account.metadata(name)
            values = tuple((entry, kept.get(entry)) for entry in command.metadata)
            session.send(MetadataResponse(name, values))


class Choice:
    """Which mailboxes a LIST shows, and what it says of each.

    Arguments:
        command: the LIST.
        infos: all mailboxes of the account.
        modern: whether the client knows ``\\NonExistent``.
    """

    def __init__(
        self, command: commands.List, infos: Sequence[MailboxInfo], *, modern: bool
    ) -> None:
        self._criteria = tuple(one for one in command.select if one not in _MODIFIERS)
        self._recursive = "RECURSIVEMATCH" in command.select
        self._tell_subscribed = "SUBSCRIBED" in (*command.select, *command.returns)
        self._modern = modern
        self._patterns = [Pattern(command.reference + pattern) for pattern in command.patterns]
        self._infos = infos
        #: Names that have a mailbox below them.
        self._above = parents(info.name for info in infos if info.exists)
        chosen = [info for info in infos if self._meets(info)]
        #: Those that something below meets the criteria for.
        self._above_chosen = parents(info.name for info in chosen) if self._recursive else set()
        # What is below and shown itself is no reason to show what is above (RFC 5258 §3.5).
        self._above_hidden = (
            parents(info.name for info in chosen if not self._matches(info.name))
            if self._recursive
            else set()
        )

    def responses(self) -> Iterator[tuple[MailboxInfo, ListResponse]]:
        """Yield each mailbox that is shown with its response, INBOX first."""
        known = {info.name for info in self._infos}
        between = (self._above | self._above_chosen) - known
        for info in in_order([*self._infos, *map(placeholder, between)]):
            if self._is_shown(info) and self._matches(info.name):
                yield info, self._response(info)

    def _meets(self, info: MailboxInfo) -> bool:
        return ("SUBSCRIBED" not in self._criteria or info.subscribed) and (
            "SPECIAL-USE" not in self._criteria or info.special_use is not None
        )

    def _matches(self, name: str) -> bool:
        return any(pattern.matches(name) for pattern in self._patterns)

    def _is_shown(self, info: MailboxInfo) -> bool:
        if not self._criteria:
            return info.exists or info.name in self._above
        return self._meets(info) or info.name in self._above_hidden

    def _response(self, info: MailboxInfo) -> ListResponse:
        has_children = info.name in self._above
        found = ["\\HasChildren" if has_children else "\\HasNoChildren"]
        if not info.exists and self._modern:
            found.append("\\NonExistent")
        elif not (info.selectable and info.exists):
            found.append("\\Noselect")
        if info.special_use is not None:
            found.append(info.special_use)
        if self._tell_subscribed and info.subscribed:
            found.append("\\Subscribed")
        child_info = self._criteria if info.name in self._above_chosen else ()
        return ListResponse(info.name, tuple(found), child_info=child_info)


def placeholder(name: str) -> MailboxInfo:
    """Return what is said of a name that is no mailbox, but has some below it."""
    return MailboxInfo(name, "", subscribed=False, selectable=False, exists=False)


def in_order(infos: Sequence[MailboxInfo]) -> list[MailboxInfo]:
    """Return mailboxes by name, INBOX first."""
    return sorted(infos, key=lambda info: (info.name != "INBOX", info.name))


async def list_subscribed(session: Session, command: commands.Lsub) -> Tagged:
    """LSUB (RFC 3501 §6.3.9): with "%", a name above a subscribed one is shown too."""
    infos = [info for info in await visible_mailboxes(session) if info.subscribed]
    pattern = Pattern(command.reference + command.pattern)
    missing: set[str] = set()
    if "%" in command.pattern:
        missing = parents(info.name for info in infos) - {info.name for info in infos}
    for info in in_order([*infos, *map(placeholder, missing)]):
        if pattern.matches(info.name):
            attributes = () if info.selectable and info.exists else ("\\Noselect",)
            session.send(ListResponse(info.name, attributes, lsub=True))
    return ok(command)


async def namespace(session: Session, command: commands.Namespace) -> Tagged:
    """NAMESPACE (RFC 2342): one, personal, without a prefix; and perhaps that of other users."""
    prefix = session.rights.others_prefix if session.rights is not None else ""
    others = ((prefix, DELIMITER),) if prefix else None
    session.send(NamespaceResponse(personal=(("", DELIMITER),), others=others))
    return ok(command)
