"""What an account may hold, and how it refuses more (RFC 9208)."""

from __future__ import annotations

import pytest

from mailcore.backend import (
    MESSAGE,
    RESOURCES,
    STORAGE,
    Account,
    HasQuotas,
    NoSuchMailbox,
    OverQuota,
    SetsQuotas,
)
from mailcore.testing.conformance.box import left_out, message
from mailcore.testing.conformance.suite import Suite

_BODY = b"Subject: quota\r\n\r\n" + b"x" * 1000


def _limited(account: Account) -> HasQuotas:
    if not isinstance(account, HasQuotas):
        left_out("Account is HasQuotas")
    return account


class Quotas(Suite):
    """``HasQuotas`` and ``SetsQuotas``."""

    async def test_each_root_of_a_mailbox_has_a_quota(self, place: str) -> None:
        async with self.opened(place) as (account, box):
            limited = _limited(account)
            for root in await limited.quota_roots(box.name):
                quota = await limited.quota(root)
                assert set(quota) <= set(RESOURCES)
                assert all(one.usage >= 0 <= one.limit for one in quota.values())

    async def test_what_is_not_there_has_none(self) -> None:
        async with self.opened() as (account, _):
            limited = _limited(account)
            with pytest.raises(NoSuchMailbox):
                await limited.quota_roots("no such mailbox")
            with pytest.raises(KeyError):
                await limited.quota("no such root")

    async def test_usage_counts_what_is_there_and_more_is_refused_whole(self) -> None:
        async with self.opened() as (account, box):
            limited = _limited(account)
            if not isinstance(account, SetsQuotas):
                left_out("Account is SetsQuotas")
            (root,) = await limited.quota_roots("INBOX")
            await account.set_quota(root, {STORAGE: 2**40, MESSAGE: 1000})
            before = await limited.quota(root)
            await box.add(message(_BODY))
            after = await limited.quota(root)
            assert after[STORAGE].usage == before[STORAGE].usage + len(_BODY)
            assert after[MESSAGE].usage == before[MESSAGE].usage + 1
            await account.set_quota(root, {MESSAGE: after[MESSAGE].usage + 1})
            assert set(await limited.quota(root)) == {MESSAGE}
            await box.news()
            with pytest.raises(OverQuota):
                await box.add(message(_BODY), message(_BODY))
            await box.expect()
            await box.add(message(_BODY))
