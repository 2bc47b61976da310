"""METADATA (RFC 5464)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mailcore.backend import (
    Account,
    KeepsMetadata,
    ManagesMailboxes,
    MetadataChanged,
    NoSuchMailbox,
    Watchable,
)
from mailcore.testing.conformance.box import left_out
from mailcore.testing.conformance.suite import Suite, new_mailbox, new_name

_COMMENT = "/private/comment"


class Annotating(Suite):
    """``KeepsMetadata``."""

    @asynccontextmanager
    async def annotated(self) -> AsyncIterator[tuple[Account, KeepsMetadata]]:
        """Log in; give the account twice, once as what it can do."""
        async with self.subject() as subject, self.account(subject) as account:
            if not isinstance(account, KeepsMetadata):
                left_out("Account is KeepsMetadata")
            yield account, account

    @pytest.mark.parametrize("place", ["INBOX", ""], ids=["mailbox", "server"])
    async def test_annotations_are_kept_replaced_and_removed(self, place: str) -> None:
        async with self.annotated() as (_, keeps):
            before = dict(await keeps.metadata(place))
            own = {_COMMENT: b"one", "/private/vendor/conformance/a": b"\0\xff\r\n"}
            await keeps.set_metadata(place, own)
            assert await keeps.metadata(place) == {**before, **own}
            await keeps.set_metadata(place, {_COMMENT: b"", "/private/vendor/conformance/a": None})
            assert await keeps.metadata(place) == {**before, _COMMENT: b""}
            await keeps.set_metadata(place, {_COMMENT: None, "/private/none": None})
            assert await keeps.metadata(place) == {
                name: value for name, value in before.items() if name != _COMMENT
            }

    async def test_each_mailbox_has_its_own_and_takes_them_along(self) -> None:
        async with self.annotated() as (account, keeps):
            name, other = await new_mailbox(account), await new_mailbox(account)
            assert isinstance(account, ManagesMailboxes)
            await keeps.set_metadata(name, {_COMMENT: b"mine"})
            assert await keeps.metadata(other) == {}
            renamed = new_name()
            await account.rename(name, renamed)
            assert await keeps.metadata(renamed) == {_COMMENT: b"mine"}
            await account.delete(renamed)
            with pytest.raises(NoSuchMailbox):
                await keeps.metadata(renamed)
            await account.create(renamed)
            assert await keeps.metadata(renamed) == {}

    async def test_there_are_none_where_there_is_no_mailbox(self) -> None:
        async with self.annotated() as (_, keeps):
            with pytest.raises(NoSuchMailbox):
                await keeps.metadata(new_name())
            with pytest.raises(NoSuchMailbox):
                await keeps.set_metadata(new_name(), {_COMMENT: b"x"})

    async def test_what_is_private_is_not_seen_by_another_user(self) -> None:
        async with self.subject() as subject:
            if subject.other is None:
                left_out("Subject has an other user")
            async with self.account(subject) as one, self.account(subject, subject.other) as two:
                if not (isinstance(one, KeepsMetadata) and isinstance(two, KeepsMetadata)):
                    left_out("Account is KeepsMetadata")
                for place in ("INBOX", ""):
                    before = await two.metadata(place)
                    await one.set_metadata(place, {_COMMENT: b"private"})
                    assert await two.metadata(place) == before

    async def test_a_change_is_hinted_at(self) -> None:
        async with self.annotated() as (account, keeps):
            if not isinstance(account, Watchable):
                left_out("Account is Watchable")
            hints: list[object] = []
            unwatch = account.watch(hints.append)
            await keeps.set_metadata("INBOX", {_COMMENT: b"told"})

            async def told() -> bool:
                return MetadataChanged("INBOX", (_COMMENT,)) in hints

            await self.until(told)
            unwatch()
