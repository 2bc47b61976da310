"""Retention: what has lain in Trash for long enough is gone for good."""

from __future__ import annotations

import time
from functools import partial
from typing import Final

from mailcore_agentpost.mail.folders import TRASH
from mailcore_agentpost.mail.placements import expunge
from mailcore_agentpost.store import Store, Transaction

_DAY: Final = 24 * 60 * 60.0
# Of one folder in one transaction: others want to write meanwhile.
_AT_A_TIME: Final = 200


async def empty_trash(store: Store, days: float, now: float | None = None) -> int:
    """Remove what was put into Trash so many days ago; return how many messages.

    Arguments:
        now: seconds since 1970; None for the clock.
    """
    before = (time.time() if now is None else now) - days * _DAY
    removed = 0
    while count := await store.write(partial(_empty_some, before=before)):
        removed += count
    return removed


def _empty_some(transaction: Transaction, before: float) -> int:
    row = transaction.execute(
        "SELECT folder FROM placements JOIN folders ON folders.id = folder"
        " WHERE folders.name = ? AND coalesce(saved, date) < ? LIMIT 1",
        (TRASH, before),
    ).fetchone()
    if row is None:
        return 0
    rows = transaction.execute(
        "SELECT uid FROM placements WHERE folder = ? AND coalesce(saved, date) < ?"
        " ORDER BY uid LIMIT ?",
        (row["folder"], before, _AT_A_TIME),
    ).fetchall()
    expunge(transaction, row["folder"], [one["uid"] for one in rows], None)
    return len(rows)
