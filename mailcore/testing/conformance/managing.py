"""CREATE, DELETE and RENAME (RFC 9051 §6.3.4-6)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailcore.backend import (
    Account,
    BackendError,
    Cannot,
    CannotServe,
    CreatesSpecialUse,
    MailboxExists,
    MailboxInfo,
    ManagesMailboxes,
    ManagesSubscriptions,
    NoSuchMailbox,
    NotPermitted,
)
from mailcore.testing.conformance.box import left_out, message
from mailcore.testing.conformance.suite import Suite, managing, new_mailbox, new_name, open_box


async def infos(account: Account) -> dict[str, MailboxInfo]:
    """Return the mailboxes by name; what is only subscribed is none."""
    return {info.name: info for info in await account.mailboxes() if info.exists}


async def subscriptions(account: Account) -> dict[str, bool]:
    """Return the subscribed names, and whether each is a mailbox."""
    return {info.name: info.exists for info in await account.mailboxes() if info.subscribed}


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

    async def test_what_is_below_a_deleted_mailbox_stays_and_can_be_renamed(self) -> None:
        # RFC 9051 §6.3.5-6
        async with self.managed() as (account, manages):
            parent = await new_mailbox(account)
            await manages.create(f"{parent}/child")
            child = (await infos(account))[f"{parent}/child"]
            await manages.delete(parent)
            assert (await infos(account))[f"{parent}/child"] == child
            name = new_name()
            await manages.rename(parent, name)
            after = await infos(account)
            assert after[f"{name}/child"].id == child.id
            assert f"{parent}/child" not in after

    async def test_children_are_not_renamed_onto_others(self) -> None:
        async with self.managed() as (account, manages):
            parent, name = await new_mailbox(account), new_name()
            for one in (f"{parent}/a", f"{name}/a"):
                await manages.create(one)
            before = await infos(account)
            with pytest.raises(MailboxExists):
                await manages.rename(parent, name)
            assert await infos(account) == before

    async def test_a_mailbox_is_made_for_a_use_once(self) -> None:
        async with self.managed() as (account, _):
            if not isinstance(account, CreatesSpecialUse):
                left_out("Account is CreatesSpecialUse")
            used = {info.special_use for info in (await infos(account)).values()}
            name = new_name()
            free = next(use for use in ("\\Archive", "\\Junk") if use not in used)
            await account.create_special(name, free)
            assert (await infos(account))[name].special_use == free
            with pytest.raises(CannotServe):
                await account.create_special(new_name(), free)
            with pytest.raises(MailboxExists):
                await account.create_special(name, "\\Junk" if free != "\\Junk" else "\\Archive")

    async def test_a_name_without_a_mailbox_is_subscribed_or_refused(self) -> None:
        # RFC 9051 §6.3.7
        async with self.managed() as (account, manages):
            if not isinstance(account, ManagesSubscriptions):
                left_out("Account is ManagesSubscriptions")
            subscribed, name = await subscriptions(account), new_name()
            try:
                await account.subscribe(name, True)
            except NoSuchMailbox:
                assert await subscriptions(account) == subscribed
                return
            assert await subscriptions(account) == {**subscribed, name: False}
            with pytest.raises(NoSuchMailbox):
                await account.open(name)
            await manages.create(name)
            assert await subscriptions(account) == {**subscribed, name: True}
            await manages.delete(name)
            await account.subscribe(name, False)
            assert await subscriptions(account) == subscribed

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
