"""Hints: somebody else changed something."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from mailcore.backend import (
    Account,
    FlagAction,
    Hint,
    MailboxMoved,
    ManagesMailboxes,
    ManagesSubscriptions,
    NameChanged,
    SubscriptionChanged,
    Watchable,
)
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite, new_mailbox, new_name, open_box


class Hints:
    """Collects the hints that a connection gets.

    Arguments:
        account: of the connection.
    """

    def __init__(self, account: Account) -> None:
        if not isinstance(account, Watchable):
            left_out("Account is Watchable")
        self._hints: list[Hint] = []
        #: Ends the hints.
        self.unwatch: Callable[[], None] = account.watch(self._hints.append)

    def __len__(self) -> int:
        return len(self._hints)

    def told(self, hint: Hint) -> bool:
        """Tell whether there was such a hint."""
        return hint in self._hints

    def has(self, box: Box, after: int = 0) -> bool:
        """Tell whether there was a hint on a mailbox, after so many hints."""
        return MailboxMoved(box.mailbox.id) in self._hints[after:]


class Watching(Suite):
    """``Watchable``."""

    @asynccontextmanager
    async def watched(self) -> AsyncIterator[tuple[Hints, Box, Account]]:
        """Give the hints of one connection, and INBOX as another connection of the user has it."""
        async with (
            self.subject() as subject,
            self.account(subject) as watching,
            self.account(subject) as changing,
        ):
            hints = Hints(watching)
            yield hints, await open_box(changing, "INBOX"), changing
            hints.unwatch()

    async def _hinted(self, hints: Hints, after: int, *boxes: Box) -> None:
        async def all_told() -> bool:
            return all(hints.has(box, after) for box in boxes)

        await self.until(all_told)

    async def test_every_change_is_hinted_at(self) -> None:
        async with self.watched() as (hints, box, _):
            (flag,) = box.changeable(1)
            before = len(hints)
            uids = await box.add(message(b"Subject: watched\r\n\r\n"))
            await self._hinted(hints, before, box)
            before = len(hints)
            await box.store(uids, FlagAction.ADD, {flag})
            await self._hinted(hints, before, box)
            before = len(hints)
            await box.expunge(uids)
            await self._hinted(hints, before, box)

    @pytest.mark.parametrize("moving", [False, True], ids=["copy", "move"])
    async def test_a_transfer_is_hinted_at_where_messages_come_and_go(self, moving: bool) -> None:
        async with self.watched() as (hints, box, account):
            uids = await box.add(message(b"Subject: watched\r\n\r\n"))
            target = await open_box(account, await new_mailbox(account))
            before = len(hints)
            if moving:
                await box.move(uids, target.name)
                await self._hinted(hints, before, box, target)
            else:
                await box.copy(uids, target.name)
                await self._hinted(hints, before, target)

    async def test_a_change_is_there_when_its_hint_comes(self) -> None:
        async with self.watched() as (hints, box, _):
            (uid,) = await box.add(message(b"Subject: watched\r\n\r\n"))
            await self._hinted(hints, 0, box)
            await box.expect(new=[uid])

    async def test_names_and_subscriptions_are_hinted_at(self) -> None:
        async with self.watched() as (hints, box, account):
            if not isinstance(account, ManagesMailboxes):
                left_out("Account is ManagesMailboxes")
            name, renamed = new_name(), new_name()
            await account.create(name)
            await box.add(message(b"Subject: behind it\r\n\r\n"))
            await self._hinted(hints, 0, box)
            if not hints.told(NameChanged(name)):
                left_out("NameChanged is told")
            await account.rename(name, renamed)
            if isinstance(account, ManagesSubscriptions):
                await account.subscribe(renamed, False)
            await account.delete(renamed)

            async def all_told() -> bool:
                return hints.told(NameChanged(renamed))

            await self.until(all_told)
            assert hints.told(NameChanged(renamed, name))
            if isinstance(account, ManagesSubscriptions):
                assert hints.told(SubscriptionChanged(renamed))

    async def test_whoever_stopped_watching_is_told_no_more(self) -> None:
        async with self.watched() as (hints, box, account):
            others = Hints(account)
            hints.unwatch()
            before = len(hints)
            await box.add(message(b"Subject: not watched\r\n\r\n"))
            await self._hinted(others, 0, box)
            others.unwatch()
            assert len(hints) == before

    async def test_one_user_is_told_nothing_of_another(self) -> None:
        async with self.subject() as subject:
            if subject.other is None:
                left_out("Subject has an other user")
            async with self.account(subject) as one, self.account(subject, subject.other) as two:
                hints, others = Hints(one), Hints(two)
                box = await open_box(one, "INBOX")
                await box.add(message(b"Subject: private\r\n\r\n"))
                await self._hinted(hints, 0, box)
                hints.unwatch()
                others.unwatch()
                assert len(others) == 0
