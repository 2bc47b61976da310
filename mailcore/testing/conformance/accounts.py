"""Logging in, and the mailboxes that are there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mailcore.backend import (
    Account,
    AuthenticationFailed,
    Backend,
    BackendError,
    Mailbox,
    ManagesSubscriptions,
    NoSuchMailbox,
)
from mailcore.sasl.types import PlainCredentials
from mailcore.testing.conformance.box import left_out
from mailcore.testing.conformance.suite import IMAP, Suite, new_mailbox, new_name


class Accounts(Suite):
    """``Backend.authenticate``, ``Account.mailboxes``, ``Account.open``."""

    async def test_right_credentials_open_an_account(self) -> None:
        async with self.subject() as subject, self.account(subject) as account:
            assert isinstance(account, Account)

    async def test_a_wrong_password_opens_nothing(self) -> None:
        async with self.subject() as subject:
            right = subject.user.credentials
            for password in (right.password + "x", right.password[:-1], "x", ""):
                await check_refused(subject.backend, replace(right, password=password))
            async with self.account(subject) as account:
                assert isinstance(account, Account)

    async def test_an_unknown_user_is_refused_in_the_same_words(self) -> None:
        async with self.subject() as subject:
            right = subject.user.credentials
            wrong = await check_refused(subject.backend, replace(right, password="x"))
            for username in ("x" + right.username, ""):
                unknown = replace(right, username=username)
                assert await check_refused(subject.backend, unknown) == wrong

    async def test_the_password_of_one_user_does_not_open_another(self) -> None:
        async with self.subject() as subject:
            if subject.other is None:
                left_out("Subject has an other user")
            other = subject.other.credentials
            if other.password == subject.user.credentials.password:
                left_out("users have passwords of their own")
            mixed = replace(subject.user.credentials, password=other.password)
            await check_refused(subject.backend, mixed)

    async def test_inbox_is_there(self) -> None:
        async with self.subject() as subject, self.account(subject) as account:
            inboxes = [one for one in await account.mailboxes() if one.name.upper() == "INBOX"]
            assert [one.name for one in inboxes] == ["INBOX"]
            assert inboxes[0].selectable

    async def test_mailboxes_have_names_and_ids_of_their_own(self) -> None:
        async with self.subject() as subject, self.account(subject) as account:
            infos = await account.mailboxes()
            assert len({info.name for info in infos}) == len(infos)
            assert len({info.id for info in infos}) == len(infos)
            for info in infos:
                assert info.id
                assert all(info.name.split("/")), "a level without a name"
                assert info.special_use is None or info.special_use.startswith("\\")

    async def test_every_selectable_mailbox_opens(self) -> None:
        async with self.subject() as subject, self.account(subject) as account:
            for info in await account.mailboxes():
                if info.selectable:
                    mailbox = await account.open(info.name)
                    assert isinstance(mailbox, Mailbox)
                    assert mailbox.id == info.id
                    assert 1 <= mailbox.uid_validity < 2**32

    async def test_mailboxes_are_the_same_for_the_next_connection(self) -> None:
        async with self.subject() as subject:
            seen = []
            for _ in range(2):
                async with self.account(subject) as account:
                    infos = sorted(await account.mailboxes(), key=lambda info: info.name)
                    inbox = await account.open("INBOX")
                    seen.append((infos, inbox.id, inbox.uid_validity))
            assert seen[0] == seen[1]

    async def test_users_have_inboxes_of_their_own(self) -> None:
        async with self.subject() as subject:
            if subject.other is None:
                left_out("Subject has an other user")
            async with self.account(subject) as one, self.account(subject, subject.other) as two:
                assert (await one.open("INBOX")).id != (await two.open("INBOX")).id

    async def test_a_mailbox_that_is_not_there_does_not_open(self) -> None:
        async with self.subject() as subject, self.account(subject) as account:
            with pytest.raises(NoSuchMailbox):
                await account.open(new_name())

    async def test_subscriptions_are_kept(self) -> None:
        async with self.subject() as subject, self.account(subject) as account:
            if not isinstance(account, ManagesSubscriptions):
                left_out("Account is ManagesSubscriptions")
            name = await new_mailbox(account)
            for wanted in (False, False, True, True):
                await account.subscribe(name, wanted)
                async with self.account(subject) as next_one:
                    infos = {info.name: info for info in await next_one.mailboxes()}
                    assert infos[name].subscribed is wanted


async def check_refused(backend: Backend, credentials: PlainCredentials) -> str:
    """Check that nobody can log in so; return what the client is told."""
    with pytest.raises(BackendError) as refusal:
        await backend.authenticate(credentials, IMAP)
    # Not the class: what a client is told is the code and the reply.
    assert refusal.value.code == AuthenticationFailed.code
    assert refusal.value.reply.code == AuthenticationFailed.reply.code
    return str(refusal.value)
