"""One mailbox under test, and all that is true of it whatever happens."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from contextlib import ExitStack
from datetime import datetime
from typing import Final, NoReturn

import pytest

from mailcore.backend import (
    Appendable,
    Changes,
    Copied,
    Copyable,
    Expungeable,
    FlagAction,
    Flaggable,
    Mailbox,
    MessageState,
    NewMessage,
)
from mailcore.spool import Content

#: Beyond the end of any message.
END: Final = 2**32
_LAST_UID: Final = 2**32 - 1
_LAST_MODSEQ: Final = 2**63 - 1
# Above this a message of a test lies in a file, as a large one does in earnest.
_MEMORY: Final = 256 * 1024
_SYSTEM_FLAGS: Final = frozenset({"\\Answered", "\\Flagged", "\\Deleted", "\\Seen", "\\Draft"})


def message(data: bytes, flags: Collection[str] = (), date: datetime | None = None) -> NewMessage:
    """Make a message as the engine does."""
    content = Content(data, memory=_MEMORY)
    return NewMessage(content, frozenset(flags), date)


def left_out(what: str) -> NoReturn:
    """Skip the test of something that the contract leaves open."""
    pytest.skip(f"only if {what}")


class Box:
    """A mailbox, and what its changes have told so far. What it leaves out skips the test.

    Arguments:
        name: of the mailbox.
        mailbox: open.
    """

    def __init__(self, name: str, mailbox: Mailbox) -> None:
        self.name = name
        self.mailbox = mailbox
        #: Every message, as the changes told it.
        self.states: dict[int, MessageState] = {}
        self.highest_modseq = 0
        self._uid_next = 1

    # ------------------------------------------------------------------------------- changes

    async def news(self) -> Changes:
        """Ask what has changed since the last time, check what is always true, and note it."""
        since = self.highest_modseq
        changes = await self.mailbox.changes(since)
        self._check(changes, since)
        if changes.complete:
            self.states = {}
        for uid in changes.vanished:
            self.states.pop(uid, None)
        self.states.update((state.uid, state) for state in changes.messages)
        for uids, flags, modseq in changes.flagged:
            for uid in self.states.keys() & set(uids):
                self.states[uid] = self.states[uid]._replace(flags=flags, modseq=modseq)
        self.highest_modseq = changes.highest_modseq
        self._uid_next = max(self._uid_next, changes.uid_next)
        return changes

    def _check(self, changes: Changes, since: int) -> None:
        uids = [state.uid for state in changes.messages]
        assert len(uids) == len(set(uids)), "a message is told twice"
        assert not set(uids) & set(changes.vanished), "a message is there and has vanished"
        assert all(uid < changes.uid_next for uid in uids), "uid_next is taken"
        assert all(uid >= self._uid_next for uid in set(uids) - set(self.states)), (
            "a new message has a UID below the uid_next that was told before"
        )
        assert max(since, 1) <= changes.highest_modseq <= _LAST_MODSEQ, "highest_modseq fell"
        assert changes.complete or since > 0, "changes(0) tells everything"
        for state in changes.messages:
            assert 1 <= state.uid <= _LAST_UID
            assert 1 <= state.modseq <= changes.highest_modseq
            assert changes.complete or state.modseq > since, "nothing happened to this message"
            assert state.internal_date.tzinfo is not None, "internal_date needs a time zone"
            assert state.size is None or state.size >= 0
            _check_spelling(state.flags)
        for flagged in changes.flagged:
            assert list(flagged.uids) == sorted(set(flagged.uids)), "UIDs rise"
            assert since < flagged.modseq <= changes.highest_modseq
            _check_spelling(flagged.flags)

    async def expect(
        self,
        *,
        new: Collection[int] = (),
        changed: Collection[int] = (),
        vanished: Collection[int] = (),
    ) -> None:
        """Check that exactly this has happened since the last time."""
        before, modseq = self.states, self.highest_modseq
        self.states = dict(before)
        changes = await self.news()
        assert set(self.states) - set(before) == set(new)
        assert set(before) - set(self.states) == set(vanished)
        both = set(before) & set(self.states)
        assert {uid for uid in both if self.flags(uid) != before[uid].flags} == set(changed)
        if not changes.complete:
            told = {state.uid for state in changes.messages}
            told.update(uid for flagged in changes.flagged for uid in flagged.uids)
            assert told == {*new, *changed}, "changes(since) told of what did not change"
        # A mailbox that always tells everything needs a mod-sequence only for its flags.
        counts = not changes.complete or modseq == 0 or isinstance(self.mailbox, Flaggable)
        if counts and (new or changed or vanished):
            assert self.highest_modseq > modseq, "a change raises highest_modseq"

    def flags(self, uid: int) -> frozenset[str]:
        """Return the flags of a message."""
        return self.states[uid].flags

    # ----------------------------------------------------------------------------- methods

    async def read(self, uid: int) -> bytes:
        """Return all octets of a message; KeyError if it is gone."""
        return await self.mailbox.read(uid, 0, END)

    async def add(self, *messages: NewMessage) -> list[int]:
        """Append messages and close them as the engine does; return their UIDs."""
        if not isinstance(self.mailbox, Appendable):
            left_out("Mailbox is Appendable")
        with ExitStack() as stack:
            for one in messages:
                stack.enter_context(one.content)
            uids = list(await self.mailbox.append(messages))
        assert len(uids) == len(messages)
        assert uids == sorted(set(uids)), "UIDs ascend in the order of the messages"
        return uids

    async def store(
        self,
        uids: Sequence[int],
        action: FlagAction,
        flags: Collection[str],
        unchanged_since: int | None = None,
    ) -> list[int]:
        """Change flags; return the UIDs left alone."""
        if not isinstance(self.mailbox, Flaggable):
            left_out("Mailbox is Flaggable")
        return list(await self.mailbox.store_flags(uids, action, frozenset(flags), unchanged_since))

    async def expunge(self, uids: Sequence[int]) -> None:
        """Remove messages."""
        if not isinstance(self.mailbox, Expungeable):
            left_out("Mailbox is Expungeable")
        await self.mailbox.expunge(uids)

    async def copy(self, uids: Sequence[int], name: str) -> Copied:
        """Copy messages to the mailbox of that name."""
        if not isinstance(self.mailbox, Copyable):
            left_out("Mailbox is Copyable")
        return await self.mailbox.copy(uids, name)

    async def move(self, uids: Sequence[int], name: str) -> Copied:
        """Move messages to the mailbox of that name."""
        if not isinstance(self.mailbox, Copyable):
            left_out("Mailbox is Copyable")
        return await self.mailbox.move(uids, name)

    def changeable(self, count: int) -> list[str]:
        """Return so many flags that a client can change for good."""
        permanent = self.mailbox.permanent_flags if isinstance(self.mailbox, Flaggable) else set()
        found = sorted(_SYSTEM_FLAGS & permanent)
        if len(found) < count:
            left_out(f"permanent_flags has {count} of RFC 9051 §2.3.2")
        return found[:count]


def _check_spelling(flags: frozenset[str]) -> None:
    system = {flag for flag in flags if flag.startswith("\\")}
    assert system <= _SYSTEM_FLAGS, "system flags are spelled as in RFC 9051 §2.3.2"
