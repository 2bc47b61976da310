"""Failed logins on their way to the audit trail: many of them are one row, and one commit."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from typing import Final

import trio

from mailcore.backend import Unavailable
from mailcore_agentpost.mail.audit import note_failed_login
from mailcore_agentpost.store import Store, Transaction

# Seconds that they wait for others: whoever guesses costs no commit for each guess.
_PAUSE: Final = 2.0
# Of different inboxes, peers and reasons, between two commits; more than that is not told apart.
_MOST: Final = 500


class FailedLogins:
    """Collects failed logins of all doors.

    Arguments:
        store: the backend's.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: Counter[tuple[str, str, str]] = Counter()
        self._news = trio.Event()

    def note(self, address: str, peer: str, reason: str) -> None:
        """Count one.

        Arguments:
            address: what the client logged in as; "" where it says none.
            peer: its address.
        """
        key = (address, peer, reason)
        if key not in self._waiting and len(self._waiting) >= _MOST:
            key = ("", "", reason)
        self._waiting[key] += 1
        self._news.set()

    async def run(self) -> None:
        """Write them down, until cancelled."""
        while True:
            await self._news.wait()
            await trio.sleep(_PAUSE)
            self._news = trio.Event()
            waiting, self._waiting = self._waiting, Counter()

            def work(
                transaction: Transaction, waiting: Counter[tuple[str, str, str]] = waiting
            ) -> None:
                now = datetime.now(UTC)
                for (address, peer, reason), count in waiting.items():
                    note_failed_login(
                        transaction, address=address, peer=peer, count=count, reason=reason, now=now
                    )

            with suppress(Unavailable):  # it is logged
                await self._store.write(work)
