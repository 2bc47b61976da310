"""Mailboxes that several users see (RFC 4314)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import pytest

from mailcore.backend import (
    ALL_RIGHTS,
    Account,
    HasRights,
    MailboxInfo,
    ManagesMailboxes,
    NoSuchMailbox,
    RightsChange,
)
from mailcore.testing.conformance.box import left_out
from mailcore.testing.conformance.suite import Suite, new_mailbox, new_name

_READ = frozenset("lr")


@dataclass(frozen=True, slots=True)
class Party:
    """One of two users, who may share a mailbox."""

    name: str
    account: Account
    rights: HasRights

    async def info_of(self, mailbox_id: str) -> MailboxInfo | None:
        """Return what this user's list says of a mailbox."""
        return next((one for one in await self.account.mailboxes() if one.id == mailbox_id), None)


class Sharing(Suite):
    """``HasRights``."""

    @asynccontextmanager
    async def sharing(self) -> AsyncIterator[tuple[Party, Party]]:
        """Log in as two users."""
        async with self.subject() as subject:
            if subject.other is None:
                left_out("Subject has an other user")
            async with self.account(subject) as one, self.account(subject, subject.other) as two:
                if not (isinstance(one, HasRights) and isinstance(two, HasRights)):
                    left_out("Account is HasRights")
                yield (
                    Party(subject.user.credentials.username, one, one),
                    Party(subject.other.credentials.username, two, two),
                )

    async def test_who_makes_a_mailbox_may_use_it(self) -> None:
        async with self.sharing() as (owner, guest):
            name = await new_mailbox(owner.account)
            mailbox = await owner.account.open(name)
            assert frozenset("lra") <= await owner.rights.my_rights(name)
            info = await owner.info_of(mailbox.id)
            assert info is not None
            assert info.rights in (None, await owner.rights.my_rights(name))
            seen = await guest.info_of(mailbox.id)
            assert seen is None or not seen.rights

    async def test_rights_are_granted_and_taken_away(self) -> None:
        async with self.sharing() as (owner, guest):
            name = await new_mailbox(owner.account)
            mailbox = await owner.account.open(name)
            for change, rights, left in (
                (RightsChange.REPLACE, _READ, _READ),
                (RightsChange.ADD, frozenset("is"), _READ | frozenset("is")),
                (RightsChange.REMOVE, frozenset("i"), _READ | frozenset("s")),
            ):
                await owner.rights.change_access(name, guest.name, change, rights)
                assert (await owner.rights.access_list(name))[guest.name] == left
                info = await guest.info_of(mailbox.id)
                assert info is not None
                assert info.rights == left
                assert info.name.startswith(guest.rights.others_prefix)
                assert await guest.rights.my_rights(info.name) == left
                assert (await guest.account.open(info.name)).id == mailbox.id
            await owner.rights.delete_access(name, guest.name)
            await owner.rights.delete_access(name, guest.name)
            assert guest.name not in await owner.rights.access_list(name)
            seen = await guest.info_of(mailbox.id)
            assert seen is None or not seen.rights

    async def test_what_can_be_granted_is_told_once(self) -> None:
        async with self.sharing() as (owner, guest):
            name = await new_mailbox(owner.account)
            for who in (owner.name, guest.name):
                found = await owner.rights.grantable(name, who)
                told = [right for one in (found.always, *found.optional) for right in one]
                assert len(set(told)) == len(told)
                assert {right for right in told if not right.isdigit()} <= ALL_RIGHTS

    async def test_a_list_goes_with_its_mailbox(self) -> None:
        async with self.sharing() as (owner, guest):
            name, renamed = await new_mailbox(owner.account), new_name()
            assert isinstance(owner.account, ManagesMailboxes)
            await owner.rights.change_access(name, guest.name, RightsChange.REPLACE, _READ)
            await owner.account.rename(name, renamed)
            assert (await owner.rights.access_list(renamed))[guest.name] == _READ
            await owner.account.delete(renamed)
            await owner.account.create(renamed)
            assert guest.name not in await owner.rights.access_list(renamed)

    async def test_there_is_none_where_there_is_no_mailbox(self) -> None:
        async with self.sharing() as (owner, guest):
            name = new_name()
            with pytest.raises(NoSuchMailbox):
                await owner.rights.my_rights(name)
            with pytest.raises(NoSuchMailbox):
                await owner.rights.access_list(name)
            with pytest.raises(NoSuchMailbox):
                await owner.rights.change_access(name, guest.name, RightsChange.ADD, _READ)
            with pytest.raises(NoSuchMailbox):
                await owner.rights.delete_access(name, guest.name)
            with pytest.raises(NoSuchMailbox):
                await owner.rights.grantable(name, guest.name)
