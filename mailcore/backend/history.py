"""Mod-sequences that last, and what has vanished since one of them (RFC 7162)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from mailcore.backend.checking import Checked


@runtime_checkable
class KeepsHistory(Protocol, metaclass=Checked):
    """Optional, on a mailbox: CONDSTORE and QRESYNC (RFC 7162).

    It promises that mod-sequences are as lasting as UIDs: each change of a message, and each that
    comes or goes, raises ``Changes.highest_modseq`` above all that was ever told under this
    UIDVALIDITY, over restarts as well. A mailbox without it says NOMODSEQ.
    """

    async def vanished(self, since: int) -> Sequence[int] | None:
        """Return the UIDs that are gone since mod-sequence ``since``, in any order.

        None if the history does not reach back so far: then all UIDs count as gone that no message
        has (RFC 7162 §3.2.5.1 lets a server say more than it must).
        """
        ...
