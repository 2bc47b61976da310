"""CREATE, DELETE and RENAME (RFC 9051 §6.3.4-6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailcore.backend import (
    Account,
    BackendError,
    Cannot,
    MailboxExists,
    MailboxInfo,
    ManagesMailboxes,
    NoSuchMailbox,
    NotPermitted,
)
from mailcore.testing.conformance.box import left_out, message
from mailcore.testing.conformance.suite import Suite, managing, new_mailbox, new_name, open_box


async def infos(account: Account) -> dict[str, MailboxInfo]:
    """Return the mailboxes by name."""
    return {info.name: info for info in await account.mailboxes()}


class Managing(Suite):
    """``ManagesMailboxes``."""

    @asynccontextmanager
    async def managed(self) -> AsyncIterator[tuple[Account, ManagesMailboxes]]:
        """Log in; give the account twice, once as what it can do."""
        async with self.subject() as subject, self.account(subject) as account:
            yield account, managing(account)

    @pytest.mark.parametrize("suffix", ["", "é中😀", " with spaces & signs", "/child/of child"])
    async def test_a_created_mailbox_is_there_and_empty(self, suffix: str) -> None:
        async with self.managed() as (account, manages):
            before = await infos(account)
            name = new_name() + suffix
            await manages.create(name)
            after = await infos(account)
            assert after[name].id not in {info.id for info in before.values()}
            assert after[name].selectable
            assert {one: after[one] for one in before} == before
            assert (await open_box(account, name)).states == {}

    async def test_a_mailbox_is_not_created_twice(self) -> None:
        async with self.managed() as (account, manages):
            name = await new_mailbox(account)
            before = await infos(account)
            with pytest.raises(MailboxExists):
                await manages.create(name)
            assert await infos(account) == before

    async def test_a_deleted_mailbox_is_gone(self) -> None:
        async with self.managed() as (account, manages):
            before = await infos(account)
            name = await new_mailbox(account)
            await manages.delete(name)
            assert await infos(account) == before
            with pytest.raises(NoSuchMailbox):
                await account.open(name)
            with pytest.raises(NoSuchMailbox):
                await manages.delete(name)

    async def test_a_mailbox_is_deleted_with_what_is_in_it(self) -> None:
        async with self.managed() as (account, manages):
            box = await open_box(account, await new_mailbox(account))
            await box.add(message(b"Subject: deleted with its mailbox\r\n\r\n"))
            await manages.delete(box.name)
            with pytest.raises(NoSuchMailbox):
                await account.open(box.name)

    async def test_the_children_of_a_deleted_mailbox_stay(self) -> None:
        async with self.managed() as (account, manages):
            parent = await new_mailbox(account)
            child = f"{parent}/child"
            await manages.create(child)
            box = await open_box(account, child)
            try:
                await manages.delete(parent)
            except BackendError:
                assert (await infos(account))[parent].selectable  # RFC 9051 §6.3.5 leaves it open
            assert (await account.open(child)).id == box.mailbox.id

    async def test_a_mailbox_made_anew_is_another_one(self) -> None:
        async with self.managed() as (account, manages):
            name = await new_mailbox(account)
            old = await open_box(account, name)
            uids = await old.add(message(b"Subject: the old one\r\n\r\n"))
            await manages.delete(name)
            await manages.create(name)
            new = await open_box(account, name)
            assert new.mailbox.id != old.mailbox.id
            assert new.states == {}
            if new.mailbox.uid_validity == old.mailbox.uid_validity:
                assert min(await new.add(message(b"Subject: new\r\n\r\n"))) > max(uids)

    async def test_a_renamed_mailbox_keeps_its_id_and_its_messages(self) -> None:
        async with self.managed() as (account, manages):
            old = await open_box(account, await new_mailbox(account))
            name = new_name()
            (uid,) = await old.add(message(b"Subject: renamed\r\n\r\n"))
            await old.expect(new=[uid])
            await manages.rename(old.name, name)
            assert old.name not in await infos(account)
            new = await open_box(account, name)
            assert new.mailbox.id == old.mailbox.id
            assert new.mailbox.uid_validity == old.mailbox.uid_validity
            assert new.states == old.states
            assert await new.read(uid) == b"Subject: renamed\r\n\r\n"

    async def test_children_are_renamed_with_their_parent(self) -> None:
        async with self.managed() as (account, manages):
            parent = await new_mailbox(account)
            sibling = f"{parent}ish"
            for name in (f"{parent}/a", f"{parent}/a/b", sibling):
                await manages.create(name)
            before = await infos(account)
            name = new_name()
            await manages.rename(parent, name)
            after = await infos(account)
            for suffix in ("", "/a", "/a/b"):
                assert after[name + suffix].id == before[parent + suffix].id
                assert parent + suffix not in after
            assert after[sibling] == before[sibling]

    async def test_a_name_that_is_taken_or_missing_is_not_renamed(self) -> None:
        async with self.managed() as (account, manages):
            one, two = await new_mailbox(account), await new_mailbox(account)
            before = await infos(account)
            with pytest.raises(MailboxExists):
                await manages.rename(one, two)
            with pytest.raises(NoSuchMailbox):
                await manages.rename(new_name(), new_name())
            assert await infos(account) == before

    async def test_renaming_inbox_moves_its_messages_and_leaves_it(self) -> None:
        async with self.managed() as (account, manages):
            inbox = await open_box(account, "INBOX")
            (uid,) = await inbox.add(message(b"Subject: leaves INBOX\r\n\r\n"))
            await inbox.expect(new=[uid])
            name = new_name()
            try:
                await manages.rename("INBOX", name)
            except (NotPermitted, Cannot):
                left_out("INBOX can be renamed")
            await inbox.expect(vanished=list(inbox.states))
            assert (await infos(account))["INBOX"].id == inbox.mailbox.id
            moved = await open_box(account, name)
            bodies = [await moved.read(one) for one in moved.states]
            assert b"Subject: leaves INBOX\r\n\r\n" in bodies
