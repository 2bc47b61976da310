"""URLs that others may read (RFC 4467), and BURL (RFC 4468)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import quote

import pytest

from mailcore.backend import (
    Account,
    AuthorizesUrls,
    BackendError,
    ManagesMailboxes,
    NoSuchMailbox,
    ResolvesUrls,
)
from mailcore.imap.session.url_tokens import authorized
from mailcore.testing.conformance.box import Box, left_out, message
from mailcore.testing.conformance.suite import Suite, new_mailbox, new_name, open_box

_MESSAGE = b"Subject: by URL\r\n\r\nHello\r\n"


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose URLs they are."""

    name: str
    account: Account
    keys: AuthorizesUrls
    box: Box


class Urls(Suite):
    """``AuthorizesUrls`` and ``ResolvesUrls``."""

    @asynccontextmanager
    async def authorizing(self) -> AsyncIterator[tuple[Owner, AuthorizesUrls]]:
        """Log in twice, as the user and as another one, or as the same if there is only one."""
        async with self.subject() as subject:
            other = subject.other or subject.user
            async with self.account(subject) as account, self.account(subject, other) as reader:
                if not (isinstance(account, AuthorizesUrls) and isinstance(reader, AuthorizesUrls)):
                    left_out("Account is AuthorizesUrls")
                box = await open_box(account, "INBOX")
                yield Owner(subject.user.credentials.username, account, account, box), reader

    async def test_everybody_is_who_they_are(self) -> None:
        async with self.authorizing() as (owner, reader):
            assert owner.keys.is_user(owner.name)
            assert not owner.keys.is_user(f"not-{owner.name}")
            assert reader.url_role is owner.keys.url_role

    async def test_each_mailbox_has_a_key_of_its_own_that_stays(self) -> None:
        async with self.authorizing() as (owner, reader):
            key = await owner.keys.make_url_key("INBOX")
            assert len(key) >= 16
            assert await owner.keys.make_url_key("INBOX") == key
            # Who is to verify a URL asks for the key of its owner.
            assert await reader.url_key(owner.name, "INBOX") == key
            name = await new_mailbox(owner.account)
            assert await reader.url_key(owner.name, name) is None
            assert await owner.keys.make_url_key(name) != key

    async def test_a_new_key_comes_after_a_reset(self) -> None:
        async with self.authorizing() as (owner, reader):
            name = await new_mailbox(owner.account)
            inbox, other = [await owner.keys.make_url_key(place) for place in ("INBOX", name)]
            await owner.keys.reset_url_keys(name)
            assert await reader.url_key(owner.name, "INBOX") == inbox
            assert await reader.url_key(owner.name, name) is None
            assert await owner.keys.make_url_key(name) != other
            await owner.keys.reset_url_keys(None)
            for place in ("INBOX", name):
                assert await reader.url_key(owner.name, place) is None

    async def test_keys_go_with_their_mailbox(self) -> None:
        async with self.authorizing() as (owner, reader):
            name = await new_mailbox(owner.account)
            assert isinstance(owner.account, ManagesMailboxes)
            key = await owner.keys.make_url_key(name)
            await owner.account.delete(name)
            with pytest.raises(NoSuchMailbox):
                await reader.url_key(owner.name, name)
            await owner.account.create(name)
            assert await owner.keys.make_url_key(name) != key

    async def test_there_is_none_where_there_is_nothing(self) -> None:
        async with self.authorizing() as (owner, reader):
            for user, mailbox in ((owner.name, new_name()), (new_name(), "INBOX")):
                with pytest.raises(NoSuchMailbox):
                    await reader.url_key(user, mailbox)
                with pytest.raises(NoSuchMailbox):
                    await reader.open_for_url(user, mailbox)
            with pytest.raises(NoSuchMailbox):
                await owner.keys.make_url_key(new_name())
            with pytest.raises(NoSuchMailbox):
                await owner.keys.reset_url_keys(new_name())

    async def test_another_reads_the_mailbox_of_the_owner(self) -> None:
        async with self.authorizing() as (owner, reader):
            (uid,) = await owner.box.add(message(_MESSAGE))
            mailbox = await reader.open_for_url(owner.name, "INBOX")
            assert mailbox.id == owner.box.mailbox.id
            assert await mailbox.read(uid, 0, len(_MESSAGE)) == _MESSAGE

    async def test_who_submits_reads_what_the_own_urls_name(self) -> None:
        async with self.authorizing() as (owner, reader):
            if not (isinstance(owner.account, ResolvesUrls) and isinstance(reader, ResolvesUrls)):
                left_out("Account is ResolvesUrls")
            (uid,) = await owner.box.add(message(_MESSAGE))
            user = quote(owner.name, safe="")
            rump = f"imap://{user}@server.example/INBOX/;UID={uid};URLAUTH=submit+{user}"
            url = authorized(rump, await owner.keys.make_url_key("INBOX"))
            with await owner.account.read_url(url) as content:
                assert content.buffer()[:] == _MESSAGE
            bad = [url[:-1] + ("0" if url[-1] != "0" else "1"), rump, "imap://server.example/"]
            for text in bad:
                with pytest.raises(BackendError):
                    await owner.account.read_url(text)
            if not reader.is_user(owner.name):
                with pytest.raises(BackendError):
                    await reader.read_url(url)
