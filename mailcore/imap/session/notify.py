"""NOTIFY (RFC 5465): what happens is told when it happens, in IDLE and out of it."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from mailcore.backend import (
    BackendError,
    Hint,
    MailboxInfo,
    MailboxMoved,
    MetadataChanged,
    NameChanged,
    SubscriptionChanged,
    Watchable,
)
from mailcore.imap import commands
from mailcore.imap.listing import DELIMITER, parents
from mailcore.imap.responses import (
    ListResponse,
    MetadataEntries,
    StatusResponse,
    Tagged,
    Untagged,
)
from mailcore.imap.session.answers import bad, cannot, no, ok
from mailcore.imap.session.fetch import fetch_unasked
from mailcore.imap.session.filters import covers
from mailcore.imap.session.listing import placeholder
from mailcore.imap.session.rights import visible_mailboxes
from mailcore.imap.session.select import mailbox_status
from mailcore.imap.types import FetchItem, ResponseCode, Status

if TYPE_CHECKING:
    from mailcore.imap.session.session import Session

_MESSAGES: Final = frozenset({"MessageNew", "MessageExpunge", "FlagChange"})
#: The events that are told, as BADEVENT lists them.
EVENTS: Final = (
    "MessageNew",
    "MessageExpunge",
    "FlagChange",
    "MailboxName",
    "SubscriptionChange",
    "MailboxMetadataChange",
    "ServerMetadataChange",
)
_SELECTED: Final = frozenset({"selected", "selected-delayed"})
_STATUS: Final = ("MESSAGES", "UIDNEXT", "UIDVALIDITY", "UNSEEN")


class Watch:
    """What a client has asked to be told of.

    Arguments:
        groups: of NOTIFY SET.
    """

    def __init__(self, groups: Sequence[commands.EventGroup]) -> None:
        #: What of the selected mailbox; None: as without NOTIFY.
        self.selected = next((group for group in groups if group.scope in _SELECTED), None)
        self._others = [group for group in groups if group.scope not in _SELECTED]
        self._wanted = {event for group in self._others for event in group.events}
        #: How each mailbox was when the client was told of it, by id.
        self.told: dict[str, Mapping[str, int | str]] = {}

    @property
    def is_immediate(self) -> bool:
        """Whether sequence numbers may change at any time."""
        return self.selected is not None and self.selected.scope == "selected"

    @property
    def keeps_still(self) -> bool:
        """Whether the selected mailbox shall stay as the client knows it (RFC 5465 §5)."""
        return self.selected is not None and not self.selected.events

    @property
    def items(self) -> tuple[FetchItem, ...]:
        """What to tell of new messages in the selected mailbox."""
        return self.selected.items if self.selected is not None else ()

    def wants(self, hint: Hint) -> bool:
        """Tell whether a hint may be of something that is told. From any thread."""
        match hint:
            case MailboxMoved():
                return not self._wanted.isdisjoint(_MESSAGES)
            case NameChanged():
                return "MailboxName" in self._wanted
            case SubscriptionChanged():
                return "SubscriptionChange" in self._wanted
            case MetadataChanged(mailbox):
                event = "MailboxMetadataChange" if mailbox else "ServerMetadataChange"
                return event in self._wanted
            case _:
                return False

    def events(self, info: MailboxInfo) -> set[str]:
        """Return what is told of a mailbox that is not selected."""
        return {event for group in self._others if covers(group, info) for event in group.events}


async def notify(session: Session, command: commands.Notify) -> AsyncGenerator[Tagged | None, None]:
    """NOTIFY: from its answer on; what was asked for before is forgotten."""
    if not isinstance(session.open_account, Watchable):
        yield cannot(command, "NOTIFY")
        return
    # Whatever was kept back by the last one is told now.
    session.mark_stale()
    if command.groups is None:
        session.watch = None
        yield ok(command)
        return
    if (refusal := _refusal(command, command.groups, session.limits.notify_names)) is not None:
        yield refusal
        return
    watch = Watch(command.groups)
    # From here on hints are kept, so that nothing happens between the STATUS and the OK unseen.
    session.watch = watch
    if command.status:
        for info in await visible_mailboxes(session):
            response = await _status(session, watch, info)
            if response is not None:
                session.send(response)
            if session.output_is_full:
                yield None
    yield ok(command)


def _refusal(
    command: commands.Notify, groups: Sequence[commands.EventGroup], limit: int
) -> Tagged | None:
    if sum(1 + len(group.mailboxes) for group in groups) > limit:
        return no(command, "Too many mailboxes to watch", "NOTIFICATIONOVERFLOW")
    if sum(group.scope in _SELECTED for group in groups) > 1:
        return bad(command, "One mailbox is selected")
    for group in groups:
        events = set(group.events)
        if not events <= {*EVENTS}:
            code = ResponseCode("BADEVENT", f"({' '.join(EVENTS)})")
            return Tagged(command.tag, Status.NO, "Some events are not known here", code)
        if events & _MESSAGES and not {"MessageNew", "MessageExpunge"} <= events:
            return bad(command, "MessageNew and MessageExpunge go together")
        if group.scope in _SELECTED and not events <= _MESSAGES:
            return bad(command, "These are no events of a selected mailbox")
    return None


async def _status(
    session: Session, watch: Watch, info: MailboxInfo, *, news: bool = False
) -> StatusResponse | None:
    """Return how a mailbox is that messages are watched in, None where nothing is to be told.

    Arguments:
        session, watch, info: of what.
        news: only if it is something else than what was told.
    """
    events = watch.events(info) & _MESSAGES
    view = session.view
    if not events or not (info.selectable and info.exists):
        return None
    if view is not None and view.mailbox.id == info.id:
        return None
    with_modseq = "CONDSTORE" in session.connection.enabled
    try:
        now = await mailbox_status(
            session, info.name, (*_STATUS, *(("HIGHESTMODSEQ",) if with_modseq else ()))
        )
    except BackendError:
        return None
    before = watch.told.get(info.id)
    watch.told[info.id] = now.items
    if news and before is not None and not _differs(before, now.items, events):
        return None
    if "FlagChange" in events:
        return now
    return StatusResponse(
        info.name, {item: value for item, value in now.items.items() if item != "UNSEEN"}
    )


def _differs(
    before: Mapping[str, int | str], now: Mapping[str, int | str], events: set[str]
) -> bool:
    looked_at = {"MESSAGES", "UIDNEXT", "UIDVALIDITY"}
    if "FlagChange" in events:
        looked_at |= {"UNSEEN", "HIGHESTMODSEQ"}
    return any(before.get(item) != now.get(item) for item in looked_at)


# ------------------------------------------------------------------------------------- telling


async def tell_news(session: Session) -> None:
    """Send what has been heard of beside the selected mailbox."""
    hints = session.news.take()
    watch = session.watch
    if watch is not None and session.news.overflowed:
        session.watch = watch = None
        code = ResponseCode("NOTIFICATIONOVERFLOW")
        session.send(Untagged(Status.OK, "Too much happened; NOTIFY again", code))
    session.news.overflowed = False
    if not hints:
        return
    teller = _Teller(session, watch, await visible_mailboxes(session))
    for hint in hints:
        await teller.tell(hint)


@dataclass(frozen=True, slots=True)
class _Teller:
    session: Session
    watch: Watch | None
    infos: Sequence[MailboxInfo]

    async def tell(self, hint: Hint) -> None:
        match hint:
            case MetadataChanged(mailbox, entries):
                if "METADATA" in self.session.connection.enabled or self._is_watched(
                    mailbox, "MailboxMetadataChange" if mailbox else "ServerMetadataChange"
                ):
                    self.session.send(MetadataEntries(mailbox, entries))
            case NameChanged(name, old_name):
                self._list(name, "MailboxName", old_name)
                if old_name is None and DELIMITER in name:
                    # RFC 5465 §5.4: the parent has children now, or none any more.
                    self._list(name.rpartition(DELIMITER)[0], "MailboxName")
            case SubscriptionChanged(name):
                self._list(name, "SubscriptionChange")
            case MailboxMoved(mailbox_id) if self.watch is not None:
                for info in self.infos:
                    if info.id == mailbox_id:
                        response = await _status(self.session, self.watch, info, news=True)
                        if response is not None:
                            self.session.send(response)

    def _info(self, name: str) -> MailboxInfo:
        return next((info for info in self.infos if info.name == name), placeholder(name))

    def _is_watched(self, name: str, event: str) -> bool:
        if self.watch is None:
            return False
        # Of the server it is told wherever it is asked for.
        return not name or event in self.watch.events(self._info(name))

    def _list(self, name: str, event: str, old_name: str | None = None) -> None:
        if not (
            self._is_watched(name, event)
            or (old_name is not None and self._is_watched(old_name, event))
        ):
            return
        info = self._info(name)
        above = parents(one.name for one in self.infos if one.exists)
        attributes = ["\\HasChildren" if name in above else "\\HasNoChildren"]
        if not info.exists:
            attributes.append("\\NonExistent")
        elif not info.selectable:
            attributes.append("\\Noselect")
        if info.special_use is not None:
            attributes.append(info.special_use)
        if info.subscribed:
            attributes.append("\\Subscribed")
        self.session.send(ListResponse(name, tuple(attributes), old_name=old_name))


async def tell_new_messages(session: Session, watch: Watch, uids: Sequence[int]) -> None:
    """Send of new messages in the selected mailbox what NOTIFY has asked for (RFC 5465 §5.2)."""
    await fetch_unasked(session, uids, watch.items, by_uid=watch.is_immediate)
