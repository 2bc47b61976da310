"""The suite finds what is wrong with a backend."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any
from unittest.mock import patch

import pytest
import trio

from mailcore.backend import Changes, Copied, FlagAction, NewMessage
from mailcore.testing import MemoryMailbox
from mailcore.testing.conformance.box import Box

from . import test_memory

INBOX = {"place": "INBOX"}
COPY = {"method": Box.copy}
LOCAL = datetime(2024, 2, 29, 12, 0, tzinfo=timezone(timedelta(hours=5, minutes=45)))
SOUND = {name: getattr(MemoryMailbox, name) for name in vars(MemoryMailbox) if name[0] != "_"}


class Suite(test_memory.TestMemory):
    """Not collected: what it finds is the point."""


async def tells_the_last_change_again(self: MemoryMailbox, since: int) -> Changes:
    changes: Changes = await SOUND["changes"](self, max(since - 1, 0))
    return replace(changes, complete=since == 0)


async def forgets_what_vanished(self: MemoryMailbox, since: int) -> Changes:
    changes: Changes = await SOUND["changes"](self, since)
    return replace(changes, vanished=())


async def counts_what_is_there(self: MemoryMailbox, since: int) -> Changes:
    changes: Changes = await SOUND["changes"](self, since)
    return replace(changes, highest_modseq=len(self.messages) + 1)


async def keeps_no_zones(self: MemoryMailbox, since: int) -> Changes:
    changes: Changes = await SOUND["changes"](self, since)
    states = [
        one._replace(internal_date=one.internal_date.astimezone(UTC)) for one in changes.messages
    ]
    return replace(changes, messages=states)


async def mends_line_ends(self: MemoryMailbox, uid: int, start: int, end: int) -> bytes:
    data = self.messages[uid].data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
    return data[start:end]


async def reads_inclusive_ranges(self: MemoryMailbox, uid: int, start: int, end: int) -> bytes:
    return self.messages[uid].data[start : end + 1]


async def appends_one_by_one(self: MemoryMailbox, messages: Sequence[NewMessage]) -> list[int]:
    uids: list[int] = []
    for message in messages:
        uids += await SOUND["append"](self, [message])
        await trio.lowlevel.checkpoint()
    return uids


async def ignores_unchanged_since(
    self: MemoryMailbox,
    uids: Sequence[int],
    action: FlagAction,
    flags: frozenset[str],
    unchanged_since: int | None = None,
) -> Any:
    return await SOUND["store_flags"](self, uids, action, flags)


async def claims_to_copy_what_is_gone(
    self: MemoryMailbox, uids: Sequence[int], name: str
) -> Copied:
    copied: Copied = await SOUND["copy"](self, uids, name)
    return replace(copied, source=uids)


async def copies_then_expunges(self: MemoryMailbox, uids: Sequence[int], name: str) -> Copied:
    copied = await self.copy(uids, name)
    await trio.lowlevel.checkpoint()
    await self.expunge(copied.source)
    return copied


FAULTS: list[tuple[str, Callable[..., Any], str, dict[str, Any]]] = [
    ("changes", tells_the_last_change_again, "an_expunged_message_vanishes", INBOX),
    ("changes", forgets_what_vanished, "an_expunged_message_vanishes", INBOX),
    ("changes", counts_what_is_there, "an_expunged_message_vanishes", INBOX),
    ("changes", keeps_no_zones, "the_internal_date_keeps_its_time_zone", {"date": LOCAL}),
    ("read", mends_line_ends, "octets_come_back_as_they_were", {"data": b"a\nb\rc\r\n"}),
    ("read", reads_inclusive_ranges, "a_range_is_cut_at_the_end_of_the_message", INBOX),
    ("append", appends_one_by_one, "several_messages_are_appended_all_or_none", INBOX),
    ("append", appends_one_by_one, "a_cancelled_append_leaves_nothing_or_the_whole", {"size": 30}),
    ("store_flags", ignores_unchanged_since, "what_changed_at_unchanged_since_is_changed", INBOX),
    ("copy", claims_to_copy_what_is_gone, "messages_that_are_gone_are_not_transferred", COPY),
    ("move", copies_then_expunges, "a_cancelled_move_happens_wholly_or_not", {}),
]  # fmt: skip


@pytest.mark.parametrize(("method", "fault", "test", "arguments"), FAULTS)
def test_a_fault_is_found(
    method: str, fault: Callable[..., Any], test: str, arguments: dict[str, Any]
) -> None:
    with patch.object(MemoryMailbox, method, fault), pytest.raises(AssertionError):
        getattr(Suite(), f"test_{test}")(**arguments)
